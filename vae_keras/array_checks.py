"""What an array argument must be: its shape, its type, and that its values are finite.

Each check takes the name of the argument as its user wrote it, and the value. It returns the value
as a NumPy array, or raises `ArgumentError`.
"""

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike

from vae_keras._types import Images
from vae_keras.errors import ArgumentError


def check_images(
    name: str,
    images: ArrayLike,
    *,
    axes: str = "n",
    channels: Collection[int] = (),
    at_least: int = 1,
) -> Images:
    """Return images of float or uint8 unchanged, none of whose axes is empty.

    Args:
        name: Name of the argument.
        images: The images.
        axes: Names of the axes before height, width and channels, with commas between them.
        channels: Allowed numbers of channels; any if empty.
        at_least: Smallest length of the first axis.
    """
    array = np.asarray(images)
    wrong_channels = bool(channels) and array.shape[-1:] not in {(count,) for count in channels}
    if array.ndim != axes.count(",") + 4 or array.size == 0 or wrong_channels:
        kinds = f" with {' or '.join(map(str, channels))} channels" if channels else ""
        raise ArgumentError(
            f"`{name}` must have the shape ({axes}, height, width, channels){kinds}, none of them "
            f"zero. Received: {name}.shape={array.shape}"
        )
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        raise ArgumentError(
            f"`{name}` must be float or uint8. Received: {name}.dtype={array.dtype}"
        )
    if len(array) < at_least:
        raise ArgumentError(f"`{name}` must be at least {at_least} images. Received: {len(array)}")
    return array


def visible_channels(images: Images) -> Images:
    """Return what a picture shows of images of any number of channels: one channel or three.

    The mean of two channels, the first three of more.

    Args:
        images: Shape `(..., channels)`.
    """
    channels = images.shape[-1]
    if channels == 2:
        mean: Images = images.mean(axis=-1, keepdims=True).astype(images.dtype)
        return mean
    return images[..., :3] if channels > 3 else images


def layout_advice(shape: Sequence[int | None], image_shape: Sequence[int], name: str = "x") -> str:
    """Return what an array of another shape seems to hold, in brackets; empty if that is unknown.

    Args:
        shape: Of the array; the number of images may be `None`.
        image_shape: `(height, width, channels)` of the images that are expected.
        name: Name of the argument.
    """
    *size, channels = image_shape
    given, said = tuple(shape), ""
    if given == (*image_shape,):
        said = f"one image: `{name}[np.newaxis]`"
    elif given[1:] == (channels, *size):
        said = f"channels before height and width: `np.moveaxis({name}, 1, -1)`"
    elif given[:-1] == (*image_shape,) or (channels == 1 and given[:-1] == (*size,)):
        said = f"images along the last axis, as in MATLAB: `np.moveaxis({name}, -1, 0)`"
    elif len(given) == 2 and len(size) > 1 and given[1] == math.prod(image_shape):
        said = f"flat images: `{name}.reshape(-1, {', '.join(map(str, image_shape))})`"
    elif given[1:-1] == (*size,) and given[-1] == 4 and channels == 3:
        said = f"four channels, RGBA: `{name}[..., :3]` leaves out the transparency"
    elif given[1:-1] == (*size,):
        said = f"{given[-1]} channels, where the model has {channels}"
    elif given[1:] == (*size,):
        said = f"no channels, where the model has {channels}"
    return f" ({said})" if said else ""


def unusual_layout(shape: Sequence[int]) -> str:
    """Return how an array of images is laid out if hardly as height, width, channels; else empty.

    Args:
        shape: Of the array, the images first if it is laid out as expected.
    """
    few = (1, 3, 4)
    if len(shape) == 4 and shape[1] in few and min(shape[2:]) > max(few):
        return "the channels before height and width: `np.moveaxis(x, 1, -1)` puts them last"
    if len(shape) == 4 and shape[2] in few and shape[3] > 32 and min(shape[:2]) > max(few):
        return "the images along the last axis: `np.moveaxis(x, -1, 0)` puts them first"
    if len(shape) == 3 and shape[0] == shape[1] and shape[2] >= 10 * shape[0]:
        return "the images along the last axis: `np.moveaxis(x, -1, 0)` puts them first"
    return ""


