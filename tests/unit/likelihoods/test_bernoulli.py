import math

import numpy as np
from keras import ops

from vae_keras.likelihoods import Bernoulli


def test_log_prob_of_even_odds_is_ln_2_a_pixel_value():
    x = np.random.default_rng(0).integers(0, 2, (3, 4, 5, 3))
    log_prob = ops.convert_to_numpy(Bernoulli().log_prob(x, np.zeros((3, 4, 5, 3), "float32")))
    np.testing.assert_allclose(log_prob, -60 * math.log(2), rtol=1e-6)


def test_loss_is_the_negative_log_prob():
    x = np.random.default_rng(0).random((3, 4, 4, 1), "float32")
    logits = np.random.default_rng(1).normal(size=(3, 4, 4, 1)).astype("float32")
    loss = ops.convert_to_numpy(Bernoulli().loss(x, logits))
    np.testing.assert_allclose(loss, -ops.convert_to_numpy(Bernoulli().log_prob(x, logits)))
    assert np.all(loss > 0)


def test_extreme_logits_stay_finite():
    x = np.array([0.0, 1.0, 0.0, 1.0], "float32").reshape(4, 1, 1, 1)
    logits = np.array([1e4, 1e4, -1e4, -1e4], "float32").reshape(4, 1, 1, 1)
    log_prob = ops.convert_to_numpy(Bernoulli().log_prob(x, logits))
    np.testing.assert_allclose(log_prob, [-1e4, 0.0, 0.0, -1e4], atol=1e-3)


def test_the_decoder_gives_logits_and_the_mean_is_their_sigmoid():
    assert Bernoulli().output_activation == "linear"
    logits = np.array([-math.log(3), 0.0, math.log(3)], "float32").reshape(1, 3, 1, 1)
    mean = ops.convert_to_numpy(Bernoulli().mean(logits)).ravel()
    np.testing.assert_allclose(mean, [0.25, 0.5, 0.75], rtol=1e-6)


def test_samples_are_binary_and_repeat_with_the_seed():
    logits = np.zeros((2, 10, 10, 3), "float32")
    first = ops.convert_to_numpy(Bernoulli().sample(logits, seed=1))
    assert set(np.unique(first)) == {0.0, 1.0}
    np.testing.assert_array_equal(first, ops.convert_to_numpy(Bernoulli().sample(logits, seed=1)))
    assert np.any(first != ops.convert_to_numpy(Bernoulli().sample(logits, seed=2)))


def test_it_is_a_mass_of_binary_values():
    assert Bernoulli.normalized
    assert Bernoulli.discrete
    x = np.array([0.0, 1.0]).reshape(2, 1, 1, 1)
    log_mass = ops.convert_to_numpy(Bernoulli().log_prob(x, np.ones_like(x)))
    np.testing.assert_allclose(np.exp(log_mass).sum(), 1.0, rtol=1e-6)
