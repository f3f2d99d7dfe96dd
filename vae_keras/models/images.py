"""Images as users hold them, checked and brought to the range that a likelihood accepts."""

import functools
import warnings
from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import ImageShape, Tensor
from vae_keras.array_checks import layout_advice
from vae_keras.data import ImageFiles
from vae_keras.data.binarize import holds_zeros_and_ones
from vae_keras.errors import DataError
from vae_keras.models.host import Host

# Rounding passes the end of the range by less.
TOLERANCE = 1e-3
# Share of the range by which interpolation and contrast pass its ends; values further out are of
# another range altogether.
OVERSHOOT = 0.05


def checked_images(
    x: Any,
    image_shape: ImageShape,
    data_range: tuple[float, float],
    *,
    name: str = "x",
    highest_integer: int | None = None,
) -> Any:
    """Check an array of images, or files, against a model; anything else passes unchanged.

    Args:
        x: Images, shape `(n, height, width, channels)`, or `(n, height, width)` for one channel;
            integers, boolean, or float in `data_range`.
        image_shape: `(height, width, channels)` of the model.
        data_range: Lowest and highest float value accepted.
        name: Name of the argument in messages.
        highest_integer: The integer that is white, 1 or 255. Defaults to `None`: 255.

    Returns:
        The same array, with a channel axis. Floats, bytes and booleans are never copied; other
        integers become bytes, and those of black and white images booleans.

    Raises:
        DataError: On another shape or type, on NaN or infinite values, on values out of range.
    """
    x = as_array(x, name)
    if not isinstance(x, np.ndarray | ImageFiles):
        return x
    if image_shape[-1] == 1 and x.shape[1:] == image_shape[:-1] and x.ndim:
        x = x[..., np.newaxis]
    if x.shape[1:] != image_shape:
        raise DataError(
            f"`{name}` must hold images of shape (n, {', '.join(map(str, image_shape))})"
            f"{layout_advice(x.shape, image_shape, name)}. Received: {name}.shape={x.shape}"
        )
    if len(x) == 0:
        raise DataError(f"`{name}` must hold at least one image. Received: {name}.shape={x.shape}")
    if x.dtype.kind in "iub":
        return _checked_integers(x, highest_integer, name)
    if not np.issubdtype(x.dtype, np.floating):
        raise DataError(
            f"`{name}` must be integers from 0 to 255, or float in {list(data_range)}. "
            f"Received: {name}.dtype={x.dtype}"
        )
    low, high = float(x.min()), float(x.max())
    if not np.isfinite([low, high]).all():
        bad = int(np.sum(~np.isfinite(x).reshape(len(x), -1).all(axis=1)))
        raise DataError(
            f"`{name}` must be finite. Received: {bad} of {len(x)} images with NaN or infinity"
        )
    margin = OVERSHOOT * (data_range[1] - data_range[0])
    if low < data_range[0] - margin or high > data_range[1] + margin:
        raise DataError(
            f"`{name}` must lie in {list(data_range)}, the likelihood's range"
            f"{range_advice(low, high)}. Received: values from {low:.4g} to {high:.4g}"
        )
    if low < data_range[0] - TOLERANCE or high > data_range[1] + TOLERANCE:
        warnings.warn(
            f"`{name}` reaches a little beyond {list(data_range)}, the likelihood's range, and is "
            f"clipped. Received: values from {low:.4g} to {high:.4g}",
            stacklevel=5,  # the caller of `fit`
        )
    return x


def _checked_integers(x: Any, highest: int | None, name: str) -> Any:
    """Return integers as bytes, or as booleans if 1 is white."""
    if x.dtype == np.bool_ or (x.dtype == np.uint8 and isinstance(x, ImageFiles)):
        return x
    if x.dtype != np.uint8 or highest == 1:
        low, most = int(x.min()), int(x.max())
        if low < 0 or most > (highest or 255):
            white = (
                ", as those that the model was trained on (`highest_integer=255` for levels of 255)"
                if highest == 1
                else ""
            )
            raise DataError(
                f"`{name}` must be integers from 0 to {highest or 255}{white}. "
                f"Received: {x.dtype}, values from {low} to {most}"
            )
    if highest == 1:
        return x.view(np.bool_) if x.dtype == np.uint8 else x.astype(np.bool_)
    if holds_zeros_and_ones(x):
        warnings.warn(almost_black(name), stacklevel=6)  # the caller of `fit`
    return x.astype(np.uint8, copy=False)


def almost_black(name: str) -> str:
    """Return the warning for integers that are 0 and 1, and are read as levels of 255."""
    return (
        f"`{name}` holds the integers 0 and 1 alone, and this model reads integers as levels of "
        "255: almost black images. Give booleans, or build the model with `highest_integer=1`, "
        "if they are black and white"
    )


def range_advice(low: float, high: float) -> str:
    """Return what to do with images from `low` to `high`, in brackets; empty if that is unknown."""
    if low >= 0 and 1.5 < high <= 255:
        return " (divide by 255, or keep uint8, which is scaled for you)"
    if -1.5 < low < 0 and high < 1.5:
        return " (a likelihood with `data_range=(-1, 1)` takes images in [-1, 1])"
    return ""


