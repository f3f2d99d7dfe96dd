"""Images as the metrics need them: their range and size, as floats, and in chunks."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_images
from vae_keras.errors import ArgumentError

# Values in a chunk: so few that its dozen float64 temporaries fit in the processor's cache.
CHUNK_VALUES = 2**17
_ROUNDING = 1e-6


def check_unit_range(name: str, images: np.ndarray) -> None:
    """Refuse float images with values outside `[0, 1]`; uint8 is always inside, divided by 255."""
    if images.dtype == np.uint8:
        return
    low, high = float(images.min()), float(images.max())
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        raise ArgumentError(
            f"`{name}` must lie in [0, 1] and be finite; scale images of another range "
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
    """Return images and reconstructions, which must have one shape; see the range of the images."""
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
    # Reconstructions are not checked: the mean of a likelihood may lie outside the range, and a NaN
    # gives NaN as the result.
    if originals.dtype != np.uint8:
        low, high = float(originals.min()), float(originals.max())
        if not high - low <= data_range * (1 + _ROUNDING):
            raise ArgumentError(
                f"`images` must be finite and span no more than {data_range} (the data range). "
                f"Received: images in [{low:.4g}, {high:.4g}]"
            )
    return originals, copies


def to_float(images: np.ndarray, dtype: type[np.floating] = np.float64) -> np.ndarray:
    """Return images as floats; uint8 is divided by 255."""
    scaled: np.ndarray = images.astype(dtype) / dtype(255.0 if images.dtype == np.uint8 else 1.0)
    return scaled


def to_rows(images: np.ndarray, dtype: type[np.floating] = np.float64) -> np.ndarray:
    """Return images as floats, shape `(n, values of an image)`."""
    return to_float(images, dtype).reshape(len(images), -1)


def chunks(shape: tuple[int, ...], values: int | None = None) -> Iterator[slice]:
    """Yield slices of the first axis of at most `values` values, `CHUNK_VALUES` by default."""
    size = max(1, (values or CHUNK_VALUES) // int(np.prod(shape[1:])))
    for start in range(0, shape[0], size):
        yield slice(start, start + size)
