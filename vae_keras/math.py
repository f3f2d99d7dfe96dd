"""Pure functions on tensors that all axes of the package share. All compute in float32."""

import math
from typing import NamedTuple

from keras import ops

from vae_keras._types import Tensor as Tensor  # a public name, for members outside the package

LOG_VAR_LIMIT = 20.0
_LOG_2_PI = math.log(2.0 * math.pi)


class DiagonalGaussian(NamedTuple):
    """A Gaussian with a diagonal covariance, one for each image of a batch.

    Attributes:
        mean: Shape `(batch, latent_dim)`.
        log_var: Natural logarithm of the variance, shape `(batch, latent_dim)`.
    """

    mean: Tensor
    log_var: Tensor


def sum_per_image(values: Tensor) -> Tensor:
    """Sum the values of each image.

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
    return sum_per_image(kl_per_dimension_to_standard_normal(posterior))


def kl_per_dimension_to_standard_normal(posterior: DiagonalGaussian) -> Tensor:
    """Terms of `kl_to_standard_normal`, one for each latent dimension.

    Args:
        posterior: Mean and log-variance, each `(batch, latent_dim)`.

    Returns:
        Nats, shape `(batch, latent_dim)`, float32, never negative.
    """
    mean = ops.cast(posterior.mean, "float32")
    log_var = ops.cast(posterior.log_var, "float32")
    # Not `exp(log_var) - 1`, which would lose the digits of a variance near 1; what is left of
    # rounding is below 0 by 1e-14 at most.
    of_variance = ops.maximum(ops.expm1(log_var) - log_var, 0.0)
    return 0.5 * (ops.square(mean) + of_variance)


def gaussian_log_prob(gaussian: DiagonalGaussian, values: Tensor) -> Tensor:
    """Log-density of a diagonal Gaussian, summed over everything but the first axis.

    Args:
        gaussian: Mean and log-variance, each `(batch, ...)` or broadcasting to it.
        values: Shape `(batch, ...)`.

    Returns:
        Nats, shape `(batch,)`, float32.
    """
    mean = ops.cast(gaussian.mean, "float32")
    log_var = ops.cast(gaussian.log_var, "float32")
    squares = ops.square(ops.cast(values, "float32") - mean) * ops.exp(-log_var)
    return -0.5 * sum_per_image(squares + log_var + _LOG_2_PI)


def log_mean_exp(values: Tensor, axis: int = 0) -> Tensor:
    """`log(mean(exp(values)))` along an axis, without overflow, in float32.

    Args:
        values: Logarithms, of any shape.
        axis: The axis that the mean goes over.
    """
    values = ops.cast(values, "float32")
    count = ops.cast(ops.shape(values)[axis], "float32")
    return ops.logsumexp(values, axis=axis) - ops.log(count)


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

    While `|values| <= limit - 10` it is the identity to 1e-4, and no result is more than 1e-8
    beyond the limit. Unlike a clip it has a gradient beyond the limit too, which brings values
    back: in float32 up to about `|values| = 120`. It is built of Keras' own operations, so that a
    saved encoder loads without this package.

    Args:
        values: Any shape.
        limit: Bound on the absolute value, > 10. Defaults to 20: `exp(20)` is finite.

    Returns:
        The bounded values, same shape.
    """
    above = ops.softplus(values + limit) - limit
    return limit - ops.softplus(limit - above)
