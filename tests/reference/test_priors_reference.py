"""Priors against scipy's densities, by integration and by sampling."""

import math

import numpy as np
import pytest
from gradients import finite_differences, value_and_gradients
from keras import ops
from scipy import integrate, special, stats

from vae_keras.math import DiagonalGaussian, reparameterize
from vae_keras.priors import Mixture, StandardNormal


def _mixture(components, latent_dim, *, seed=0, spread=1.0):
    """Return a mixture with weights drawn at random, and the weights in float64."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=components)
    means = spread * generator.normal(size=(components, latent_dim))
    log_vars = generator.normal(size=(components, latent_dim))
    prior = Mixture(components)
    prior.build((None, latent_dim))
    for weight, value in zip(prior.weights, (logits, means, log_vars), strict=True):
        weight.assign(value)
    return prior, (logits, means, log_vars)


def _reference_log_prob(codes, logits, means, log_vars):
    log_probs = [
        stats.multivariate_normal(mean, np.diag(np.exp(log_var))).logpdf(codes)
        for mean, log_var in zip(means, log_vars, strict=True)
    ]
    log_shares = special.log_softmax(logits)[:, np.newaxis]
    return special.logsumexp(np.reshape(log_probs, (len(means), -1)) + log_shares, axis=0)


@pytest.mark.parametrize("latent_dim", [1, 2, 20])
@pytest.mark.parametrize("spread", [0.01, 1.0, 6.0])
def test_standard_normal_log_prob(latent_dim, spread):
    codes = spread * np.random.default_rng(0).normal(size=(7, latent_dim))
    expected = stats.multivariate_normal(np.zeros(latent_dim)).logpdf(codes)
    log_prob = ops.convert_to_numpy(StandardNormal().log_prob(codes.astype("float32")))
    np.testing.assert_allclose(log_prob, expected, rtol=1e-5)


@pytest.mark.parametrize("components", [1, 2, 10])
@pytest.mark.parametrize("latent_dim", [1, 2, 20])
@pytest.mark.parametrize("spread", [0.1, 1.0, 10.0])
def test_mixture_log_prob(components, latent_dim, spread):
    prior, weights = _mixture(components, latent_dim, spread=spread)
    codes = spread * np.random.default_rng(1).normal(size=(7, latent_dim))
    log_prob = ops.convert_to_numpy(prior.log_prob(codes.astype("float32")))
    np.testing.assert_allclose(log_prob, _reference_log_prob(codes, *weights), rtol=2e-5)


def test_mixture_is_normalised():
    prior, _ = _mixture(4, 1, spread=3.0)
    grid = np.linspace(-40, 40, 80_001)
    density = np.exp(ops.convert_to_numpy(prior.log_prob(grid[:, np.newaxis].astype("float32"))))
    assert integrate.simpson(density, x=grid) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.backend
def test_gradient_of_the_mixture_for_codes():
    prior, weights = _mixture(3, 2)
    codes = np.random.default_rng(1).normal(size=(4, 2))
    value, gradient = value_and_gradients(lambda codes: ops.sum(prior.log_prob(codes)), codes)
    (expected,) = finite_differences(lambda z: _reference_log_prob(z, *weights).sum(), codes)
    assert float(value) == pytest.approx(_reference_log_prob(codes, *weights).sum(), rel=1e-5)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.backend
def test_gradients_of_the_mixture_for_its_weights():
    _, weights = _mixture(3, 2)
    codes = np.random.default_rng(1).normal(size=(4, 2))

    def total(logits, means, log_vars):
        prior = Mixture(3)
        prior.logits, prior.means, prior.log_vars = logits, means, log_vars
        return ops.sum(prior.log_prob(ops.convert_to_tensor(codes, "float32")))

    _, *gradients = value_and_gradients(total, *weights)
    wanted = finite_differences(lambda *w: _reference_log_prob(codes, *w).sum(), *weights)
    for gradient, expected in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.backend
def test_mixture_samples_follow_its_distribution():
    prior, (logits, means, log_vars) = _mixture(3, 2, spread=4.0)
    codes = ops.convert_to_numpy(prior.sample(5000, seed=0)).astype("float64")
    shares, scales = special.softmax(logits), np.exp(log_vars / 2)
    for j in range(2):
        result = stats.kstest(
            codes[:, j],
            lambda z, j=j: stats.norm.cdf(z[:, None], means[:, j], scales[:, j]) @ shares,
        )
        assert result.pvalue > 1e-3
    mean = shares @ means
    covariance = np.einsum("k,ki,kj->ij", shares, means, means) - np.outer(mean, mean)
    covariance += np.diag(shares @ scales**2)
    np.testing.assert_allclose(codes.mean(axis=0), mean, atol=5 * codes.std() / math.sqrt(5000))
    np.testing.assert_allclose(np.cov(codes.T), covariance, rtol=0.1, atol=0.3)


@pytest.mark.backend
def test_standard_normal_samples():
    prior = StandardNormal()
    prior.build((None, 2))
    codes = ops.convert_to_numpy(prior.sample(5000, seed=0))
    assert all(stats.kstest(codes[:, j], stats.norm.cdf).pvalue > 1e-3 for j in range(2))
    assert abs(np.corrcoef(codes.T)[0, 1]) < 4 / math.sqrt(5000)


def _posterior_and_codes(mean, log_var, draws):
    shape = (draws, len(mean))
    posterior = DiagonalGaussian(
        *(np.broadcast_to(np.asarray(one, "float32"), shape) for one in (mean, log_var))
    )
    noise = np.random.default_rng(0).normal(size=shape).astype("float32")
    return posterior, reparameterize(posterior, noise)


def test_kl_to_a_mixture_is_right_on_average():
    prior, weights = _mixture(3, 1, spread=2.0)
    mean, log_var = 0.5, -1.0
    q = stats.norm(mean, math.exp(log_var / 2))
    integral, _ = integrate.quad(
        lambda z: q.pdf(z) * (q.logpdf(z) - _reference_log_prob([z], *weights)[0]),
        *q.interval(1 - 1e-12),
    )
    estimates = ops.convert_to_numpy(prior.kl(*_posterior_and_codes([mean], [log_var], 20_000)))
    error = float(estimates.std()) / math.sqrt(len(estimates))
    assert estimates.mean() == pytest.approx(integral, abs=4 * error)


def test_the_estimate_of_the_kl_agrees_with_the_closed_form():
    prior = Mixture(1)
    prior.build((None, 3))
    prior.means.assign(np.zeros((1, 3)))
    posterior, codes = _posterior_and_codes([0.8, -1.5, 0.0], [-1.0, 0.7, 0.3], 20_000)
    estimates = ops.convert_to_numpy(prior.kl(posterior, codes))
    closed = float(StandardNormal().kl(posterior, codes)[0])
    error = float(estimates.std()) / math.sqrt(len(estimates))
    assert estimates.mean() == pytest.approx(closed, abs=4 * error)
