"""What `fit` and `evaluate` are given: images, labels or targets, and weights, checked."""

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from vae_keras._types import ImageShape
from vae_keras.data import ImageFiles
from vae_keras.errors import ArgumentError, DataError
from vae_keras.models.fitting.seen_range import CheckSeenRange
from vae_keras.models.fitting.streams import (
    FitCall,
    is_measured_as_stream,
    ordered_batches,
    with_callback,
)
from vae_keras.models.host import Host
from vae_keras.models.images import as_array
from vae_keras.models.inference.batches import EVALUATION_BATCH_SIZE, usual_batch_size

# Images, labels or targets, weights.
_Parts: TypeAlias = tuple[Any, Any, Any]


class Names(NamedTuple):
    """What messages call the parts of a data set."""

    images: str
    labels: str
    weights: str


_GIVEN = Names("x", "`y`", "`sample_weight`")
_VALIDATION = Names(
    "validation_data", "the labels in `validation_data`", "the weights in `validation_data`"
)


def checked_fit(model: Host, x: Any, y: Any, arguments: dict[str, Any]) -> FitCall:
    """Check the validation data, then images, labels and weights.

    Args:
        model: The model.
        x: Images: an array, a data set, or anything else that `fit` takes.
        y: Labels or target images; `None` where there are none, or `x` holds them.
        arguments: The other arguments of `fit`. Those that weigh or split arrays become part of the
            data.

    Raises:
        DataError: If an array does not fit the model or another array.
        ArgumentError: If arguments contradict each other.
    """
    arguments = dict(arguments)
    arguments.setdefault("validation_batch_size", _evaluation_batch_size(model))
    given = as_array(x, _GIVEN.images)
    x, y = given, given if y is x else y
    model.decide_highest_integer(x)
    validation = arguments.get("validation_data")
    if isinstance(validation, np.ndarray):
        validation = (validation,)
    if isinstance(validation, tuple | list):
        if not 1 <= len(validation) <= 3:
            raise DataError(
                "`validation_data` must be images, or a tuple of images, labels and weights. "
                f"Received: a {type(validation).__name__} of {len(validation)}"
            )
        parts = _checked(model, *validation, *(None,) * (3 - len(validation)), names=_VALIDATION)
        arguments["validation_data"] = _validation(parts, arguments["validation_batch_size"])
    x, y, weights = _checked(model, x, y, arguments.pop("sample_weight", None), names=_GIVEN)
    split = arguments.pop("validation_split", None)
    if split and isinstance(x, np.ndarray | ImageFiles):
        if validation is not None:
            raise ArgumentError(
                "`validation_split` must not be given beside `validation_data`. "
                f"Received: validation_split={split!r}"
            )
        (x, y, weights), rest = _split((x, y, weights), split)
        arguments["validation_data"] = _validation(rest, arguments["validation_batch_size"])
    elif split:
        arguments["validation_split"] = split  # Keras refuses it for a data set
    classes = arguments.get("class_weight")
    if classes is not None and isinstance(x, np.ndarray | ImageFiles):
        weights = _weights_of_classes(arguments.pop("class_weight"), y, weights)
    if not isinstance(x, np.ndarray | ImageFiles):
        arguments["callbacks"] = with_callback(
            arguments.get("callbacks"), CheckSeenRange(model.seen_range)
        )
    return _call(x, y, weights, arguments)


def checked_evaluation(model: Host, x: Any, y: Any, arguments: dict[str, Any]) -> FitCall:
    """Check images, labels and weights; see `checked_fit`."""
    arguments = dict(arguments)
    x, y, weights = _checked(model, x, y, arguments.pop("sample_weight", None), names=_GIVEN)
    if isinstance(x, np.ndarray | ImageFiles) and arguments.get("batch_size") is None:
        arguments["batch_size"] = _evaluation_batch_size(model)
    return _call(x, y, weights, arguments)


def _evaluation_batch_size(model: Host) -> int:
    return usual_batch_size(EVALUATION_BATCH_SIZE, model.image_shape)


def checked_batch(
    model: Host, x: Any, y: Any, weights: Any, classes: Any = None
) -> tuple[Any, Any, Any]:
    """Check the images, labels and weights of one batch; see `checked_fit`."""
    x, y, weights = _checked(model, x, y, weights, names=_GIVEN)
    if classes is not None:
        weights = _weights_of_classes(classes, y, weights)
    return x, y, weights


def checked_labels(x: Any, y: Any, *, name: str) -> Any:
    """Check the labels of a model of images alone, which are not used, one for each image."""
    if not isinstance(x, np.ndarray | ImageFiles) or y is None:
        return y
    labels = np.asarray(y)
    if labels.ndim not in (1, 2) or labels.shape[1:] not in ((), (1,)):
        raise DataError(
            f"{name} must be one label for each image, shape (n,), or the images that `x` is to "
            f"become, shape (n, {', '.join(map(str, x.shape[1:]))}). Received: {labels.shape}"
        )
    if len(labels) != len(x):
        raise DataError(
            f"{name} must be as many as the images, {len(x)}. Received: {len(labels)} labels"
        )
    if labels.dtype.kind not in "biuf":
        raise DataError(f"{name} must be numbers. Received: an array of {labels.dtype}")
    return labels


