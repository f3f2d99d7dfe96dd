"""Likelihoods against scipy.stats."""

import math

import numpy as np
import pytest
from keras import ops
from scipy import special, stats

from vae_keras.likelihoods import Bernoulli, SquaredError

SHAPES = [(1, 1, 1), (4, 4, 1), (28, 28, 1), (8, 8, 3), (5, 7, 3), (3, 2, 4)]
UNIT, SYMMETRIC = (0.0, 1.0), (-1.0, 1.0)


def _reference_squared_error(x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    pixels = stats.norm(mean.astype("float64"), math.sqrt(0.5)).logpdf(x.astype("float64"))
    return pixels.reshape(len(x), -1).sum(axis=1)


def _reference_bernoulli(x: np.ndarray, logits: np.ndarray) -> np.ndarray:
    p = special.expit(logits.astype("float64"))
    return stats.bernoulli(p).logpmf(x.astype(int)).reshape(len(x), -1).sum(axis=1)


def _finite_differences(function, parameters: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences, in float64, of the sum of `function` over the batch."""
    parameters = parameters.astype("float64")
    gradient = np.zeros_like(parameters)
    for index in np.ndindex(parameters.shape):
        up, down = parameters.copy(), parameters.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (function(up).sum() - function(down).sum()) / (2 * step)
    return gradient


def _gradient(likelihood, x: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    tf = pytest.importorskip("tensorflow")
    parameters = tf.constant(parameters)
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        total = ops.sum(likelihood.log_prob(x, parameters))
    return tape.gradient(total, parameters).numpy()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("data_range", [UNIT, SYMMETRIC])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_squared_error_log_prob(shape, data_range, dtype):
    generator = np.random.default_rng(0)
    x, mean = generator.uniform(*data_range, (2, 5, *shape)).astype(dtype)
    likelihood = SquaredError(data_range)
    log_prob = ops.convert_to_numpy(likelihood.log_prob(x, mean))
    np.testing.assert_allclose(log_prob, _reference_squared_error(x, mean), rtol=2e-5)
    squares = ((x.astype("float64") - mean.astype("float64")) ** 2).reshape(5, -1).sum(axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(likelihood.loss(x, mean)), squares, rtol=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_bernoulli_log_prob(shape, scale, dtype):
    generator = np.random.default_rng(0)
    x = generator.integers(0, 2, (5, *shape)).astype(dtype)
    logits = (scale * generator.normal(size=(5, *shape))).astype(dtype)
    log_prob = ops.convert_to_numpy(Bernoulli().log_prob(x, logits))
    np.testing.assert_allclose(log_prob, _reference_bernoulli(x, logits), rtol=2e-5, atol=2e-5)


def test_bernoulli_of_grey_values_is_a_cross_entropy():
    generator = np.random.default_rng(0)
    x, logits = generator.random((4, 6, 6, 3)), generator.normal(size=(4, 6, 6, 3))
    p = special.expit(logits)
    expected = (special.xlogy(x, p) + special.xlogy(1 - x, 1 - p)).reshape(4, -1).sum(axis=1)
    log_prob = ops.convert_to_numpy(Bernoulli().log_prob(x, logits))
    np.testing.assert_allclose(log_prob, expected, rtol=1e-5)


def test_bernoulli_gradient():
    generator = np.random.default_rng(0)
    x = generator.integers(0, 2, (2, 3, 3, 3)).astype("float32")
    logits = generator.normal(size=(2, 3, 3, 3)).astype("float32")
    expected = _finite_differences(lambda values: _reference_bernoulli(x, values), logits)
    np.testing.assert_allclose(_gradient(Bernoulli(), x, logits), expected, rtol=1e-4, atol=1e-6)


def test_squared_error_gradient():
    x, mean = np.random.default_rng(0).random((2, 2, 3, 3, 3)).astype("float32")
    expected = _finite_differences(lambda values: _reference_squared_error(x, values), mean)
    np.testing.assert_allclose(_gradient(SquaredError(), x, mean), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("logit", [-1e4, -100.0, 100.0, 1e4])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_bernoulli_gradient_stays_finite_at_extreme_logits(logit, value):
    x = np.full((1, 1, 1, 1), value, "float32")
    gradient = _gradient(Bernoulli(), x, np.full((1, 1, 1, 1), logit, "float32"))
    np.testing.assert_allclose(gradient, value - special.expit(logit), atol=1e-6)


def test_squared_error_samples():
    mean = np.linspace(0, 1, 4, dtype="float32").reshape(1, 2, 2, 1)
    draws = SquaredError().sample(np.repeat(mean, 20_000, axis=0), seed=0)
    draws = ops.convert_to_numpy(draws).reshape(20_000, 4)
    error = math.sqrt(0.5 / 20_000)
    np.testing.assert_allclose(draws.mean(axis=0), mean.ravel(), atol=5 * error)
    np.testing.assert_allclose(draws.std(axis=0), math.sqrt(0.5), rtol=0.03)


def test_bernoulli_samples():
    p = np.array([0.01, 0.3, 0.5, 0.95])
    logits = special.logit(p).astype("float32").reshape(1, 2, 2, 1)
    draws = ops.convert_to_numpy(Bernoulli().sample(np.repeat(logits, 20_000, axis=0), seed=0))
    error = np.sqrt(p * (1 - p) / 20_000)
    assert np.all(np.abs(draws.reshape(20_000, 4).mean(axis=0) - p) < 5 * error)