def plain_labels(labels: ArrayLike, count: int) -> np.ndarray:
    """Return labels in a column, or one-hot, as a vector; others as they are.

    Whole numbers that are floats or booleans become int64.

    Args:
        labels: Shape `(count,)`, `(count, 1)` or `(count, classes)`.
        count: Number of images.
    """
    array = np.asarray(labels)
    if array.shape == (count, 1):
        array = array[:, 0]
    elif array.ndim == 2 and array.dtype.kind in "biuf" and len(array) == count:
        one_hot = np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all()
        array = array.argmax(axis=1) if one_hot else array
    whole = array.dtype.kind == "b" or (
        array.dtype.kind == "f"
        and bool(np.isfinite(array).all())
        and bool((array == np.rint(array)).all())
    )
    # Numbers beyond int64 are of no class, and stay so.
    return np.clip(array, -(2.0**53), 2.0**53).astype(np.int64) if whole else array


def check_labels(name: str, labels: ArrayLike, count: int, of: str) -> np.ndarray:
    """Return labels of any type as a vector with one entry for each of the `count` of `of`."""
    vector = plain_labels(labels, count)
    if vector.shape != (count,):
        raise ArgumentError(
            f"`{name}` must have one label for each of the {count} entries of `{of}`, "
            f"shape ({count},). Received: {name}.shape={vector.shape}"
        )
    return vector


def check_class_numbers(name: str, labels: np.ndarray) -> np.ndarray:
    """Return labels as int64; they must be whole numbers from 0 on."""
    if labels.dtype.kind not in "biuf":
        raise ArgumentError(
            f"`{name}` must be whole numbers >= 0. Received: {name}.dtype={labels.dtype}"
        )
    wrong = ~((labels >= 0) & (labels == np.rint(labels)))
    if wrong.any():
        raise ArgumentError(
            f"`{name}` must be whole numbers >= 0, the class of each image. "
            f"Received: {labels[wrong][0]}"
        )
    return labels.astype(np.int64)


def check_vector(name: str, values: ArrayLike) -> np.ndarray:
    """Return finite values of shape `(n,)` as float64, `n > 0`."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0:
        raise ArgumentError(
            f"`{name}` must have the shape (n,), n > 0. Received: {name}.shape={vector.shape}"
        )
    check_finite(name, vector)
    return vector


def check_matrix(name: str, values: ArrayLike) -> np.ndarray:
    """Return finite values of shape `(n, latent_dim)` as float64, neither of them zero."""
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ArgumentError(
            f"`{name}` must have the shape (n, latent_dim), neither of them zero. "
            f"Received: {name}.shape={matrix.shape}"
        )
    check_finite(name, matrix)
    return matrix


def check_posteriors(
    mean: ArrayLike, log_var: ArrayLike, *, prefix: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """Return means and log-variances as finite float64 matrices of one shape.

    Args:
        mean: Means, shape `(n, latent_dim)`; the argument is named `mean` after the prefix.
        log_var: Logarithms of the variances, of the same shape; likewise `log_var`.
        prefix: What the arguments' names begin with.
    """
    means = check_matrix(f"{prefix}mean", mean)
    log_vars = check_matrix(f"{prefix}log_var", log_var)
    if means.shape != log_vars.shape:
        raise ArgumentError(
            f"`{prefix}log_var` must have the shape of `{prefix}mean`, {means.shape}. "
            f"Received: {prefix}log_var.shape={log_vars.shape}"
        )
    return means, log_vars


def check_finite(name: str, values: np.ndarray) -> None:
    """Refuse NaN and infinity, from which a plausible number could be computed."""
    bad = values.size - int(np.count_nonzero(np.isfinite(values)))
    if bad:
        raise ArgumentError(
            f"`{name}` must be finite numbers. "
            f"Received: {bad} of {values.size} values are NaN or infinite"
        )