def _checked(model: Host, x: Any, y: Any, weights: Any, *, names: Names) -> _Parts:
    if y is x:
        y = None  # the usual way to give an autoencoder its target
    x = model.check_images(x, name=names.images)
    arrays = isinstance(x, np.ndarray | ImageFiles)
    shape = np.shape(y) if arrays else ()
    if len(shape) >= 3 or (len(shape) == 2 and shape[1:] != (1,) and shape[1:] == x.shape[1:]):
        y = _checked_targets(model, x, y, name=names.labels)
    else:
        y = model.checked_labels(x, y, name=names.labels)
    if weights is not None and arrays:
        weights = _checked_weights(model, weights, len(x), name=names.weights)
        if y is None:
            # Keras drops the weights of images without labels. These are not used.
            y = np.zeros(len(x), "uint8")
    return x, y, weights


def _checked_targets(model: Host, x: Any, y: Any, *, name: str) -> Any:
    if model.num_classes:
        raise DataError(
            f"{name} must hold the class of each image: this model is conditioned on one of "
            f"{model.num_classes} classes. Received: images of shape {np.shape(y)[1:]}"
        )
    targets = model.check_images(y, name=name.strip("`"))
    if len(targets) != len(x):
        raise DataError(
            f"{name} must be as many images as `x`, {len(x)}. Received: {len(targets)} images"
        )
    return targets


def _checked_weights(model: Host, weights: Any, count: int, *, name: str) -> np.ndarray:
    array = np.asarray(weights)
    shape = model.image_shape
    if array.shape[1:] not in ((), (1,), *pixel_shapes(shape)) or array.ndim == 0:
        pixels = ", ".join(map(str, shape[:-1] or shape))
        raise DataError(
            f"{name} must have the shape ({count},), or ({count}, {pixels}) to weigh pixels. "
            f"Received: shape {array.shape}"
        )
    if len(array) != count:
        raise DataError(
            f"{name} must be as many as the images, {count}. Received: {len(array)} weights"
        )
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all() or (array < 0).any():
        raise DataError(
            f"{name} must be finite numbers >= 0. Received: {array.dtype}, "
            + (
                f"from {array.min()} to {array.max()}"
                if array.dtype.kind in "biuf"
                else "no number"
            )
        )
    return array.astype("float32")


def pixel_shapes(image_shape: ImageShape) -> tuple[tuple[int, ...], ...]:
    """Return the shapes that weights of the pixels of one image may have."""
    return image_shape[:-1], (*image_shape[:-1], 1), image_shape


def _split(arrays: _Parts, share: Any) -> tuple[_Parts, _Parts]:
    """Return the first images, and the last ones, a `share` of all of them, as Keras does."""
    count = len(arrays[0])
    first = math.floor(count * (1.0 - share)) if 0 < share < 1 else 0
    if not 0 < first < count:
        raise ArgumentError(
            "`validation_split` must leave images to train on and to validate on. "
            f"Received: validation_split={share!r} of {count} images"
        )

    def part(array: Any, rows: slice) -> Any:
        if isinstance(array, ImageFiles):
            return array.take(np.arange(count)[rows])
        return None if array is None else array[rows]

    x, y, weights = arrays
    before, after = slice(first), slice(first, None)
    return (
        (part(x, before), part(y, before), part(weights, before)),
        (part(x, after), part(y, after), part(weights, after)),
    )


def _weights_of_classes(classes: Any, y: Any, weights: np.ndarray | None) -> np.ndarray:
    if y is None or np.ndim(y) > 2:
        raise ArgumentError(
            "`class_weight` must come with labels `y`, the class of each image. Received: no labels"
        )
    if weights is not None:
        raise ArgumentError(
            "`class_weight` must not be given beside `sample_weight`. Received: both"
        )
    labels = np.asarray(y).reshape(-1)
    found = np.array([classes.get(int(label), 1.0) for label in labels], "float32")
    if not np.isfinite(found).all() or (found < 0).any():
        raise ArgumentError(
            f"`class_weight` must hold finite numbers >= 0. Received: class_weight={classes!r}"
        )
    return found


def _validation(parts: _Parts, batch_size: int) -> Any:
    x, y, weights = parts
    if is_measured_as_stream(x, {}):
        return ordered_batches(x, y, weights, batch_size)
    return (x, y) if weights is None else (x, y, weights)


def _call(x: Any, y: Any, weights: Any, arguments: dict[str, Any]) -> FitCall:
    if weights is not None:
        arguments["sample_weight"] = weights
    return FitCall(x, y, arguments)
