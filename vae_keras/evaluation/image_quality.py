"""How near a reconstruction is to its image: squared error and structural similarity."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError

_WINDOW = 11
_SIGMA = 1.5
_K1 = 0.01
_K2 = 0.03
# Values a chunk: small enough that the dozen float64 temporaries of one chunk stay near the cache.
_CHUNK_VALUES = 2**17


def mean_squared_error(images: ArrayLike, reconstructions: ArrayLike) -> np.ndarray:
    """Compute the mean squared error of each reconstruction.

    `mean((x - y)^2)` over the pixels and channels of one image, on the `[0, 1]` scale: 0.01 is
    an error of a tenth of the grey scale in every pixel. A blurred image scores well here;
    `structural_similarity` sees the blur.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` or uint8, which
            is divided by 255.
        reconstructions: Their reconstructions, of the same shape, float or uint8. Values outside
            `[0, 1]`, as an unbounded likelihood's mean may have, count as they are.

    Returns:
        Mean squared error of each image, shape `(n,)`, float64.

    Raises:
        ArgumentError: If the shapes differ, there are no images, or `images` leave `[0, 1]`.
    """
    originals, copies = _check_pair(images, reconstructions, data_range=1.0)
    if originals.dtype != np.uint8:
        low, high = float(originals.min()), float(originals.max())
        if low < -1e-6 or high > 1 + 1e-6:
            raise ArgumentError(
                "`images` must lie in [0, 1]; bring images of another range there first, "
                f"reconstructions too. Received: images in [{low:.4g}, {high:.4g}]"
            )
    errors = np.empty(len(originals))
    for chunk in _chunks(originals.shape):
        difference = _to_float(originals[chunk]) - _to_float(copies[chunk])
        errors[chunk] = np.mean(difference**2, axis=(1, 2, 3))
    return errors


def structural_similarity(
    images: ArrayLike, reconstructions: ArrayLike, *, data_range: float = 1.0
) -> np.ndarray:
    """Compute the structural similarity (SSIM) of each reconstruction.

    The same number as `tf.image.ssim`: local means, variances and covariance under a Gaussian
    window (11 x 11, sigma 1.5), K1 = 0.01, K2 = 0.03, only positions where the window fits, the
    mean over positions and channels. 1 is a perfect reconstruction.

    Args:
        images: Images, shape `(n, height, width, channels)`, float, or uint8, which is divided
            by 255. Height and width of at least 11 pixels; see `ssim_is_defined`.
        reconstructions: Their reconstructions, of the same shape, float or uint8.
        data_range: Difference between the largest and the smallest value that a pixel can have.
            Defaults to `1.0`, which is right for float in `[0, 1]` and for uint8.

    Returns:
        Structural similarity of each image, shape `(n,)`, float64, at most 1.

    Raises:
        ArgumentError: If the shapes differ, there are no images, they are smaller than the
            window, or they span more than `data_range`.

    References:
        Wang, Bovik, Sheikh & Simoncelli (2004), "Image quality assessment: from error visibility
        to structural similarity", IEEE Transactions on Image Processing 13(4).
    """
    originals, copies = _check_pair(images, reconstructions, data_range=data_range)
    if not ssim_is_defined(originals.shape[1:]):
        raise ArgumentError(
            f"`images` must be at least {_WINDOW} pixels high and wide for the structural "
            "similarity; leave it out for smaller ones. "
            f"Received: images.shape={originals.shape}"
        )
    scores = np.empty(len(originals))
    for chunk in _chunks(originals.shape):
        scores[chunk] = _ssim(_to_float(originals[chunk]), _to_float(copies[chunk]), data_range)
    return scores


def ssim_is_defined(image_shape: tuple[int, ...]) -> bool:
    """Say whether images are large enough for the window of the structural similarity.

    Args:
        image_shape: `(height, width, channels)` or `(height, width)`, in pixels.

    Returns:
        True if height and width are at least 11 pixels.
    """
    return min(image_shape[:2]) >= _WINDOW


def _ssim(x: np.ndarray, y: np.ndarray, data_range: float) -> np.ndarray:
    # With the images on the last axis the filter's slices are long contiguous runs.
    x = np.ascontiguousarray(np.moveaxis(x, 0, -1))
    y = np.ascontiguousarray(np.moveaxis(y, 0, -1))
    mean_x, mean_y = _blur(x), _blur(y)
    product = mean_x * mean_y
    squares = mean_x**2 + mean_y**2
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    luminance = (2 * product + c1) / (squares + c1)
    covariance = _blur(x * y) - product
    variances = _blur(x**2 + y**2) - squares
    contrast_structure = (2 * covariance + c2) / (variances + c2)
    return np.mean(luminance * contrast_structure, axis=(0, 1, 2))


def _blur(maps: np.ndarray) -> np.ndarray:
    """Filter the first two axes with the Gaussian window, where it fits."""
    offsets = np.arange(_WINDOW) - _WINDOW // 2
    taps = np.exp(-0.5 * (offsets / _SIGMA) ** 2)
    taps /= taps.sum()
    height, width = (size - _WINDOW + 1 for size in maps.shape[:2])
    rows = taps[0] * maps[:height]
    for i in range(1, _WINDOW):
        rows += taps[i] * maps[i : i + height]
    blurred = taps[0] * rows[:, :width]
    for i in range(1, _WINDOW):
        blurred += taps[i] * rows[:, i : i + width]
    return blurred


def _check_pair(
    images: ArrayLike, reconstructions: ArrayLike, *, data_range: float
) -> tuple[np.ndarray, np.ndarray]:
    originals, copies = np.asarray(images), np.asarray(reconstructions)
    for name, array in (("images", originals), ("reconstructions", copies)):
        if array.ndim != 4 or array.size == 0:
            raise ArgumentError(
                f"`{name}` must have the shape (n, height, width, channels), none of them zero. "
                f"Received: {name}.shape={array.shape}"
            )
        if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
            raise ArgumentError(
                f"`{name}` must be float or uint8. Received: {name}.dtype={array.dtype}"
            )
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
        if not high - low <= data_range * (1 + 1e-6):
            raise ArgumentError(
                f"`images` must be finite and span no more than {data_range} (the data range). "
                f"Received: images in [{low:.4g}, {high:.4g}]"
            )
    return originals, copies


def _to_float(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float64) / (255.0 if images.dtype == np.uint8 else 1.0)


def _chunks(shape: tuple[int, ...]) -> Iterator[slice]:
    size = max(1, _CHUNK_VALUES // int(np.prod(shape[1:])))
    for start in range(0, shape[0], size):
        yield slice(start, start + size)
