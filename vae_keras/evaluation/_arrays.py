"""Checks of the arrays that the measures take; one wording for the same mistake."""

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError


def check_labels(name: str, labels: ArrayLike, count: int, codes_name: str) -> np.ndarray:
    """Return the labels as a vector that has one entry for each code."""
    vector = np.asarray(labels)
    if vector.shape != (count,):
        raise ArgumentError(
            f"`{name}` must have one label for each of the {count} entries of `{codes_name}`, "
            f"shape ({count},). Received: {name}.shape={vector.shape}"
        )
    return vector


def check_matrix(name: str, values: ArrayLike) -> np.ndarray:
    """Return finite values of shape `(n, latent_dim)` as float64, neither dimension empty."""
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ArgumentError(
            f"`{name}` must have the shape (n, latent_dim), neither of them zero. "
            f"Received: {name}.shape={matrix.shape}"
        )
    check_finite(name, matrix)
    return matrix


def check_finite(name: str, values: np.ndarray) -> None:
    """Refuse NaN and infinity, which would otherwise turn into a plausible number."""
    bad = values.size - int(np.count_nonzero(np.isfinite(values)))
    if bad:
        raise ArgumentError(
            f"`{name}` must be finite numbers. "
            f"Received: {bad} of {values.size} values are NaN or infinite"
        )
