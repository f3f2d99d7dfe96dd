"""Squared error and Bernoulli against scipy.stats."""

import math

import numpy as np
import pytest
from likelihood_helpers import (
    DTYPES,
    RANGES,
    SHAPES,
    draw_images,
    finite_differences,
    float_type,
    gradient,
    per_image,
    values_of,
)
from scipy import special, stats

from vae_keras.likelihoods import Bernoulli, SquaredError


def _reference_squared_error(x, mean):
    return per_image(stats.norm(mean.astype("float64"), math.sqrt(0.5)).logpdf(x.astype("float64")))


def _reference_bernoulli(x, logits):
    p = special.expit(logits.astype("float64"))
    return per_image(stats.bernoulli(p).logpmf(x.astype(int)))


@pytest.mark.parametrize("shape", [*SHAPES, (28, 28, 1)])
@pytest.mark.parametrize("data_range", RANGES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_squared_error_log_prob(shape, data_range, dtype):
    x = draw_images(shape, data_range, dtype)
    mean = np.random.default_rng(1).uniform(*data_range, x.shape).astype(float_type(dtype))
    likelihood = SquaredError(data_range)
    log_prob = values_of(likelihood.log_prob(x, mean))
    np.testing.assert_allclose(log_prob, _reference_squared_error(x, mean), rtol=2e-5)
    squares = per_image((x.astype("float64") - mean.astype("float64")) ** 2)
    np.testing.assert_allclose(values_of(likelihood.loss(x, mean)), squares, rtol=2e-5)


@pytest.mark.parametrize("shape", [*SHAPES, (28, 28, 1)])
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_bernoulli_log_prob(shape, scale, dtype):
    generator = np.random.default_rng(0)
    x = generator.integers(0, 2, (5, *shape)).astype(dtype)
    logits = (scale * generator.normal(size=(5, *shape))).astype(dtype)
    log_prob = values_of(Bernoulli().log_prob(x, logits))
    np.testing.assert_allclose(log_prob, _reference_bernoulli(x, logits), rtol=2e-5, atol=2e-5)


def test_bernoulli_of_grey_values_is_a_cross_entropy():
    generator = np.random.default_rng(0)
    x, logits = generator.random((4, 6, 6, 3)), generator.normal(size=(4, 6, 6, 3))
    p = special.expit(logits)
    expected = per_image(special.xlogy(x, p) + special.xlogy(1 - x, 1 - p))
    np.testing.assert_allclose(values_of(Bernoulli().log_prob(x, logits)), expected, rtol=1e-5)


@pytest.mark.backend
def test_bernoulli_gradient():
    generator = np.random.default_rng(0)
    x = generator.integers(0, 2, (2, 3, 3, 3)).astype("float32")
    logits = generator.normal(size=(2, 3, 3, 3)).astype("float32")
    expected = finite_differences(lambda values: _reference_bernoulli(x, values), logits)
    result = gradient(lambda values: Bernoulli().log_prob(x, values), logits)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.backend
def test_squared_error_gradient():
    x, mean = np.random.default_rng(0).random((2, 2, 3, 3, 3)).astype("float32")
    expected = finite_differences(lambda values: _reference_squared_error(x, values), mean)
    result = gradient(lambda values: SquaredError().log_prob(x, values), mean)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.backend
@pytest.mark.parametrize("logit", [-1e4, -100.0, 100.0, 1e4])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_bernoulli_gradient_stays_finite_at_extreme_logits(logit, value):
    x = np.full((1, 1, 1, 1), value, "float32")
    result = gradient(lambda values: Bernoulli().log_prob(x, values), np.full(x.shape, logit))
    np.testing.assert_allclose(result, value - special.expit(logit), atol=1e-6)


def test_squared_error_samples():
    mean = np.linspace(0, 1, 4, dtype="float32").reshape(1, 2, 2, 1)
    draws = SquaredError().sample(np.repeat(mean, 20_000, axis=0), seed=0)
    draws = values_of(draws).reshape(20_000, 4)
    error = math.sqrt(0.5 / 20_000)
    np.testing.assert_allclose(draws.mean(axis=0), mean.ravel(), atol=5 * error)
    np.testing.assert_allclose(draws.std(axis=0), math.sqrt(0.5), rtol=0.03)


def test_bernoulli_samples():
    p = np.array([0.01, 0.3, 0.5, 0.95])
    logits = special.logit(p).astype("float32").reshape(1, 2, 2, 1)
    draws = values_of(Bernoulli().sample(np.repeat(logits, 20_000, axis=0), seed=0))
    error = np.sqrt(p * (1 - p) / 20_000)
    assert np.all(np.abs(draws.reshape(20_000, 4).mean(axis=0) - p) < 5 * error)
