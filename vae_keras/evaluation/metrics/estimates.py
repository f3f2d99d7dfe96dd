"""Estimates and their standard errors."""

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from vae_keras.array_checks import check_vector
from vae_keras.checks import positive_integer
from vae_keras.errors import ArgumentError


@dataclass(frozen=True)
class Estimate:
    """An estimate with its standard error.

    Attributes:
        value: The estimate.
        standard_error: Standard deviation of the estimate over repetitions, in the units of
            `value`; NaN if it is not known.
    """

    value: float
    standard_error: float


def standard_error(values: ArrayLike) -> float:
    """Compute the standard error of the mean of independent values, one for each image.

    `s / sqrt(n)` with `s^2 = sum((x - mean)^2) / (n - 1)`. It tells how much the mean would vary
    with other images, but not how much it varies between training runs.

    Args:
        values: Shape `(n,)`, n > 0.

    Returns:
        Standard error in the units of the values; NaN for one value.

    Raises:
        ArgumentError: If `values` is not a finite vector.
    """
    vector = check_vector("values", values)
    if len(vector) == 1:
        return math.nan
    return float(vector.std(ddof=1) / math.sqrt(len(vector)))


def proportion_standard_error(p: float, n: int) -> float:
    """Compute the standard error of a share of independent images, such as an accuracy.

    `sqrt(p (1 - p) / n)`. It is 0 for a share of 0 or 1, where it tells nothing.

    Args:
        p: The share, in `[0, 1]`.
        n: Number of images that it is a share of, > 0.

    Returns:
        Standard error, on the scale of `p`.

    Raises:
        ArgumentError: If `p` lies outside `[0, 1]` or `n` is not a positive integer.
    """
    positive_integer("n", n)
    if not 0 <= p <= 1:
        raise ArgumentError(f"`p` must lie in [0, 1]. Received: p={p}")
    return math.sqrt(p * (1 - p) / n)
