"""Metrics of each latent dimension."""

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_matrix, check_posteriors
from vae_keras.errors import ArgumentError


def kl_per_dimension(z_mean: ArrayLike, z_log_var: ArrayLike) -> np.ndarray:
    """Compute the KL divergence from the standard normal prior, dimension by dimension.

    `(z_mean^2 + exp(z_log_var) - 1 - z_log_var) / 2`, averaged over the images. The sum of the
    result is the KL term of the ELBO; a dimension near zero carries no information.

    Args:
        z_mean: Means of the posterior, shape `(n, latent_dim)`.
        z_log_var: Logarithms of its variances, shape `(n, latent_dim)`.

    Returns:
        KL divergence in nats an image, shape `(latent_dim,)`, float64, never negative.

    Raises:
        ArgumentError: If the shapes differ or a value is not finite.

    References:
        Kingma & Welling (2014), appendix B. arXiv:1312.6114
    """
    mean, log_var = check_posteriors(z_mean, z_log_var, prefix="z_")
    # expm1 keeps the difference exact where the posterior is nearly the prior.
    divergences: np.ndarray = np.mean(mean**2 + (np.expm1(log_var) - log_var), axis=0)
    return 0.5 * divergences


def active_units(z_mean: ArrayLike, *, threshold: float = 0.01) -> np.ndarray:
    """Return which dimensions of the code respond to the image.

    A dimension is active if the variance of its posterior mean over the images is above the
    threshold: `Var_x(E[z | x]) > threshold`.

    Args:
        z_mean: Means of the posterior, shape `(n, latent_dim)`.
        threshold: Variance, in squared latent units. Defaults to `0.01`.

    Returns:
        Whether each dimension is active, shape `(latent_dim,)`, bool.

    Raises:
        ArgumentError: If `z_mean` is not a finite matrix, or `threshold` is negative.

    References:
        Burda, Grosse & Salakhutdinov (2016), "Importance weighted autoencoders", section 5.2.
        arXiv:1509.00519
    """
    if not threshold >= 0:
        raise ArgumentError(f"`threshold` must be >= 0. Received: threshold={threshold}")
    variances: np.ndarray = np.var(check_matrix("z_mean", z_mean), axis=0)
    return variances > threshold
