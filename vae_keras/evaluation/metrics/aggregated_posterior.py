"""The two parts of the ELBO's KL term: information in the codes, and their distance from the prior.

The mean over the images of `KL(q(z|x) || p(z))` is the mutual information of image and code plus
the KL divergence of the aggregated posterior `q(z) = 1/N sum_i q(z | x_i)` from the prior. The
first is the purpose of a code; the second makes samples from the prior differ from
reconstructions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_posteriors
from vae_keras.checks import check_seed, integer
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics.estimates import Estimate, standard_error

_LOG_2_PI = math.log(2.0 * math.pi)
# Values in a table of codes x images. A few such tables exist at once, and fit in the cache.
_CHUNK_VALUES = 2**17
# exp(300), the standard deviation at this limit, is finite even when squared.
_LARGEST_LOG_VAR = 600.0


@dataclass(frozen=True)
class ELBOSurgery:
    """The two parts of the mean KL divergence; see `elbo_surgery`.

    Attributes:
        mutual_information: `I(x; z)` under `q`, in nats.
        aggregated_posterior_kl: `KL(q(z) || p(z))`, in nats.
    """

    mutual_information: Estimate
    aggregated_posterior_kl: Estimate


def elbo_surgery(
    z_mean: ArrayLike,
    z_log_var: ArrayLike,
    prior_log_prob: Callable[[np.ndarray], ArrayLike] | None = None,
    *,
    samples: int = 2000,
    seed: int = 0,
) -> ELBOSurgery:
    """Estimate mutual information and the aggregated posterior's KL from the same draws.

    `I = E[log q(z|x) - log q(z)]` and `KL = E[log q(z) - log p(z)]`, over images `x` taken in turn
    from a random order and a code `z` from the posterior of each. `q(z)` is the exact mixture of
    the posteriors of all N images. The sum of the two estimates the mean over the images of
    `KL(q(z|x) || p(z))`.

    The mutual information is that of a code and one of these N images, and at most `log N`, which
    a model reaches that tells all of them apart. With N it rises, and the KL divergence of the
    aggregated posterior falls: compare only values of equal N.

    Args:
        z_mean: Means of the posteriors, shape `(N, latent_dim)`.
        z_log_var: Logarithms of their variances, shape `(N, latent_dim)`, within ±600.
        prior_log_prob: Log-density of the prior in nats: takes codes `(n, latent_dim)`, float64,
            and gives `(n,)`. `None` is the standard normal.
        samples: Number of codes, at least 2. Time goes with `samples * N * latent_dim`. Defaults
            to `2000`.
        seed: Seed of the draws. Defaults to `0`.

    Returns:
        Both estimates in nats. Their standard errors are those of the draws, not of the choice of
        images. The KL divergence may be negative by a few standard errors.

    Raises:
        ArgumentError: If the arrays do not fit or are not finite, `samples` or `seed` is out of
            range, or the prior's log-density does not fit the codes or is not finite.

    References:
        Hoffman & Johnson (2016), "ELBO surgery: yet another way to carve up the variational
        evidence lower bound", NIPS workshop on advances in approximate Bayesian inference.
    """
    mean, log_var = check_posteriors(z_mean, z_log_var, prefix="z_")
    integer("samples", samples, at_least=2)
    check_seed(seed)
    if np.abs(log_var).max() > _LARGEST_LOG_VAR:
        raise ArgumentError(
            f"`z_log_var` must lie within ±{_LARGEST_LOG_VAR:g}. "
            f"Received: values in [{log_var.min():.4g}, {log_var.max():.4g}]"
        )
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(mean))
    chosen = order[np.arange(samples) % len(mean)]
    noise = generator.standard_normal((samples, mean.shape[1]))
    codes = mean[chosen] + np.exp(0.5 * log_var[chosen]) * noise

    # The density of a code under its own posterior is computed from the noise, so that rounding of
    # the code does not matter, however narrow the posterior is.
    own = -0.5 * np.sum(noise**2 + log_var[chosen] + _LOG_2_PI, axis=1)
    mixture = _mixture_log_prob(codes, mean, log_var, chosen, own)
    if prior_log_prob is None:
        prior = -0.5 * np.sum(codes**2 + _LOG_2_PI, axis=1)
    else:
        prior = _checked_prior(prior_log_prob(codes), samples)
    return ELBOSurgery(
        mutual_information=_mean(own - mixture), aggregated_posterior_kl=_mean(mixture - prior)
    )


def mutual_information(
    z_mean: ArrayLike, z_log_var: ArrayLike, *, samples: int = 2000, seed: int = 0
) -> Estimate:
    """Estimate the mutual information of an image and its code, in nats; see `elbo_surgery`.

    Args:
        z_mean: Means of the posteriors, shape `(N, latent_dim)`.
        z_log_var: Logarithms of their variances, the same shape.
        samples: Number of codes, at least 2. Defaults to `2000`.
        seed: Seed of the draws. Defaults to `0`.

    Returns:
        `I(x; z)` of the N images in nats, at most `log N`, with the standard error of the draws.

    Raises:
        ArgumentError: As `elbo_surgery`.
    """
    return elbo_surgery(z_mean, z_log_var, samples=samples, seed=seed).mutual_information


def aggregated_posterior_kl(
    z_mean: ArrayLike,
    z_log_var: ArrayLike,
    prior_log_prob: Callable[[np.ndarray], ArrayLike] | None = None,
    *,
    samples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Estimate `KL(q(z) || p(z))`, the marginal KL, in nats; see `elbo_surgery`.

    Args:
        z_mean: Means of the posteriors, shape `(N, latent_dim)`.
        z_log_var: Logarithms of their variances, the same shape.
        prior_log_prob: Log-density of the prior, codes `(n, latent_dim)` to nats `(n,)`. `None` is
            the standard normal.
        samples: Number of codes, at least 2. Defaults to `2000`.
        seed: Seed of the draws. Defaults to `0`.

    Returns:
        The divergence in nats with the standard error of the draws.

    Raises:
        ArgumentError: As `elbo_surgery`.
    """
    both = elbo_surgery(z_mean, z_log_var, prior_log_prob, samples=samples, seed=seed)
    return both.aggregated_posterior_kl


