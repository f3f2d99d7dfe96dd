"""The three Gaussian likelihoods against scipy.stats.norm."""

import numpy as np
import pytest
from likelihood_helpers import (
    DTYPES,
    RANGES,
    SHAPES,
    UNIT,
    draw_images,
    finite_differences,
    float_type,
    gradient,
    per_image,
    values_of,
)
from scipy import special, stats

from vae_keras.likelihoods import Gaussian, LearnedGaussian, OptimalGaussian

DRAWS = 20_000


def _reference(x, mean, scale):
    return per_image(stats.norm(mean.astype("float64"), scale).logpdf(x.astype("float64")))


def _reference_learned(x, parameters, data_range, min_scale):
    raw_mean, raw_scale = np.split(parameters.astype("float64"), 2, axis=-1)
    mean = special.expit(raw_mean) if data_range == UNIT else np.tanh(raw_mean)
    return _reference(x, mean, min_scale + np.exp(raw_scale))


def _parameters(shape, channels, n=5):
    """Draw outputs of a decoder: means before the activation, then log-scales near 0.1."""
    raw = np.random.default_rng(1).normal(size=(n, *shape[:2], 2 * channels))
    raw[..., channels:] -= 2.0
    return raw


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("data_range", RANGES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [0.01, 0.3, 1.0, 7.0])
def test_gaussian_log_prob(shape, data_range, dtype, scale):
    x = draw_images(shape, data_range, dtype)
    mean = np.random.default_rng(1).uniform(*data_range, x.shape).astype(float_type(dtype))
    log_prob = values_of(Gaussian(scale, data_range).log_prob(x, mean))
    np.testing.assert_allclose(log_prob, _reference(x, mean, scale), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("data_range", RANGES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["learned", "analytic"])
def test_optimal_gaussian_log_prob(shape, data_range, dtype, mode):
    x = draw_images(shape, data_range, dtype)
    mean = np.random.default_rng(1).uniform(*data_range, x.shape).astype(float_type(dtype))
    likelihood = OptimalGaussian(data_range, mode=mode)
    for variable in (likelihood.raw_log_scale,) if mode == "learned" else (likelihood.mean_square,):
        variable.assign(0.2)
    log_prob = values_of(likelihood.log_prob(x, mean))
    step = (data_range[1] - data_range[0]) / 255
    scale = step + np.exp(0.2) if mode == "learned" else np.sqrt(0.2)
    np.testing.assert_allclose(log_prob, _reference(x, mean, scale), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("data_range", RANGES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_learned_gaussian_log_prob(shape, data_range, dtype):
    x = draw_images(shape, data_range, dtype)
    parameters = _parameters(shape, shape[2]).astype(float_type(dtype))
    likelihood = LearnedGaussian(data_range)
    expected = _reference_learned(x, parameters, data_range, likelihood.min_scale)
    log_prob = values_of(likelihood.log_prob(x, parameters))
    np.testing.assert_allclose(log_prob, expected, rtol=3e-5, atol=3e-5)


@pytest.mark.backend
@pytest.mark.parametrize("min_scale", [1e-3, 0.05, 2.0])
def test_learned_gaussian_scales_down_to_the_bound(min_scale):
    raw = np.linspace(-15, 9, 49, dtype="float32").reshape(1, 7, 7, 1)
    parameters = np.concatenate([np.zeros_like(raw), raw], axis=-1)
    scale = values_of(LearnedGaussian(min_scale=min_scale).scale(parameters))
    np.testing.assert_allclose(scale, min_scale + np.exp(raw.astype("float64")), rtol=1e-4)


@pytest.mark.backend
def test_gaussian_gradient():
    x, mean = np.random.default_rng(0).random((2, 2, 3, 3, 3)).astype("float32")
    expected = finite_differences(lambda values: _reference(x, values, 0.2), mean)
    result = gradient(lambda values: Gaussian(0.2).log_prob(x, values), mean)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.backend
@pytest.mark.parametrize("data_range", RANGES)
def test_learned_gaussian_gradient(data_range):
    x = draw_images((3, 2, 3), data_range, "float32", n=2)
    parameters = _parameters((3, 2), 3, n=2)
    likelihood = LearnedGaussian(data_range)
    expected = finite_differences(
        lambda values: _reference_learned(x, values, data_range, likelihood.min_scale), parameters
    )
    result = gradient(lambda values: likelihood.log_prob(x, values), parameters)
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.backend
@pytest.mark.parametrize("data_range", RANGES)
def test_analytic_scale_gives_the_gradient_of_the_optimum_plugged_in(data_range):
    x = draw_images((3, 2, 3), data_range, "float32", n=4)
    mean = np.random.default_rng(1).uniform(*data_range, x.shape)

    def optimum_plugged_in(values):
        return -np.sum(stats.norm(values, np.sqrt(np.mean((x - values) ** 2))).logpdf(x))

    expected = finite_differences(optimum_plugged_in, mean)
    likelihood = OptimalGaussian(data_range, mode="analytic")
    result = gradient(lambda values: likelihood.loss(x, values, training=True), mean)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.backend
@pytest.mark.parametrize("data_range", RANGES)
def test_samples_are_normal(data_range):
    raw = np.array([[-1.0, -3.0], [0.0, 0.0], [2.0, -1.0]]).reshape(3, 1, 1, 2)
    learned = LearnedGaussian(data_range)
    mean = values_of(learned.mean(raw)).ravel()
    raw_scales = [learned.min_scale + np.exp(log_scale) for log_scale in (-3.0, 0.0, -1.0)]
    optimal = OptimalGaussian(data_range, mode="analytic")
    optimal.mean_square.assign(0.09)
    images = mean.reshape(3, 1, 1, 1)
    cases = [
        (learned, raw, raw_scales),
        (Gaussian(0.1, data_range), images, [0.1] * 3),
        (optimal, images, [0.3] * 3),
    ]
    for seed, (likelihood, parameters, scales) in enumerate(cases):
        draws = likelihood.sample(np.tile(parameters, (1, 1, DRAWS, 1)), seed=seed)
        draws = values_of(draws).reshape(3, DRAWS)
        for pixel, center, scale in zip(draws, mean, scales, strict=True):
            # Each device draws its own numbers.
            assert stats.kstest(pixel, stats.norm(center, scale).cdf).pvalue > 1e-5
            assert abs(pixel.mean() - center) < 5 * scale / np.sqrt(DRAWS)
            assert pixel.std() == pytest.approx(scale, rel=0.03)
