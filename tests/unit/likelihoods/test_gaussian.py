import math

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Gaussian, SquaredError


def test_loss_of_a_perfect_picture_is_the_normaliser():
    x = np.full((2, 2, 2, 3), 0.5, "float32")
    loss = ops.convert_to_numpy(Gaussian(scale=0.1).loss(x, x))
    np.testing.assert_allclose(loss, 12 * (math.log(0.1) + 0.5 * math.log(2 * math.pi)), rtol=1e-6)


def test_one_scale_away_costs_half_a_nat():
    x = np.full((1, 1, 1, 1), 0.5, "float32")
    likelihood = Gaussian(scale=0.25)
    near, far = (ops.convert_to_numpy(likelihood.loss(x, x + distance)) for distance in (0.0, 0.25))
    np.testing.assert_allclose(far - near, 0.5, rtol=1e-5)


def test_squared_error_is_the_one_of_variance_one_half():
    x, mean = np.random.default_rng(0).random((2, 3, 28, 28, 1), "float32")
    np.testing.assert_allclose(
        ops.convert_to_numpy(Gaussian(math.sqrt(0.5)).log_prob(x, mean)),
        ops.convert_to_numpy(SquaredError().log_prob(x, mean)),
        rtol=1e-5,
    )


def test_half_precision_is_summed_in_float32():
    x, mean = np.zeros((1, 100, 100, 1), "float16"), np.ones((1, 100, 100, 1), "float16")
    loss = ops.convert_to_numpy(Gaussian().loss(x, mean))
    assert loss.dtype == np.float32
    np.testing.assert_allclose(loss, 5_000 * (1 + math.log(2 * math.pi)), rtol=1e-5)


@pytest.mark.parametrize(("data_range", "activation"), [((0, 1), "sigmoid"), ([-1, 1], "tanh")])
def test_config_round_trip(data_range, activation):
    likelihood = Gaussian(0.3, data_range)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    for one in (likelihood, again):
        assert one.scale == 0.3
        assert one.data_range == tuple(float(bound) for bound in data_range)
        assert one.output_activation == activation


@pytest.mark.parametrize("scale", [0, -1, math.inf, math.nan, "wide"])
def test_a_scale_not_above_zero_is_an_argument_error(scale):
    with pytest.raises(ArgumentError, match=r"^`scale` must be .* Received: scale=.*$"):
        Gaussian(scale)


def test_other_ranges_are_argument_errors():
    with pytest.raises(ArgumentError, match=r"^`data_range` must be .* Received: data_range="):
        Gaussian(data_range=(0, 255))


def test_samples_repeat_with_the_seed():
    mean = np.random.default_rng(0).random((2, 4, 5, 3), "float32")
    first, again, other = (
        ops.convert_to_numpy(Gaussian(0.1).sample(mean, seed=seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)