def _mixture_log_prob(
    codes: np.ndarray, mean: np.ndarray, log_var: np.ndarray, chosen: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Return `log q(z)` of each code; `own` is that of the posterior `chosen` alone."""
    from scipy.special import logsumexp  # type: ignore[import-untyped]

    # Dimensions come first, so that each step runs along contiguous memory. Differences are squared
    # one dimension at a time: expanded into products they would cancel for narrow posteriors.
    means, inverse_std = np.ascontiguousarray(mean.T), np.exp(-0.5 * log_var.T)
    constants = -0.5 * np.sum(log_var + _LOG_2_PI, axis=1)
    result = np.empty(len(codes))
    at_once = max(1, _CHUNK_VALUES // len(mean))
    for start in range(0, len(codes), at_once):
        part = slice(start, start + at_once)
        squares = np.zeros((len(codes[part]), len(mean)))
        scaled = np.empty_like(squares)
        for j in range(mean.shape[1]):
            np.subtract(codes[part, j, None], means[j], out=scaled)
            scaled *= inverse_std[j]
            scaled *= scaled
            squares += scaled
        table = constants - 0.5 * squares
        table[np.arange(len(table)), chosen[part]] = own[part]
        result[part] = logsumexp(table, axis=1)
    return result - math.log(len(mean))


def _checked_prior(values: ArrayLike, samples: int) -> np.ndarray:
    nats = np.asarray(values, dtype=np.float64)
    if nats.shape != (samples,) or not np.isfinite(nats).all():
        raise ArgumentError(
            f"`prior_log_prob` must give a finite number for each of {samples} codes, shape "
            f"({samples},). Received: shape {nats.shape}, "
            f"{np.count_nonzero(~np.isfinite(nats))} of them NaN or infinite"
        )
    return nats


def _mean(values: np.ndarray) -> Estimate:
    return Estimate(float(values.mean()), standard_error(values))
