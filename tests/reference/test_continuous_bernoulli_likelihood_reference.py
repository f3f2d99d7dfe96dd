"""Continuous Bernoulli against numerical integration and the truncated exponential."""

import numpy as np
import pytest
from likelihood_helpers import (
    DTYPES,
    SHAPES,
    UNIT,
    draw_images,
    finite_differences,
    float_type,
    gradient,
    per_image,
    values_of,
)
from scipy import integrate, special, stats

from vae_keras.likelihoods import ContinuousBernoulli

SIZES = [1e-30, 1e-8, 1e-4, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.9, 0.999, 1.0, 1.001, 1.5, 3, 10, 30, 50]
LOGITS = np.array([0.0, *SIZES, *(-size for size in SIZES)])


def _integral(power, logit):
    """Integrate `x^power exp(logit x)` over `[0, 1]`."""
    return integrate.quad(lambda x: x**power * np.exp(logit * x), 0, 1, epsabs=0, epsrel=1e-11)[0]


def _log_density(x, logits):
    """Log-density of the truncated exponential that it is, or of its mirror image."""
    x, logits = np.broadcast_arrays(x, logits)
    x, logits = x.astype("float64"), logits.astype("float64")
    size = np.maximum(np.abs(logits), 1e-12)
    distance = np.clip(np.where(logits > 0, 1 - x, x), 0, 1)
    return stats.truncexpon(size).logpdf(np.minimum(size * distance, size)) + np.log(size)


def _column(values):
    return np.asarray(values, "float32").reshape(-1, 1, 1, 1)


@pytest.mark.backend
@pytest.mark.parametrize("value", [0.0, 0.25, 0.5, 1.0])
def test_log_prob_and_gradient_over_all_logits(value):
    logits = _column(LOGITS)
    x = np.full_like(logits, value)
    moments = np.array([[_integral(power, logit) for power in range(3)] for logit in LOGITS])
    mean = moments[:, 1] / moments[:, 0]
    variance = moments[:, 2] / moments[:, 0] - mean**2

    likelihood = ContinuousBernoulli()
    expected = value * LOGITS - np.log(moments[:, 0])
    log_prob = values_of(likelihood.log_prob(x, logits))
    np.testing.assert_allclose(log_prob, expected, rtol=2e-6, atol=4e-6)
    np.testing.assert_allclose(log_prob, _log_density(value, LOGITS), rtol=2e-6, atol=4e-6)
    result = gradient(lambda values: likelihood.log_prob(x, values), logits).ravel()
    np.testing.assert_allclose(result, value - mean, atol=1e-6)

    np.testing.assert_allclose(values_of(likelihood.mean(logits)).ravel(), mean, rtol=2e-6)
    result = gradient(likelihood.mean, logits).ravel()
    np.testing.assert_allclose(result, variance, rtol=1e-4, atol=1e-6)


@pytest.mark.backend
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_extreme_logits_stay_finite(value):
    logit = np.array([-1e30, -1e4, -100.0, 100.0, 1e4, 1e30])
    likelihood, logits = ContinuousBernoulli(), _column(logit)
    x = np.full_like(logits, value)
    expected = np.log(abs(logit)) - np.where(value == (logit > 0), 0, abs(logit))
    np.testing.assert_allclose(values_of(likelihood.log_prob(x, logits)), expected, rtol=1e-6)
    result = gradient(lambda values: likelihood.log_prob(x, values), logits)
    mean = (logit > 0) - 1 / logit
    np.testing.assert_allclose(result.ravel(), value - mean, atol=1e-7)
    assert np.isfinite(gradient(likelihood.mean, logits)).all()
    draws = values_of(likelihood.sample(logits, seed=0)).ravel()
    np.testing.assert_allclose(draws, logit > 0, atol=0.2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [0.1, 3.0, 30.0])
def test_log_prob_of_images(shape, dtype, scale):
    x = draw_images(shape, UNIT, dtype)
    logits = scale * np.random.default_rng(1).normal(size=x.shape).clip(-1.5, 1.5)
    logits = logits.astype(float_type(dtype))
    log_prob = values_of(ContinuousBernoulli().log_prob(x, logits))
    np.testing.assert_allclose(log_prob, per_image(_log_density(x, logits)), rtol=2e-5, atol=2e-5)


def test_it_is_the_published_normaliser_times_the_bernoulli():
    x = np.random.default_rng(0).random((6, 1, 1, 1))
    logits = np.array([-6.0, -2.0, -0.6, 0.4, 1.7, 5.0]).reshape(x.shape)
    p = special.expit(logits)
    normaliser = 2 * np.arctanh(1 - 2 * p) / (1 - 2 * p)
    expected = per_image(np.log(normaliser * p**x * (1 - p) ** (1 - x)))
    log_prob = values_of(ContinuousBernoulli().log_prob(x, logits))
    np.testing.assert_allclose(log_prob, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("logit", [-20.0, -1.0, -1e-3, 0.0, 0.7, 4.0])
def test_the_density_integrates_to_one(logit):
    likelihood = ContinuousBernoulli()

    def density(x):
        return float(np.exp(values_of(likelihood.log_prob(_column([x]), _column([logit])))[0]))

    assert integrate.quad(density, 0, 1, epsrel=1e-4)[0] == pytest.approx(1, abs=1e-5)


@pytest.mark.backend
def test_gradient_of_images():
    x = np.random.default_rng(0).random((2, 3, 2, 3)).astype("float32")
    logits = np.random.default_rng(1).normal(size=x.shape, scale=2.0)
    expected = finite_differences(lambda values: per_image(_log_density(x, values)), logits)
    result = gradient(lambda values: ContinuousBernoulli().log_prob(x, values), logits)
    np.testing.assert_allclose(result, expected, atol=1e-5)


@pytest.mark.backend
@pytest.mark.parametrize("logit", [-50.0, -8.0, -1.0, -1e-7, 0.0, 1e-3, 2.0, 20.0])
def test_samples(logit):
    logits = np.full((1, 100, 200, 1), logit, "float32")
    draws = values_of(ContinuousBernoulli().sample(logits, seed=0)).ravel()
    size = max(abs(logit), 1e-12)
    distance = 1 - draws if logit > 0 else draws
    assert draws.min() >= 0 and draws.max() <= 1
    assert stats.kstest(distance, stats.truncexpon(size, scale=1 / size).cdf).pvalue > 1e-3
    mean = _integral(1, logit) / _integral(0, logit)
    variance = _integral(2, logit) / _integral(0, logit) - mean**2
    assert abs(draws.mean() - mean) < 5 * np.sqrt(variance / draws.size)
    assert draws.var() == pytest.approx(variance, rel=0.05)