def beyond_range(x: Tensor, data_range: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Tell which values are outside the range, and which are so near to it that they are clipped.

    Args:
        x: Float values, of any shape. NaN is outside.
        data_range: Lowest and highest value of the likelihood.
    """
    low, high = data_range
    margin = OVERSHOOT * (high - low)
    near = ops.logical_and(x >= low - margin, x <= high + margin)
    inside = ops.logical_and(x >= low - TOLERANCE, x <= high + TOLERANCE)
    return ops.logical_not(near), ops.logical_and(near, ops.logical_not(inside))


def highest_of(dtype: str, highest_integer: int | None) -> int:
    """Return the value of integers or booleans that is white."""
    return 1 if dtype == "bool" else highest_integer or 255


def _not_levels(values: Tensor, highest: int) -> Tensor:
    return ops.logical_or(values < 0, values > highest)


def integers_beyond(x: Tensor, highest_integer: int | None) -> Tensor:
    """Tell which integers are no level from 0 to the highest one."""
    return _not_levels(ops.cast(x, "float32"), highest_integer or 255)


def warn_of_unscaled_images(encoder: keras.Model, data_range: tuple[float, float]) -> None:
    """Have `predict` of an encoder warn of images that are not in the likelihood's range.

    The encoder alone takes images as its model hands them over, scaled. Bytes would give codes, in
    their hundreds, without an error. What the encoder saves, and the steps of the model, which do
    not call `predict`, stay as they are.

    Args:
        encoder: The model's encoder.
        data_range: Lowest and highest value of the likelihood.
    """
    low, high = data_range
    margin = OVERSHOOT * (high - low)

    def checking(method: Any) -> Any:
        @functools.wraps(method)
        def predict(x: Any, *arguments: Any, **named: Any) -> Any:
            images = x[0] if isinstance(x, list | tuple) else x
            if isinstance(images, np.ndarray) and images.dtype.kind in "iuf" and images.size:
                least, most = images.min(), images.max()
                if images.dtype.kind != "f" or least < low - margin or most > high + margin:
                    warnings.warn(
                        f"`encoder` takes images as floats in {[low, high]}, the likelihood's "
                        "range; `encode` of the whole model scales them. "
                        f"Received: {images.dtype}, values from {least} to {most}",
                        stacklevel=2,
                    )
            return method(x, *arguments, **named)

        return predict

    for name in ("predict", "predict_on_batch"):
        # The class's own: an encoder may be part of several models, of which the last one counts.
        setattr(encoder, name, checking(getattr(type(encoder), name).__get__(encoder)))


def is_float(x: Tensor) -> bool:
    """Tell whether a tensor of images holds floats, rather than bytes or booleans."""
    return keras.backend.is_float_dtype(keras.backend.standardize_dtype(x.dtype))


def to_data_range(x: Tensor, model: Host) -> Tensor:
    """Bring a batch to float32 in the likelihood's range, inside the graph.

    Integers are scaled from `[0, 255]`, boolean from `{0, 1}`, as are the integers of a model whose
    `highest_integer` is 1. A float a little beyond the range is
    clipped to it. One further out becomes NaN: data sets and generators are only seen in the graph,
    batch by batch, too late for an error, and a likelihood outside its range would give losses that
    look almost right.

    Args:
        x: Shape `(batch, height, width, channels)`, or without the axis of one channel; integers,
            boolean or float.
        model: The model, whose image shape and range they must have.

    Raises:
        DataError: If shape or type do not fit.
    """
    low, high = model.likelihood.data_range
    x = _of_shape(ops.convert_to_tensor(x), model.image_shape)
    dtype = keras.backend.standardize_dtype(x.dtype)
    if not is_float(x):
        if dtype != "bool" and "int" not in dtype:
            raise DataError(
                f"`x` must be integers from 0 to 255, or float in {[low, high]}. "
                f"Received: batches of {dtype}"
            )
        highest = highest_of(dtype, model.highest_integer)
        values = ops.cast(x, "float32")
        scaled = values * ((high - low) / highest) + low
        if dtype == "bool" or (dtype == "uint8" and highest == 255):
            return scaled
        return ops.where(_not_levels(values, highest), float("nan"), scaled)
    x = ops.cast(x, "float32")
    outside, _ = beyond_range(x, (low, high))
    return ops.where(outside, float("nan"), ops.clip(x, low, high))


def _of_shape(x: Tensor, image_shape: ImageShape) -> Tensor:
    """Return a batch with its channel axis, or raise `DataError` if it is of other images."""
    shape = None if getattr(x.shape, "rank", 4) is None else tuple(x.shape)
    if shape is not None and image_shape[-1] == 1 and _fits(shape[1:], image_shape[:-1]):
        return ops.expand_dims(x, -1)
    if shape is not None and not _fits(shape[1:], image_shape):
        raise DataError(
            f"`x` must hold images of shape (n, {', '.join(map(str, image_shape))})"
            f"{layout_advice(shape, image_shape)}. Received: batches of shape {shape}"
        )
    if shape is None or None in shape[1:]:
        import tensorflow as tf  # which alone has tensors of unknown shape

        return tf.ensure_shape(x, (None, *image_shape))
    return x


def _fits(shape: tuple[int | None, ...], expected: tuple[int, ...]) -> bool:
    """Tell whether a shape, some of whose sizes may be unknown, can be the expected one."""
    return len(shape) == len(expected) and all(
        one in (None, other) for one, other in zip(shape, expected, strict=True)
    )


def as_array(x: Any, name: str) -> Any:
    """Return a list, a tensor or a table as an array; data sets and generators as they are."""
    several = isinstance(x, list | tuple) and any(np.ndim(one) > 3 for one in x[:1])
    if isinstance(x, dict) or several:
        raise DataError(
            f"`{name}` must be one array of images, or a data set; labels go to `y`. "
            f"Received: a {type(x).__name__} of {len(x)} arrays"
        )
    if isinstance(x, np.ndarray | ImageFiles):
        return x
    if ops.is_tensor(x):
        return ops.convert_to_numpy(x)
    return np.asarray(x) if isinstance(x, list | tuple) or hasattr(x, "__array__") else x
