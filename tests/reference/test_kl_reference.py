"""KL divergence against scipy's densities: term by term, by integration and by sampling."""

import math

import numpy as np
import pytest
from keras import ops
from scipy import integrate, stats

from vae_keras.math import DiagonalGaussian, kl_to_standard_normal


def _reference_kl(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """Cross-entropy minus entropy of each dimension, in a double loop."""
    result = np.zeros(len(mean))
    for i in range(mean.shape[0]):
        for j in range(mean.shape[1]):
            posterior = stats.norm(mean[i, j], math.exp(log_var[i, j] / 2))
            # E_q[-log p] of the standard normal is ln(2 pi)/2 + E_q[z^2]/2.
            cross_entropy = 0.5 * math.log(2 * math.pi) + 0.5 * posterior.moment(2)
            result[i] += cross_entropy - posterior.entropy()
    return result


def _kl(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    return ops.convert_to_numpy(kl_to_standard_normal(DiagonalGaussian(mean, log_var)))


@pytest.mark.parametrize("latent_dim", [1, 2, 20])
@pytest.mark.parametrize("spread", [0.01, 1.0, 4.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kl_against_a_double_loop(latent_dim, spread, dtype):
    generator = np.random.default_rng(latent_dim)
    mean = (spread * generator.normal(size=(6, latent_dim))).astype(dtype)
    log_var = (spread * generator.normal(size=(6, latent_dim))).astype(dtype)
    np.testing.assert_allclose(
        _kl(mean, log_var), _reference_kl(mean, log_var), rtol=1e-5, atol=5e-6
    )


@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (1.5, -2.0), (-3.0, 1.0), (0.2, 2.5)])
def test_kl_against_an_integral(mean, log_var):
    q, p = stats.norm(mean, math.exp(log_var / 2)), stats.norm()
    integral, _ = integrate.quad(
        lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), *q.interval(1 - 1e-14), limit=200
    )
    kl = _kl(np.array([[mean]]), np.array([[log_var]]))
    np.testing.assert_allclose(kl, integral, rtol=1e-5, atol=1e-6)


def test_kl_against_a_monte_carlo_estimate():
    generator = np.random.default_rng(0)
    mean, log_var = np.array([0.8, -1.5, 0.0]), np.array([-1.0, 0.7, 0.3])
    q, draws = stats.norm(mean, np.exp(log_var / 2)), 40_000
    z = q.rvs((draws, 3), random_state=generator)
    ratio = (q.logpdf(z) - stats.norm.logpdf(z)).sum(axis=1)
    (kl,) = _kl(mean[np.newaxis], log_var[np.newaxis])
    assert kl == pytest.approx(ratio.mean(), abs=5 * ratio.std() / math.sqrt(draws))
