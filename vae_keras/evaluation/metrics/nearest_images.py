"""The nearest training image of each sample, which tells whether samples are copies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_images, check_vector
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics._images import check_same_size, check_unit_range, chunks, to_rows

_CHUNK_VALUES = 2**21  # in a block of images: 16 MiB
_MOST_QUERIES = 1024  # in a block, to bound the table of distances


@dataclass(frozen=True)
class NearestImages:
    """The nearest reference image of each query; see `nearest_images`.

    Attributes:
        indices: Index of the nearest reference, shape `(n,)`, int64.
        distances: Root-mean-square pixel difference to it, shape `(n,)`, float64.
    """

    indices: np.ndarray
    distances: np.ndarray


def nearest_images(queries: ArrayLike, references: ArrayLike) -> NearestImages:
    """Find the reference image with the least root-mean-square pixel difference to each query.

    All pairs are compared, in blocks in float64, which tells an exact copy from images that differ
    from it in one level of one pixel. A shifted copy is not recognised.

    Args:
        queries: Shape `(n, height, width, channels)`, float in `[0, 1]` or uint8, which is divided
            by 255; usually samples.
        references: Shape `(m, height, width, channels)`, float or uint8; usually the training set.

    Returns:
        Index and distance, on the `[0, 1]` scale, of the nearest reference of each query.

    Raises:
        ArgumentError: If the images differ in size, there are none, or they lie outside
            `[0, 1]`.
    """
    wanted, known = check_images("queries", queries), check_images("references", references)
    check_same_size("references", known, "queries", wanted)
    check_unit_range("queries", wanted)
    check_unit_range("references", known)
    indices = np.zeros(len(wanted), np.int64)
    squares = np.full(len(wanted), np.inf)
    size = min(_CHUNK_VALUES, _MOST_QUERIES * wanted[0].size)
    for block in chunks(known.shape, _CHUNK_VALUES):
        rows = to_rows(known[block])
        halves = 0.5 * np.einsum("ij,ij->i", rows, rows)
        for part in chunks(wanted.shape, size):
            table = to_rows(wanted[part]) @ rows.T
            nearest = block.start + np.argmin(halves - table, axis=1)
            found = _mean_squares(wanted[part], known, nearest)
            closer = found < squares[part]
            squares[part][closer] = found[closer]
            indices[part][closer] = nearest[closer]
    return NearestImages(indices, np.sqrt(squares))


def copied_share(
    sample_distances: ArrayLike, test_distances: ArrayLike, *, quantile: float = 0.01
) -> float:
    """Compute the share of samples that are suspiciously near to a training image.

    A sample counts if it is nearer to its nearest training image than all but 1 % of the test
    images are to theirs. A model that has learned the distribution gives about 0.01, a model that
    repeats training images more. Blurred samples, which lie near the mean of many images, also give
    more, so look at the pairs.

    Args:
        sample_distances: Distance of each sample to its nearest training image, shape `(n,)`; see
            `nearest_images`.
        test_distances: Distance of each test image to its nearest training image, shape `(m,)`.
            With fewer than `1 / quantile` images the threshold is about the smallest of them.
        quantile: Share of the test images below the threshold, in `(0, 1)`. Defaults to `0.01`.

    Returns:
        Share of the samples, in `[0, 1]`.

    Raises:
        ArgumentError: If a distance is negative or not finite, there are none, or `quantile` is
            not in `(0, 1)`.
    """
    samples = check_vector("sample_distances", sample_distances)
    tests = check_vector("test_distances", test_distances)
    for name, distances in (("sample_distances", samples), ("test_distances", tests)):
        if distances.min() < 0:
            raise ArgumentError(f"`{name}` must be >= 0. Received: {distances.min():.4g}")
    if not 0 < quantile < 1:
        raise ArgumentError(f"`quantile` must lie in (0, 1). Received: quantile={quantile}")
    return float(np.mean(samples < np.quantile(tests, quantile)))


def _mean_squares(queries: np.ndarray, references: np.ndarray, places: np.ndarray) -> np.ndarray:
    result = np.empty(len(queries))
    for part in chunks(queries.shape):
        difference = to_rows(queries[part]) - to_rows(references[places[part]])
        result[part] = np.mean(difference**2, axis=1)
    return result
