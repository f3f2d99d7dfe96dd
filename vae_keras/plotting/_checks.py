"""Checks of what the plots are given; one wording for the same mistake."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError


def check_images(name: str, images: ArrayLike, *, dims: int = 4) -> np.ndarray:
    """Return images as float in `[0, 1]`, with 1 or 3 channels and `dims` dimensions.

    uint8 is divided by 255. Floats outside `[0, 1]`, as an unbounded likelihood's mean may have,
    are clipped: a picture cannot show them.
    """
    array = np.asarray(images)
    form = ("n", "rows, columns")[dims - 4]
    if array.ndim != dims or array.size == 0 or array.shape[-1] not in (1, 3):
        raise ArgumentError(
            f"`{name}` must have the shape ({form}, height, width, channels), with 1 or 3 "
            f"channels and none of them zero. Received: {name}.shape={array.shape}"
        )
    if array.dtype == np.uint8:
        return array / np.float32(255)
    if not np.issubdtype(array.dtype, np.floating):
        raise ArgumentError(
            f"`{name}` must be float in [0, 1] or uint8. Received: {name}.dtype={array.dtype}"
        )
    if not np.all(np.isfinite(array)):
        raise ArgumentError(f"`{name}` must be finite numbers. Received: NaN or infinity")
    return np.clip(array, 0, 1)


def check_labels(
    labels: ArrayLike, count: int, class_names: Sequence[str] | None, of: str
) -> np.ndarray:
    """Return the labels as a vector of class numbers, one for each entry of `of`."""
    vector = np.asarray(labels)
    if vector.shape != (count,) or not np.issubdtype(vector.dtype, np.integer):
        raise ArgumentError(
            f"`labels` must be integers, one for each of the {count} entries of `{of}`. "
            f"Received: labels.shape={vector.shape}, labels.dtype={vector.dtype}"
        )
    if class_names is not None and not 0 <= vector.min() <= vector.max() < len(class_names):
        raise ArgumentError(
            f"`class_names` must have a name for each label, {vector.min()} to {vector.max()}. "
            f"Received: {len(class_names)} names"
        )
    return vector


def class_name(label: int, class_names: Sequence[str] | None) -> str:
    """Return the name of a class, which is its number where there are no names."""
    return str(label) if class_names is None else str(class_names[label])
