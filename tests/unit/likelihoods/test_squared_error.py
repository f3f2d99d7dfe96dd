import math

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import SquaredError


def test_loss_is_the_bare_sum_of_squares():
    x = np.zeros((2, 2, 2, 3), "float32")
    mean = np.full((2, 2, 2, 3), 0.5, "float32")
    mean[1] = 1.0
    # 12 values, a quarter each; and 12 ones: neither halved, nor averaged over pixels or channels.
    np.testing.assert_allclose(ops.convert_to_numpy(SquaredError().loss(x, mean)), [3.0, 12.0])


def test_log_prob_is_448_point_7_nats_below_the_negative_loss_at_28x28():
    x = np.random.default_rng(0).random((3, 28, 28, 1), "float32")
    mean = np.random.default_rng(1).random((3, 28, 28, 1), "float32")
    likelihood = SquaredError()
    loss = ops.convert_to_numpy(likelihood.loss(x, mean))
    log_prob = ops.convert_to_numpy(likelihood.log_prob(x, mean))
    np.testing.assert_allclose(-loss - log_prob, 784 / 2 * math.log(math.pi), rtol=1e-5)
    assert 784 / 2 * math.log(math.pi) == pytest.approx(448.7, abs=0.05)


def test_half_precision_is_summed_in_float32():
    x, mean = np.zeros((1, 100, 100, 1), "float16"), np.ones((1, 100, 100, 1), "float16")
    loss = ops.convert_to_numpy(SquaredError().loss(x, mean))
    assert loss.dtype == np.float32
    assert loss[0] == 10_000.0


@pytest.mark.parametrize(
    ("data_range", "activation"), [((0, 1), "sigmoid"), ((-1, 1), "tanh"), ([0, 1], "sigmoid")]
)
def test_the_range_decides_the_output_activation(data_range, activation):
    likelihood = SquaredError(data_range)
    assert likelihood.output_activation == activation
    assert likelihood.data_range == tuple(float(bound) for bound in data_range)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert again.data_range == likelihood.data_range
    assert again.output_activation == activation


@pytest.mark.parametrize("data_range", [(0, 255), (1, 0), (0, 0), (-1, 0)])
def test_other_ranges_are_argument_errors(data_range):
    with pytest.raises(ArgumentError, match=r"`data_range` must be .*Received: data_range="):
        SquaredError(data_range)


def test_samples_repeat_with_the_seed_and_keep_the_shape():
    mean = np.random.default_rng(0).random((2, 4, 5, 3), "float32")
    likelihood = SquaredError()
    first = ops.convert_to_numpy(likelihood.sample(mean, seed=1))
    assert first.shape == mean.shape
    np.testing.assert_array_equal(first, ops.convert_to_numpy(likelihood.sample(mean, seed=1)))
    assert np.all(first != ops.convert_to_numpy(likelihood.sample(mean, seed=2)))
