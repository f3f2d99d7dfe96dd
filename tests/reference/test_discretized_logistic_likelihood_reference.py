"""Discretised logistic against scipy.stats.logistic, level by level."""

import itertools

import numpy as np
import pytest
from likelihood_helpers import (
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

from vae_keras.likelihoods import DiscretizedLogistic


def _reference(level, parameters, data_range, levels=256):
    """Log-masses of levels, from differences of the logistic's two tails, in float64."""
    low, high = data_range
    step = (high - low) / (levels - 1)
    raw_location, raw_scale = np.split(np.asarray(parameters, "float64"), 2, axis=-1)
    location = special.expit(raw_location) if data_range == UNIT else np.tanh(raw_location)
    logistic = stats.logistic(location, 0.05 * step + np.exp(raw_scale))
    center = low + level * step
    lower = np.where(level == 0, -np.inf, center - step / 2)
    upper = np.where(level == levels - 1, np.inf, center + step / 2)
    # Of the two tails that the bin lies between, the smaller one keeps the digits of a difference.
    left = center < location
    larger = np.where(left, logistic.logcdf(upper), logistic.logsf(lower))
    smaller = np.where(left, logistic.logcdf(lower), logistic.logsf(upper))
    return larger + np.log1p(-np.exp(smaller - larger))


def _parameters(shape, n=5, log_scale=-2.0):
    height, width, channels = shape
    raw = np.random.default_rng(1).normal(size=(n, height, width, 2 * channels))
    raw[..., channels:] += log_scale
    return raw


def _levels_of(x, data_range, levels=256):
    low, high = data_range
    return np.rint((x.astype("float64") - low) / (high - low) * (levels - 1))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("data_range", RANGES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
@pytest.mark.parametrize("log_scale", [-4.0, -2.0, 0.0])
def test_log_prob(shape, data_range, dtype, log_scale):
    x = draw_images(shape, data_range, dtype)
    parameters = _parameters(shape, log_scale=log_scale).astype(float_type(dtype))
    expected = per_image(_reference(_levels_of(x, data_range), parameters, data_range))
    log_prob = values_of(DiscretizedLogistic(data_range).log_prob(x, parameters))
    np.testing.assert_allclose(log_prob, expected, rtol=3e-5, atol=1e-5)


@pytest.mark.backend
def test_half_precision_parameters_are_taken_in_float32():
    x = draw_images((4, 4, 1), UNIT, "uint8")
    parameters = _parameters((4, 4, 1)).astype("float16")
    expected = per_image(_reference(_levels_of(x, UNIT), parameters, UNIT))
    log_prob = values_of(DiscretizedLogistic().log_prob(x, parameters))
    assert log_prob.dtype == np.float32
    np.testing.assert_allclose(log_prob, expected, rtol=3e-5)


@pytest.mark.parametrize("data_range", RANGES)
@pytest.mark.parametrize("levels", [2, 3, 16, 256])
@pytest.mark.parametrize("log_scale", [-20.0, -6.0, -3.0, 0.0, 5.0, 20.0])
def test_masses_sum_to_one(data_range, levels, log_scale):
    x = np.linspace(*data_range, levels, dtype="float32").reshape(levels, 1, 1, 1)
    for location in (-30.0, -2.0, 0.1, 30.0):
        parameters = np.tile(np.array([location, log_scale], "float32"), (levels, 1, 1, 1))
        log_mass = values_of(DiscretizedLogistic(data_range, levels=levels).log_prob(x, parameters))
        assert np.isfinite(log_mass).all()
        assert log_mass.max() <= 0
        assert np.exp(log_mass.astype("float64")).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.backend
@pytest.mark.parametrize("data_range", RANGES)
def test_far_values_at_the_smallest_scale(data_range):
    # In the tail the log-mass of a bin is linear: log F(u) is u, where u is far below zero.
    likelihood = DiscretizedLogistic(data_range)
    low, high = data_range
    step = (high - low) / 255
    parameters = np.array([0.0, -1e4], "float32").reshape(1, 1, 1, 2)  # location in the middle
    for level in (0, 1, 60, 254, 255):
        x = np.full((1, 1, 1, 1), low + level * step, "float32")
        log_mass = values_of(likelihood.log_prob(x, parameters))[0]
        steps_away = abs(level - 127.5) - 0.5
        assert log_mass == pytest.approx(-steps_away / 0.05, rel=1e-4)


@pytest.mark.backend
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_nothing_but_finite_numbers(value):
    likelihood = DiscretizedLogistic()
    x = np.full((25, 1, 1, 1), value, "float32")
    locations, log_scales = [-1e4, -30.0, 0.0, 30.0, 1e4], [-1e3, -20.0, 0.0, 20.0, 1e3]
    parameters = np.array(list(itertools.product(locations, log_scales)), "float32")
    parameters = parameters.reshape(25, 1, 1, 2)
    assert np.isfinite(values_of(likelihood.log_prob(x, parameters))).all()
    assert np.isfinite(gradient(lambda values: likelihood.log_prob(x, values), parameters)).all()
    assert np.isfinite(values_of(likelihood.sample(parameters, seed=0))).all()


@pytest.mark.backend
@pytest.mark.parametrize("data_range", RANGES)
def test_gradient(data_range):
    shape = (3, 4, 3)
    x = draw_images(shape, data_range, "uint8", n=2)
    x[0, 0, 0], x[1, 0, 0] = data_range  # the levels that take the tails
    parameters = _parameters(shape, n=2)
    level = _levels_of(x, data_range)
    expected = finite_differences(
        lambda values: per_image(_reference(level, values, data_range)), parameters, step=1e-5
    )
    likelihood = DiscretizedLogistic(data_range)
    result = gradient(lambda values: likelihood.log_prob(x, values), parameters)
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.backend
@pytest.mark.parametrize("data_range", RANGES)
@pytest.mark.parametrize(("location", "log_scale"), [(-3.0, -3.0), (0.2, -2.0), (0.0, 0.5)])
def test_samples(data_range, location, log_scale):
    likelihood = DiscretizedLogistic(data_range)
    parameters = np.tile(np.array([location, log_scale], "float32"), (1, 100, 200, 1))
    draws = values_of(likelihood.sample(parameters, seed=0)).ravel()
    level = _levels_of(draws, data_range)
    low, high = data_range
    np.testing.assert_allclose(draws, low + level * (high - low) / 255, atol=1e-6)
    counts = np.bincount(level.astype(int), minlength=256)
    every_level = np.arange(256.0).reshape(256, 1, 1, 1)
    one = np.tile(parameters[:, :1, :1], (256, 1, 1, 1))
    expected = 20_000 * np.exp(_reference(every_level, one, data_range)).ravel()
    rare = np.where(expected > 5, np.arange(256), 256)  # counted together
    counts = np.bincount(rare, counts, minlength=257)
    expected = np.bincount(rare, expected, minlength=257)
    enough = expected > 5
    assert stats.chisquare(counts[enough], expected[enough], sum_check=False).pvalue > 1e-3
