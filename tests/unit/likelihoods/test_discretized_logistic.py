import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import DiscretizedLogistic


def test_a_sure_decoder_pays_almost_nothing():
    levels = np.arange(1, 255, dtype="float32")
    x = (levels / 255).reshape(-1, 1, 1, 1)
    sure = np.full_like(x, -1e3)
    parameters = np.concatenate([np.log(x) - np.log1p(-x), sure], axis=-1)
    loss = ops.convert_to_numpy(DiscretizedLogistic().loss(x, parameters))
    assert loss.min() >= 0
    assert loss.max() < 2e-4


def test_a_flat_logistic_gives_each_inner_level_the_same_mass():
    levels = np.arange(1, 255, dtype="float32")
    x = (levels / 255).reshape(-1, 1, 1, 1)
    parameters = np.tile(np.array([0.0, 5.0], "float32"), (254, 1, 1, 1))
    log_mass = ops.convert_to_numpy(DiscretizedLogistic().log_prob(x, parameters))
    np.testing.assert_allclose(log_mass, np.log(1 / 255 / np.exp(5) / 4), rtol=1e-4)


def test_values_between_levels_count_as_the_nearest():
    parameters = np.random.default_rng(0).normal(size=(1, 1, 4, 2)).astype("float32")
    x = np.array([0.2, 100.0, 101.4, 255.3], "float32").reshape(1, 1, 4, 1) / 255
    levels = np.array([0.0, 100.0, 101.0, 255.0], "float32").reshape(1, 1, 4, 1) / 255
    likelihood = DiscretizedLogistic()
    np.testing.assert_allclose(
        ops.convert_to_numpy(likelihood.log_prob(x, parameters)),
        ops.convert_to_numpy(likelihood.log_prob(levels, parameters)),
        rtol=1e-6,
    )


@pytest.mark.parametrize("data_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_the_mean_is_the_location_and_stays_in_the_range(data_range):
    parameters = np.zeros((1, 1, 3, 2), "float32")
    parameters[0, 0, :, 0] = [-100.0, 0.0, 100.0]
    mean = ops.convert_to_numpy(DiscretizedLogistic(data_range).mean(parameters)).ravel()
    low, high = data_range
    np.testing.assert_allclose(mean, [low, (low + high) / 2, high], atol=1e-6)


def test_it_is_a_mass_of_levels():
    assert DiscretizedLogistic.normalized
    assert DiscretizedLogistic.discrete
    assert DiscretizedLogistic().parameters_per_channel == 2
    assert DiscretizedLogistic().output_activation == "linear"


def test_config_round_trip():
    likelihood = DiscretizedLogistic([-1, 1], levels=32)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert again.data_range == likelihood.data_range == (-1.0, 1.0)
    assert again.levels == likelihood.levels == 32


@pytest.mark.parametrize("levels", [1, 0, -256, 2.5, "8"])
def test_too_few_levels_are_an_argument_error(levels):
    with pytest.raises(ArgumentError, match=r"^`levels` must be .* Received: levels=.*$"):
        DiscretizedLogistic(levels=levels)


def test_other_ranges_are_argument_errors():
    with pytest.raises(ArgumentError, match=r"^`data_range` must be .* Received: data_range="):
        DiscretizedLogistic((0, 255))
