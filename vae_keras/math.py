"""Pure functions on tensors that every axis of the package shares. All run in float32."""

from typing import Any, NamedTuple

from keras import ops

Tensor = Any  # a tensor of whichever backend runs

LOG_VAR_LIMIT = 20.0


class DiagonalGaussian(NamedTuple):
    """A Gaussian with a diagonal covariance, one for each image of a batch.

    Attributes:
        mean: Shape `(batch, latent_dim)`.
        log_var: Natural logarithm of the variance, shape `(batch, latent_dim)`.
    """

    mean: Tensor
    log_var: Tensor


def sum_per_image(values: Tensor) -> Tensor:
    """Sum everything that belongs to one image.

    Args:
        values: Shape `(batch, ...)`.

    Returns:
        Shape `(batch,)`, float32.
    """
    values = ops.cast(values, "float32")
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))


def kl_to_standard_normal(posterior: DiagonalGaussian) -> Tensor:
    """Kullback-Leibler divergence of a diagonal Gaussian from the standard normal.

    `KL = 1/2 sum_j (mean_j^2 + var_j - 1 - log var_j)`, summed over the latent dimensions.

    Args:
        posterior: Mean and log-variance, each `(batch, latent_dim)`.

    Returns:
        Nats per image, shape `(batch,)`, float32, never negative.

    References:
        Kingma & Welling (2014), appendix B. arXiv:1312.6114
    """
    mean = ops.cast(posterior.mean, "float32")
    log_var = ops.cast(posterior.log_var, "float32")
    return 0.5 * sum_per_image(ops.square(mean) + ops.exp(log_var) - 1.0 - log_var)


def reparameterize(posterior: DiagonalGaussian, noise: Tensor) -> Tensor:
    """Turn standard normal noise into a draw from `posterior`: `mean + exp(log_var / 2) noise`.

    Args:
        posterior: Mean and log-variance, each `(batch, latent_dim)`.
        noise: Standard normal draws, shape `(batch, latent_dim)`.

    Returns:
        Codes, shape `(batch, latent_dim)`, float32; gradients flow to mean and log-variance.

    References:
        Kingma & Welling (2014), section 2.4. arXiv:1312.6114
    """
    mean = ops.cast(posterior.mean, "float32")
    log_var = ops.cast(posterior.log_var, "float32")
    return mean + ops.exp(0.5 * log_var) * ops.cast(noise, "float32")


def soft_bound(values: Tensor, limit: float = LOG_VAR_LIMIT) -> Tensor:
    """Keep values within `[-limit, limit]`, softly.

    The identity to 1e-4 while `|values| <= limit - 10`, and never further out than 1e-8 beyond the
    limit. Unlike a clip it has a gradient beyond the limit too, by which values come back; in
    float32 that is until about `|values| = 120`. Built from Keras' own operations alone, so that a
    saved encoder loads without this package.

    Args:
        values: Any shape.
        limit: Bound on the absolute value, > 10. For log-variances `exp(20)` stays finite.

    Returns:
        The bounded values, same shape.
    """
    above = ops.softplus(values + limit) - limit
    return limit - ops.softplus(limit - above)
