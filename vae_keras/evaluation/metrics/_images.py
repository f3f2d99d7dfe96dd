"""Checks of the images that the measures take, and how these go through them in pieces."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError

# Values a chunk: small enough that the dozen float64 temporaries of one chunk stay near the cache.
CHUNK_VALUES = 2**17
_ROUNDING = 1e-6


def check_images(name: str, images: ArrayLike, *, at_least: int = 1) -> np.ndarray:
    """Return images of shape `(n, height, width, channels)`, float or uint8, as they are."""
    array = np.asarray(images)
    if array.ndim != 4 or array.size == 0:
        raise ArgumentError(
            f"`{name}` must have the shape (n, height, width, channels), none of them zero. "
            f"Received: {name}.shape={array.shape}"
        )
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        raise ArgumentError(
            f"`{name}` must be float or uint8. Received: {name}.dtype={array.dtype}"
        )
    if len(array) < at_least:
        raise ArgumentError(f"`{name}` must be at least {at_least} images. Received: {len(array)}")
    return array


def check_unit_range(name: str, images: np.ndarray) -> None:
    """Refuse float images that leave `[0, 1]` or are not finite; uint8 ones are divided by 255."""
    if images.dtype == np.uint8:
        return
    low, high = float(images.min()), float(images.max())
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        raise ArgumentError(
            f"`{name}` must lie in [0, 1] and be finite; bring images of another range there "
            f"first. Received: {name} in [{low:.4g}, {high:.4g}]"
        )


def check_same_size(name: str, images: np.ndarray, other_name: str, others: np.ndarray) -> None:
    """Refuse two sets of images whose heights, widths or channels differ."""
    if images.shape[1:] != others.shape[1:]:
        raise ArgumentError(
            f"`{other_name}` must be of the size of `{name}`, {images.shape[1:]}. "
            f"Received: {other_name}.shape={others.shape}"
        )


def check_pair(
    images: ArrayLike, reconstructions: ArrayLike, *, data_range: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return images and reconstructions, of one shape; only the images must keep their range."""
    originals = check_images("images", images)
    copies = check_images("reconstructions", reconstructions)
    for name, array in (("images", originals), ("reconstructions", copies)):
        if array.dtype == np.uint8 and data_range != 1.0:
            raise ArgumentError(
                f"`data_range` must stay 1.0 where `{name}` are uint8: they are divided by 255. "
                f"Received: data_range={data_range}"
            )
    if originals.shape != copies.shape:
        raise ArgumentError(
            f"`reconstructions` must have the shape of `images`, {originals.shape}. "
            f"Received: reconstructions.shape={copies.shape}"
        )
    if not data_range > 0:
        raise ArgumentError(f"`data_range` must be > 0. Received: data_range={data_range}")
    # Only the images: a likelihood's mean may leave their range, or be NaN and then score NaN.
    if originals.dtype != np.uint8:
        low, high = float(originals.min()), float(originals.max())
        if not high - low <= data_range * (1 + _ROUNDING):
            raise ArgumentError(
                f"`images` must be finite and span no more than {data_range} (the data range). "
                f"Received: images in [{low:.4g}, {high:.4g}]"
            )
    return originals, copies


def to_float(images: np.ndarray, dtype: type[np.floating] = np.float64) -> np.ndarray:
    """Return images as floats, uint8 ones divided by 255."""
    return images.astype(dtype) / dtype(255.0 if images.dtype == np.uint8 else 1.0)


def to_rows(images: np.ndarray, dtype: type[np.floating] = np.float64) -> np.ndarray:
    """Return images as floats, shape `(n, values of an image)`."""
    return to_float(images, dtype).reshape(len(images), -1)


def chunks(shape: tuple[int, ...], values: int | None = None) -> Iterator[slice]:
    """Cut the first axis into slices of at most `values` values, `CHUNK_VALUES` by default."""
    size = max(1, (values or CHUNK_VALUES) // int(np.prod(shape[1:])))
    for start in range(0, shape[0], size):
        yield slice(start, start + size)
