"""Distance of two sets of features, from their means and covariances."""

import math

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_matrix
from vae_keras.errors import ArgumentError


def frechet_distance(features: ArrayLike, other_features: ArrayLike) -> float:
    """Compute the Frechet distance of the Gaussians fitted to two sets of features.

    `||m1 - m2||^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`, with covariances that divide by `n - 1`. It
    depends on the features: values from two networks cannot be compared, and only those of the
    published Inception network are the FID (`frechet_inception_distance`).

    It also depends on the number of samples, and is biased upwards for few: two sets from one
    distribution have a distance above zero, which grows with the number of features. Compare only
    values of equally many samples, and beside them give the distance of two sets of real images.

    Args:
        features: Shape `(n, dimensions)`, n > 1.
        other_features: Shape `(m, dimensions)`, m > 1.

    Returns:
        Distance in squared units of the features, never negative. The order does not matter.

    Raises:
        ArgumentError: If the shapes do not fit, a value is not finite, or a set has one member.

    References:
        Dowson & Landau (1982), "The Frechet distance between multivariate normal distributions",
        Journal of Multivariate Analysis 12(3). Heusel et al. (2017), arXiv:1706.08500
    """
    first, second = _points("features", features), _points("other_features", other_features)
    if first.shape[1] != second.shape[1]:
        raise ArgumentError(
            f"`other_features` must have as many dimensions as `features`, {first.shape[1]}. "
            f"Received: other_features.shape={second.shape}"
        )
    between = np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2)
    root, other_root = _covariance_root(first), _covariance_root(second)
    # With S1 = A^T A and S2 = B^T B the eigenvalues of S1 S2 are the squared singular values of
    # A B^T. So no square root is taken of an eigenvalue that rounding has made negative.
    shared = np.linalg.svd(root @ other_root.T, compute_uv=False).sum()
    within = np.sum(root**2) + np.sum(other_root**2) - 2 * shared
    return max(0.0, float(between + within))


def _points(name: str, features: ArrayLike) -> np.ndarray:
    points = check_matrix(name, features)
    if len(points) < 2:
        raise ArgumentError(
            f"`{name}` must have at least two rows, for a covariance. "
            f"Received: {name}.shape={points.shape}"
        )
    return points


def _covariance_root(points: np.ndarray) -> np.ndarray:
    """Return a matrix `A` with `A^T A` the covariance, without forming that."""
    centered = points - points.mean(axis=0)
    root = np.asarray(np.linalg.qr(centered, mode="r"))
    return root / math.sqrt(len(points) - 1)
