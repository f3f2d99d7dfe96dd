import math

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.math import DiagonalGaussian
from vae_keras.priors import Prior, StandardNormal


@pytest.fixture
def prior():
    normal = StandardNormal()
    normal.build((None, 3))
    return normal


def test_log_prob_by_hand(prior):
    # -3/2 log(2 pi) - |z|^2 / 2.
    log_prob = ops.convert_to_numpy(prior.log_prob(np.array([[0.0, 0.0, 0.0], [1.0, 2.0, -3.0]])))
    base = -1.5 * math.log(2 * math.pi)
    np.testing.assert_allclose(log_prob, [base, base - 7.0], rtol=1e-6)


def test_kl_ignores_the_codes_and_is_a_sum_over_dimensions(prior):
    mean, log_var = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    posterior = DiagonalGaussian(mean, log_var)
    kl = ops.convert_to_numpy(prior.kl(posterior, None))
    each = ops.convert_to_numpy(prior.kl_per_dimension(posterior))
    assert each.shape == (4, 3)
    np.testing.assert_allclose(each.sum(axis=1), kl, rtol=1e-6)


def test_nothing_is_learned(prior):
    assert prior.factorized
    assert prior.weights == []
    assert prior.latent_dim == 3


@pytest.mark.backend
def test_samples(prior):
    codes = ops.convert_to_numpy(prior.sample(50, seed=1))
    assert codes.shape == (50, 3)
    np.testing.assert_array_equal(codes, ops.convert_to_numpy(prior.sample(50, seed=1)))
    generator = keras.random.SeedGenerator(1)
    first, second = (ops.convert_to_numpy(prior.sample(50, seed=generator)) for _ in range(2))
    assert np.any(first != second)


def test_a_new_prior_without_a_closed_form_has_the_estimate():
    class Logistic(Prior):
        def log_prob(self, codes):
            return -ops.sum(codes + 2.0 * ops.softplus(-codes), axis=-1)

    posterior = DiagonalGaussian(np.zeros((2, 1), "float32"), np.zeros((2, 1), "float32"))
    codes = np.array([[0.0], [1.0]], "float32")
    expected = -0.5 * math.log(2 * math.pi) - np.array([0.0, 0.5])
    expected += codes[:, 0] + 2 * np.log1p(np.exp(-codes[:, 0]))
    kl = ops.convert_to_numpy(Logistic().kl(posterior, codes))
    np.testing.assert_allclose(kl, expected, rtol=1e-5)
