"""How much the images of a set differ from each other."""

import math

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_images
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics._images import check_unit_range, chunks, to_rows
from vae_keras.evaluation.metrics.estimates import Estimate

MOST_IMAGES = 5000
_CHUNK_VALUES = 2**20


def mean_pairwise_distance(images: ArrayLike) -> Estimate:
    """Compute the mean over all pairs of images of their root-mean-square pixel difference.

    `mean over i < j of sqrt(mean((x_i - x_j)^2))`, on the `[0, 1]` scale. Compare with that of real
    images: less diverse samples have a smaller value, and noise has a larger one.

    Args:
        images: Shape `(n, height, width, channels)`, from 2 to 5,000, float in `[0, 1]` or uint8,
            which is divided by 255.

    Returns:
        Mean distance, with its standard error by the jackknife over images (NaN for two images),
        as pairs that share an image are not independent.

    Raises:
        ArgumentError: If there are fewer than two images or more than 5,000, or they lie
            outside `[0, 1]`.
    """
    array = check_images("images", images, at_least=2)
    check_unit_range("images", array)
    if len(array) > MOST_IMAGES:
        raise ArgumentError(
            f"`images` must be at most {MOST_IMAGES}: take a random subset. Received: {len(array)}"
        )
    n = len(array)
    sums = np.zeros(n)  # of each image's distances to all others
    parts = list(chunks(array.shape, _CHUNK_VALUES))
    for i, part in enumerate(parts):
        rows = to_rows(array[part])
        for other in parts[: i + 1]:
            distances = _distances(rows, rows if other == part else to_rows(array[other]))
            sums[part] += distances.sum(axis=1)
            if other != part:
                sums[other] += distances.sum(axis=0)
    return _jackknife(sums)


def _distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    squares = np.sum(x**2, axis=1)[:, None] + np.sum(y**2, axis=1) - 2 * (x @ y.T)
    distances: np.ndarray = np.sqrt(np.maximum(squares, 0.0) / x.shape[1])
    if x is y:
        np.fill_diagonal(distances, 0.0)  # exactly, despite rounding
    return distances


def _jackknife(sums: np.ndarray) -> Estimate:
    n, total = len(sums), sums.sum() / 2
    mean = total / math.comb(n, 2)
    if n == 2:
        return Estimate(float(mean), math.nan)
    without = (total - sums) / math.comb(n - 1, 2)
    variance = (n - 1) / n * np.sum((without - without.mean()) ** 2)
    return Estimate(float(mean), math.sqrt(variance))
