import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.likelihoods import Bernoulli, ContinuousBernoulli


def test_logit_zero_is_uniform():
    x = np.random.default_rng(0).random((3, 4, 5, 3), "float32")
    logits = np.zeros_like(x)
    likelihood = ContinuousBernoulli()
    np.testing.assert_array_equal(ops.convert_to_numpy(likelihood.log_prob(x, logits)), 0.0)
    np.testing.assert_array_equal(ops.convert_to_numpy(likelihood.mean(logits)), 0.5)


def test_the_mean_is_nearer_to_one_half_than_lambda():
    logits = np.array([-4.0, -0.5, 0.5, 4.0], "float32").reshape(4, 1, 1, 1)
    mean = ops.convert_to_numpy(ContinuousBernoulli().mean(logits))
    sigmoid = ops.convert_to_numpy(Bernoulli().mean(logits))
    assert np.all(np.abs(mean - 0.5) < np.abs(sigmoid - 0.5))
    assert np.all((mean > 0.5) == (logits > 0))


def test_it_is_a_density_of_grey_values():
    assert ContinuousBernoulli.normalized
    assert not ContinuousBernoulli.discrete
    assert ContinuousBernoulli().output_activation == "linear"


def test_half_precision_is_taken_in_float32():
    x, logits = np.ones((1, 64, 64, 1), "float16"), np.full((1, 64, 64, 1), 20, "float16")
    log_prob = ops.convert_to_numpy(ContinuousBernoulli().log_prob(x, logits))
    assert log_prob.dtype == np.float32
    np.testing.assert_allclose(log_prob, 4096 * np.log(20), rtol=1e-5)


@pytest.mark.parametrize(("mean", "reached"), [(0.0, 0.02), (0.3, 0.3), (0.97, 0.97), (1.0, 0.98)])
def test_parameters_from_mean_invert_the_mean_and_not_the_sigmoid(mean, reached):
    likelihood = ContinuousBernoulli()
    logits = likelihood.parameters_from_mean(np.full((2, 3, 3), mean))
    assert logits.dtype == np.float32
    np.testing.assert_allclose(ops.convert_to_numpy(likelihood.mean(logits)), reached, atol=1e-6)


def test_samples_repeat_with_the_seed():
    logits = np.zeros((2, 10, 10, 3), "float32")
    first, again, other = (
        ops.convert_to_numpy(ContinuousBernoulli().sample(logits, seed=seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_config_round_trip():
    likelihood = ContinuousBernoulli(name="grey")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert type(again) is ContinuousBernoulli
    assert again.get_config() == likelihood.get_config()
