"""Checks and the split that the metrics of disentanglement share."""

import math

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_finite, check_matrix
from vae_keras.errors import ArgumentError


def check_pair(codes: ArrayLike, factors: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes as float64 and the factors as int64, a row for each image in both."""
    points, levels = check_matrix("codes", codes), np.asarray(factors)
    if points.shape[1] < 2:
        raise ArgumentError(
            "`codes` must have at least two dimensions to compare. "
            f"Received: codes.shape={points.shape}"
        )
    if levels.ndim != 2 or levels.shape[0] != len(points) or levels.shape[1] == 0:
        raise ArgumentError(
            f"`factors` must have one row for each of the {len(points)} codes, shape "
            f"({len(points)}, number of factors). Received: factors.shape={levels.shape}"
        )
    if levels.dtype.kind not in "biuf":
        raise ArgumentError(
            f"`factors` must be whole numbers. Received: factors.dtype={levels.dtype}"
        )
    check_finite("factors", levels)
    fractional = levels != np.rint(levels)
    if fractional.any():
        raise ArgumentError(
            "`factors` must be whole numbers, the level of each factor. "
            f"Received: {levels[fractional][0]}"
        )
    constant = np.flatnonzero((levels == levels[0]).all(axis=0))
    if len(constant):
        raise ArgumentError(
            "`factors` must take at least two values in each column. "
            f"Received: column {constant[0]} is always {levels[0, constant[0]]}"
        )
    return points, levels.astype(np.int64)


def split_by_level(
    codes: np.ndarray, levels: np.ndarray, column: int, *, test_fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Split codes and the levels of one factor in two parts, with every level in both.

    Returns:
        Codes to fit, codes to test, levels to fit, levels to test.

    Raises:
        ArgumentError: If that leaves a part without some level.
    """
    if not 0 < test_fraction < 1:
        raise ArgumentError(
            f"`test_fraction` must lie in (0, 1). Received: test_fraction={test_fraction}"
        )
    rarest = np.unique(levels, return_counts=True)[1].min()
    test_count = math.ceil(test_fraction * len(levels))
    smaller = min(test_count, len(levels) - test_count)
    if rarest * smaller < len(levels):  # less than one code of the level, in proportion
        raise ArgumentError(
            "`factors` must have each level often enough to be in both the fitted and the tested "
            f"part of {len(levels) - test_count} and {test_count} codes. "
            f"Received: a level of column {column} in {rarest} of {len(levels)} rows"
        )
    from sklearn.model_selection import train_test_split

    train, test, train_levels, test_levels = train_test_split(
        codes, levels, test_size=test_fraction, stratify=levels, random_state=seed
    )
    return train, test, train_levels, test_levels
