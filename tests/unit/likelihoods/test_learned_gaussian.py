import math

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import LearnedGaussian


def test_means_come_first_and_log_scales_last():
    parameters = np.zeros((1, 2, 2, 6), "float32")
    parameters[..., 0], parameters[..., 5] = math.log(3), math.log(2)
    likelihood = LearnedGaussian()
    assert likelihood.parameters_per_channel == 2
    assert likelihood.output_activation == "linear"
    mean = ops.convert_to_numpy(likelihood.mean(parameters))
    np.testing.assert_allclose(mean[0, 0, 0], [0.75, 0.5, 0.5], rtol=1e-6)
    scale = ops.convert_to_numpy(likelihood.scale(parameters))
    step = 1 / 255
    np.testing.assert_allclose(scale[0, 0, 0], [1 + step, 1 + step, 2 + step], rtol=1e-5)


@pytest.mark.parametrize("data_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_the_scale_stays_above_one_step_of_8_bit_data(data_range):
    likelihood = LearnedGaussian(data_range)
    assert likelihood.min_scale == (data_range[1] - data_range[0]) / 255
    scale = likelihood.scale(np.full((1, 1, 1, 2), -1e6, "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(scale), likelihood.min_scale, rtol=1e-5)


@pytest.mark.parametrize("raw", [-1e6, -80.0, 80.0, 1e6])
def test_extreme_log_scales_stay_finite(raw):
    parameters = np.array([0.3, raw], "float32").reshape(1, 1, 1, 2)
    x = np.ones((1, 1, 1, 1), "float32")
    likelihood = LearnedGaussian()
    assert np.isfinite(ops.convert_to_numpy(likelihood.log_prob(x, parameters))).all()
    assert np.isfinite(ops.convert_to_numpy(likelihood.sample(parameters, seed=0))).all()


def test_half_precision_is_taken_in_float32():
    x, parameters = np.zeros((1, 64, 64, 1), "float16"), np.zeros((1, 64, 64, 2), "float16")
    log_prob = ops.convert_to_numpy(LearnedGaussian().log_prob(x, parameters))
    assert log_prob.dtype == np.float32
    scale = 1 + 1 / 255
    expected = -0.125 / scale**2 - math.log(scale) - 0.5 * math.log(2 * math.pi)
    np.testing.assert_allclose(log_prob, 4096 * expected, rtol=1e-5)


def test_config_round_trip():
    likelihood = LearnedGaussian([-1, 1], min_scale=0.05)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert again.data_range == likelihood.data_range == (-1.0, 1.0)
    assert again.min_scale == likelihood.min_scale == 0.05


@pytest.mark.parametrize("min_scale", [0, -0.1, math.nan])
def test_a_bound_not_above_zero_is_an_argument_error(min_scale):
    with pytest.raises(ArgumentError, match=r"^`min_scale` must be .* Received: min_scale=.*$"):
        LearnedGaussian(min_scale=min_scale)


def test_other_ranges_are_argument_errors():
    with pytest.raises(ArgumentError, match=r"^`data_range` must be .* Received: data_range="):
        LearnedGaussian((0, 255))
