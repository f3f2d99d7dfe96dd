"""Checks of the arrays that the measures take; one wording for the same mistake."""

from numbers import Integral

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


def check_posterior(z_mean: ArrayLike, z_log_var: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return means and log-variances of the posteriors as float64 matrices of one shape."""
    mean, log_var = check_matrix("z_mean", z_mean), check_matrix("z_log_var", z_log_var)
    if mean.shape != log_var.shape:
        raise ArgumentError(
            f"`z_log_var` must have the shape of `z_mean`, {mean.shape}. "
            f"Received: z_log_var.shape={log_var.shape}"
        )
    return mean, log_var


def check_vector(name: str, values: ArrayLike) -> np.ndarray:
    """Return finite values of shape `(n,)` as float64, at least one of them."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0:
        raise ArgumentError(
            f"`{name}` must have the shape (n,), n > 0. Received: {name}.shape={vector.shape}"
        )
    check_finite(name, vector)
    return vector


def check_probabilities(probabilities: ArrayLike) -> np.ndarray:
    """Return probabilities of shape `(n, num_classes)` as float64; each row sums to 1."""
    matrix = check_matrix("probabilities", probabilities)
    sums = matrix.sum(axis=1)
    if matrix.min() < 0 or np.abs(sums - 1).max() > 1e-3:
        raise ArgumentError(
            "`probabilities` must be at least 0 and sum to 1 in each row. Received: values from "
            f"{matrix.min():.4g}, sums in [{sums.min():.4g}, {sums.max():.4g}]"
        )
    return matrix


def check_count(name: str, value: object, *, at_least: int = 1) -> None:
    """Refuse what is not an integer of at least so much."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < at_least:
        raise ArgumentError(
            f"`{name}` must be an integer >= {at_least}. Received: {name}={value!r}"
        )


def check_class_numbers(name: str, labels: np.ndarray) -> np.ndarray:
    """Return labels as int64, whole numbers from 0 on."""
    if labels.dtype.kind not in "biuf":
        raise ArgumentError(
            f"`{name}` must be whole numbers >= 0. Received: {name}.dtype={labels.dtype}"
        )
    wrong = ~((labels >= 0) & (labels == np.rint(labels)))
    if wrong.any():
        raise ArgumentError(
            f"`{name}` must be whole numbers >= 0, the class of each image. "
            f"Received: {labels[wrong][0]}"
        )
    return labels.astype(np.int64)
