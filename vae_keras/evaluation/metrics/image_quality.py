"""Errors of reconstructions, pixel by pixel.

All take images and their reconstructions of one shape `(n, height, width, channels)`, float or
uint8, which is divided by 255. Images must lie in `[0, 1]`. Values of reconstructions outside
`[0, 1]`, which the mean of an unbounded likelihood may have, are compared as they are.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.evaluation.metrics._images import check_pair, check_unit_range, chunks, to_float


def mean_squared_error(images: ArrayLike, reconstructions: ArrayLike) -> np.ndarray:
    """Compute the mean squared error of each reconstruction.

    `mean((x - y)^2)` over the pixels and channels of one image, on the `[0, 1]` scale: 0.01 is
    an error of a tenth of the grey scale in every pixel. A blurred image has a small error here;
    `structural_similarity` detects the blur.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` or uint8.
        reconstructions: Their reconstructions, of the same shape.

    Returns:
        Mean squared error of each image, shape `(n,)`, float64.

    Raises:
        ArgumentError: If the shapes differ, there are no images, or `images` lie outside `[0, 1]`.
    """
    return _mean_over_pixels(np.square, images, reconstructions)


def mean_absolute_error(images: ArrayLike, reconstructions: ArrayLike) -> np.ndarray:
    """Compute the mean absolute error of each reconstruction.

    `mean(|x - y|)` over the pixels and channels of one image, on the `[0, 1]` scale. A few large
    errors weigh less here than in `mean_squared_error`.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` or uint8.
        reconstructions: Their reconstructions, of the same shape.

    Returns:
        Mean absolute error of each image, shape `(n,)`, float64.

    Raises:
        ArgumentError: If the shapes differ, there are no images, or `images` lie outside `[0, 1]`.
    """
    return _mean_over_pixels(np.abs, images, reconstructions)


def peak_signal_to_noise_ratio(images: ArrayLike, reconstructions: ArrayLike) -> np.ndarray:
    """Compute the peak signal-to-noise ratio (PSNR) of each reconstruction.

    `-10 log10(mean squared error)` on the `[0, 1]` scale, whose peak is 1. It is infinite for a
    perfect copy, and so is then the mean over images. The mean over images is not the PSNR of their
    mean squared error.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` or uint8.
        reconstructions: Their reconstructions, of the same shape.

    Returns:
        Ratio of each image in decibels, shape `(n,)`, float64; more is better.

    Raises:
        ArgumentError: If the shapes differ, there are no images, or `images` lie outside `[0, 1]`.
    """
    errors = mean_squared_error(images, reconstructions)
    with np.errstate(divide="ignore"):
        ratios: np.ndarray = -10.0 * np.log10(errors)
    return ratios


def _mean_over_pixels(
    penalty: Callable[[np.ndarray], np.ndarray], images: ArrayLike, reconstructions: ArrayLike
) -> np.ndarray:
    originals, copies = check_pair(images, reconstructions)
    check_unit_range("images", originals)
    errors = np.empty(len(originals))
    for chunk in chunks(originals.shape):
        difference = to_float(originals[chunk]) - to_float(copies[chunk])
        errors[chunk] = np.mean(penalty(difference), axis=(1, 2, 3))
    return errors
