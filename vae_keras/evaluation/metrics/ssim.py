"""Structural similarity: how much the local patterns of a reconstruction are those of its image."""

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics._images import check_pair, chunks, to_float

# From the finest scale to the coarsest, as published; they sum to 1.
_POWERS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
WINDOW = 11
_SIGMA = 1.5
_K1 = 0.01
_K2 = 0.03
# The smallest side that has five scales, each at least as large as the window.
_SMALLEST: int = (WINDOW - 1) * 2 ** (len(_POWERS) - 1) + 1


def structural_similarity(
    images: ArrayLike, reconstructions: ArrayLike, *, data_range: float = 1.0
) -> np.ndarray:
    """Compute the structural similarity (SSIM) of each reconstruction.

    The same value as `tf.image.ssim`: local means, variances and covariance under a Gaussian
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
    originals, copies = check_pair(images, reconstructions, data_range=data_range)
    if not ssim_is_defined(originals.shape[1:]):
        raise ArgumentError(
            f"`images` must be at least {WINDOW} pixels high and wide for the structural "
            "similarity; leave it out for smaller ones. "
            f"Received: images.shape={originals.shape}"
        )
    scores = np.empty(len(originals))
    for chunk in chunks(originals.shape):
        similarity, _ = ssim_and_contrast(
            to_float(originals[chunk]), to_float(copies[chunk]), data_range
        )
        scores[chunk] = similarity.mean(axis=1)
    return scores


def ssim_is_defined(image_shape: tuple[int, ...]) -> bool:
    """Return whether images are large enough for the window of the structural similarity.

    Args:
        image_shape: `(height, width, channels)` or `(height, width)`, in pixels.

    Returns:
        True if height and width are at least 11 pixels.
    """
    return min(image_shape[:2]) >= WINDOW


def ssim_and_contrast(
    x: np.ndarray, y: np.ndarray, data_range: float
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the structural similarity and its contrast-structure factor alone.

    Args:
        x: Images, shape `(n, height, width, channels)`, float64, no side below `WINDOW`.
        y: Images of the same shape.
        data_range: Largest difference of two pixel values.

    Returns:
        Means over the positions of the window, each of shape `(n, channels)`.
    """
    # With the images on the last axis, the filter's slices are long and contiguous.
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
    similarity = np.mean(luminance * contrast_structure, axis=(0, 1))
    return similarity.T, np.mean(contrast_structure, axis=(0, 1)).T


def _blur(maps: np.ndarray) -> np.ndarray:
    """Filter the first two axes with the Gaussian window, where it fits."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    taps = np.exp(-0.5 * (offsets / _SIGMA) ** 2)
    taps /= taps.sum()
    height, width = (size - WINDOW + 1 for size in maps.shape[:2])
    rows: np.ndarray = taps[0] * maps[:height]
    for i in range(1, WINDOW):
        rows += taps[i] * maps[i : i + height]
    blurred: np.ndarray = taps[0] * rows[:, :width]
    for i in range(1, WINDOW):
        blurred += taps[i] * rows[:, i : i + width]
    return blurred


def multi_scale_structural_similarity(
    images: ArrayLike, reconstructions: ArrayLike, *, data_range: float = 1.0
) -> np.ndarray:
    """Compute the multi-scale structural similarity (MS-SSIM) of each reconstruction.

    The same value as `tf.image.ssim_multiscale`: the images are halved four times by means of
    2 x 2 pixels (the last line of an odd side is repeated first), the contrast-structure terms of
    the four finer scales and the similarity of the coarsest are raised to the published powers
    (0.0448, 0.2856, 0.3001, 0.2363, 0.1333) and multiplied, channel by channel. A term below zero
    counts as zero, and then the product is zero.

    Args:
        images: Images, shape `(n, height, width, channels)`, float, or uint8, which is divided
            by 255. Large enough for the window at the coarsest scale; see `ms_ssim_is_defined`.
        reconstructions: Their reconstructions, of the same shape, float or uint8.
        data_range: Difference between the largest and the smallest value that a pixel can have.
            Defaults to `1.0`, which is right for float in `[0, 1]` and for uint8.

    Returns:
        Similarity of each image, shape `(n,)`, float64, in `[0, 1]`.

    Raises:
        ArgumentError: If the shapes differ, there are no images, they are too small, or they span
            more than `data_range`.

    References:
        Wang, Simoncelli & Bovik (2003), "Multiscale structural similarity for image quality
        assessment", Asilomar Conference on Signals, Systems and Computers.
    """
    originals, copies = check_pair(images, reconstructions, data_range=data_range)
    if not ms_ssim_is_defined(originals.shape[1:]):
        raise ArgumentError(
            f"`images` must be at least {_SMALLEST} pixels high and wide for the multi-scale "
            "structural similarity; take `structural_similarity` for smaller ones. "
            f"Received: images.shape={originals.shape}"
        )
    scores = np.empty(len(originals))
    for chunk in chunks(originals.shape):
        x, y = to_float(originals[chunk]), to_float(copies[chunk])
        product = np.ones((len(x), x.shape[-1]))
        for power in _POWERS[:-1]:
            _, contrast = ssim_and_contrast(x, y, data_range)
            product *= np.maximum(contrast, 0.0) ** power
            x, y = _halve(x), _halve(y)
        similarity, _ = ssim_and_contrast(x, y, data_range)
        product *= np.maximum(similarity, 0.0) ** _POWERS[-1]
        scores[chunk] = product.mean(axis=1)
    return scores


def ms_ssim_is_defined(image_shape: tuple[int, ...]) -> bool:
    """Return whether images are large enough for the multi-scale structural similarity.

    Args:
        image_shape: `(height, width, channels)` or `(height, width)`, in pixels.

    Returns:
        True if height and width are at least 161 pixels: halved four times, rounded up, they are
        the 11 of the window.
    """
    return min(image_shape[:2]) >= _SMALLEST


def _halve(images: np.ndarray) -> np.ndarray:
    """Average squares of 2 x 2 pixels; a last row or column without a partner is its own."""
    n, height, width, channels = images.shape
    even = np.pad(images, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    shape = (n, (height + 1) // 2, 2, (width + 1) // 2, 2, channels)
    halves: np.ndarray = even.reshape(shape).mean(axis=(2, 4))
    return halves
