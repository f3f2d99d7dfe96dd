import math

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.models.sampling import Sampling

pytestmark = pytest.mark.backend


def draw(layer, mean, log_var):
    pair = [ops.convert_to_tensor(a, "float32") for a in (mean, log_var)]
    return ops.convert_to_numpy(layer(pair, training=True))


def test_without_training_the_code_is_the_mean():
    mean = np.array([[1.5, -2.0]], "float32")
    layer = Sampling(seed=0)
    for training in (False, None):
        codes = layer([mean, np.full((1, 2), 5.0, "float32")], training=training)
        np.testing.assert_array_equal(ops.convert_to_numpy(codes), mean)


def test_each_call_draws_anew():
    layer, zeros = Sampling(seed=0), np.zeros((4, 3))
    assert np.all(draw(layer, zeros, zeros) != draw(layer, zeros, zeros))


def test_the_same_seed_gives_the_same_sequence():
    first, second, other, zeros = Sampling(seed=7), Sampling(seed=7), Sampling(8), np.zeros((4, 3))
    for _ in range(3):
        expected = draw(first, zeros, zeros)
        np.testing.assert_array_equal(draw(second, zeros, zeros), expected)
        assert np.all(draw(other, zeros, zeros) != expected)


@pytest.mark.parametrize("log_var", [2 * math.log(3.0), 0.0, -2.0])
def test_moments_of_many_draws(log_var):
    n = 20_000
    codes = draw(Sampling(seed=3), np.full((n, 1), 0.7), np.full((n, 1), log_var))
    std = math.exp(log_var / 2)
    # Five standard errors: std / sqrt(n) of the mean, std / sqrt(2 n) of the deviation.
    assert codes.mean() == pytest.approx(0.7, abs=5 * std / math.sqrt(n))
    assert codes.std() == pytest.approx(std, rel=5 / math.sqrt(2 * n))


def test_codes_are_float32_under_mixed_precision():
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = Sampling(seed=0)
    finally:
        keras.config.set_dtype_policy(previous)
    codes = draw(layer, np.zeros((2, 2)), np.full((2, 2), 19.0))  # beyond float16 if squared
    assert codes.dtype == np.float32
    assert np.isfinite(codes).all()


def test_config_round_trip():
    layer = Sampling(seed=11, name="codes")
    again = Sampling.from_config(layer.get_config())
    assert (again.seed, again.name) == (11, "codes")
    assert layer.compute_output_shape([(None, 4), (None, 4)]) == (None, 4)


def test_a_loaded_layer_goes_on_with_the_noise_it_would_have_had(tmp_path):
    inputs = [keras.Input((3,)), keras.Input((3,))]
    model = keras.Model(inputs, Sampling(seed=5)(inputs))
    zeros = [ops.zeros((2, 3)), ops.zeros((2, 3))]
    first = ops.convert_to_numpy(model(zeros, training=True))

    model.save(tmp_path / "sampling.keras")
    loaded = keras.saving.load_model(tmp_path / "sampling.keras")

    expected = ops.convert_to_numpy(model(zeros, training=True))
    np.testing.assert_array_equal(ops.convert_to_numpy(loaded(zeros, training=True)), expected)
    assert np.all(expected != first)
