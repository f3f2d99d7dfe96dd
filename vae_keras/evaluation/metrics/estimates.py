"""Numbers that are known up to chance, and how far chance moves them."""

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics._arrays import check_count, check_vector


@dataclass(frozen=True)
class Estimate:
    """A number and its standard error.

    Attributes:
        value: The estimate.
        standard_error: Standard deviation that the estimate would have over repetitions, in the
            units of `value`; NaN where it cannot be told.
    """

    value: float
    standard_error: float


def standard_error(values: ArrayLike) -> float:
    """Compute the standard error of the mean of independent values, one for each image.

    `s / sqrt(n)` with `s^2 = sum((x - mean)^2) / (n - 1)`. It says how far the mean would move with
    other images, and nothing of how far it would with another training run.

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

    `sqrt(p (1 - p) / n)`. It is 0 at 0 and at 1, where it says nothing.

    Args:
        p: The share, in `[0, 1]`.
        n: Number of images that it is a share of, > 0.

    Returns:
        Standard error, on the scale of `p`.

    Raises:
        ArgumentError: If `p` is no share or `n` no count.
    """
    check_count("n", n)
    if not 0 <= p <= 1:
        raise ArgumentError(f"`p` must lie in [0, 1]. Received: p={p}")
    return math.sqrt(p * (1 - p) / n)
