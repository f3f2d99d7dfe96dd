"""Images in NumPy files: `.npy`, or `.npz` with the keys that Keras uses."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vae_keras._types import Images, Labels
from vae_keras.array_checks import plain_labels, unusual_layout
from vae_keras.data.binarize import holds_zeros_and_ones
from vae_keras.data.dataset import Source, Split
from vae_keras.data.readers.keras_cache import shown
from vae_keras.data.readers.numpy_file import read_npy, read_npz
from vae_keras.errors import DataError
from vae_keras.io.text import printable

# Keras', MedMNIST's, and what NumPy calls an array without a name.
IMAGE_KEYS = ("x_train", "train_images", "x", "images", "arr_0")
LABEL_KEYS = ("y_train", "train_labels", "y", "labels")
_OTHER_SETS = {
    "test": (("x_test", "test_images"), ("y_test", "test_labels")),
    "validation": (("x_val", "val_images"), ("y_val", "val_labels")),
}
SUFFIXES = (".npy", ".npz")
_KNOWN_KEYS = (
    *IMAGE_KEYS,
    *LABEL_KEYS,
    *(key for pair in _OTHER_SETS.values() for keys in pair for key in keys),
)
MOST_CLASSES = 1 << 16  # tables and figures have a place for each class


def read_array_file(path: Path) -> Source:
    """Read a `.npy` (images only) or `.npz` file.

    The keys of an `.npz`: images under the first of `IMAGE_KEYS` that it has; labels, if any, under
    the first of `LABEL_KEYS`, as numbers or as names of classes; a test set, if any, under `x_test`
    and `y_test`, or `test_images` and `test_labels`, and a validation set likewise under `x_val` or
    `val_images`. Images have shape `(n, height, width)` or `(n, height, width, channels)`. Integers
    in 0..255 and booleans become uint8; integers that are 0 and 1 alone are black and white. Floats
    become float32 and keep their range.

    Raises:
        DataError: If the file cannot be read or holds something else.
    """
    origin = f"file {shown(path)}"
    if path.suffix.lower() == ".npy":
        return _with_binary(Source(Split(as_images(read_npy(path), str(path))), None, origin))
    arrays = read_npz(path, _KNOWN_KEYS, IMAGE_KEYS)
    arrays, class_names = _with_numbered_classes(path, arrays)
    train = _checked_split(path, arrays, IMAGE_KEYS, LABEL_KEYS)
    others = {
        name: _checked_split(path, arrays, *keys)
        for name, keys in _OTHER_SETS.items()
        if any(key in arrays for key in keys[0])
    }
    for name, split in others.items():
        _check_same_kind(path, name, train.images, split.images)
    return _with_binary(
        Source(train, others.get("test"), origin, class_names, validation=others.get("validation"))
    )


def _with_numbered_classes(
    path: Path, arrays: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], tuple[str, ...] | None]:
    """Return the arrays with names of classes as numbers, and the names; `None` without names."""
    key = next((key for key in LABEL_KEYS if key in arrays), None)
    if key is None or arrays[key].dtype.kind not in "US" or not arrays[key].size:
        return arrays, None
    names = np.unique(arrays[key].astype(str))
    if len(names) > MOST_CLASSES:
        raise DataError(
            f"{path}: {key} must name at most {MOST_CLASSES} classes. Received: {len(names)} names"
        )
    numbered = dict(arrays)
    for one in (key, *(key for _, keys in _OTHER_SETS.values() for key in keys)):
        if one in arrays and arrays[one].dtype.kind in "US":
            labels = arrays[one].astype(str)
            unknown = labels[~np.isin(labels, names)]
            if unknown.size:
                raise DataError(
                    f"{path}: {one} must hold classes of the training images. "
                    f"Received: {printable(str(unknown[0]))!r}"
                )
            numbered[one] = np.searchsorted(names, labels)
    return numbered, tuple(map(str, names))


def _with_binary(source: Source) -> Source:
    """Return a source whose integers, if they are 0 and 1 alone, are black and white."""
    images = source.train.images
    if not holds_zeros_and_ones(images):
        return source

    def stretched(split: Split) -> Split:
        return dataclasses.replace(
            split, images=(split.images > 0).astype(np.uint8) * np.uint8(255)
        )

    return dataclasses.replace(
        source,
        train=stretched(source.train),
        test=source.test and stretched(source.test),
        validation=source.validation and stretched(source.validation),
        notice="The images hold the integers 0 and 1: they are taken for black and white.",
    )


def as_images(images: np.ndarray, where: str) -> Images:
    """Return `images` with four axes, as uint8 or float32.

    Args:
        images: Shape `(n, height, width)` or `(n, height, width, channels)`.
        where: For the message: the file, and the key of the array if the file has several.

    Raises:
        DataError: If the shape or the values are not those of images.
    """
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise DataError(
            f"{where} must hold at least one image, as (n, height, width) or "
            f"(n, height, width, channels). Received: shape {images.shape}"
        )
    if layout := unusual_layout(images.shape):
        raise DataError(
            f"{where} must hold images as (n, height, width) or (n, height, width, channels). It "
            f"seems to hold {layout}. Received: shape {images.shape}"
        )
    if images.ndim == 3:
        images = images[..., np.newaxis]
    images = np.ascontiguousarray(images)  # a file may have Fortran's order
    if images.dtype.kind == "b":
        return images.astype(np.uint8) * np.uint8(255)
    if images.dtype.kind in "iu":
        return _integers_as_uint8(images, where)
    if images.dtype.kind == "f":
        return _floats_as_float32(images, where)
    raise DataError(f"{where} must hold integers, floats or booleans. Received: {images.dtype}")


def as_labels(labels: np.ndarray, count: int, where: str) -> Labels:
    """Return `labels` as int64 of shape `(count,)`.

    Args:
        labels: Shape `(count,)` or `(count, 1)`, or one-hot, `(count, classes)`.
        count: Number of images.
        where: For the message.

    Raises:
        DataError: If their number is not `count`, or a label is not an integer from 0 to 65,535.
    """
    labels = plain_labels(labels, count)
    if labels.shape != (count,):
        raise DataError(
            f"{where} must hold one label per image, shape ({count},). "
            f"Received: shape {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise DataError(f"{where} must hold whole numbers. Received: {labels.dtype}")
    low, high = labels.min(), labels.max()
    if low < 0 or high >= MOST_CLASSES:
        raise DataError(
            f"{where} must hold numbers of classes, from 0 to {MOST_CLASSES - 1}. "
            f"Received: {labels.dtype} in {low}..{high}"
        )
    return labels.astype(np.int64)


def _checked_split(
    path: Path,
    arrays: Mapping[str, np.ndarray],
    image_keys: Sequence[str],
    label_keys: Sequence[str],
) -> Split:
    """Return the checked images and labels, each under the first of its keys that is there."""
    image_key = next(key for key in image_keys if key in arrays)
    label_key = next((key for key in label_keys if key in arrays), None)
    images = as_images(arrays[image_key], f"{path}: {image_key}")
    if label_key is None:
        return Split(images)
    return Split(images, as_labels(arrays[label_key], len(images), f"{path}: {label_key}"))


def _check_same_kind(path: Path, name: str, train: Images, test: Images) -> None:
    """Raise unless the training images and another set fit the same model."""
    if train.shape[1:] != test.shape[1:] or train.dtype != test.dtype:
        raise DataError(
            f"{path}: the {name} images must have the shape and type of the training images, "
            f"{train.shape[1:]} {train.dtype}. Received: {test.shape[1:]} {test.dtype}"
        )


def _integers_as_uint8(images: np.ndarray, where: str) -> Images:
    """Return integers in 0..255 as uint8."""
    if images.dtype == np.uint8:
        return images
    low, high = images.min(), images.max()
    if low < 0 or high > 255:
        raise DataError(
            f"{where} must hold integers in 0..255 (or floats). Received: {images.dtype} in "
            f"{low}..{high}"
        )
    return images.astype(np.uint8)


def _floats_as_float32(images: np.ndarray, where: str) -> Images:
    """Return finite floats as float32."""
    with np.errstate(over="ignore"):  # values beyond float32 become infinite, and are counted
        images = images.astype(np.float32, copy=False)
    wrong = images.size - int(np.count_nonzero(np.isfinite(images)))
    if wrong:
        raise DataError(
            f"{where} must hold finite numbers. Received: {wrong} of {images.size} values are "
            "NaN or infinite"
        )
    return images
