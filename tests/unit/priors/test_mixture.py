import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.math import DiagonalGaussian
from vae_keras.priors import Mixture, StandardNormal


@pytest.fixture
def prior():
    """Three components far apart, with weights 1/2, 1/4 and 1/4."""
    mixture = Mixture(3)
    mixture.build((None, 2))
    mixture.logits.assign(np.log([0.5, 0.25, 0.25]))
    mixture.means.assign([[-100.0, 0.0], [0.0, 100.0], [100.0, 0.0]])
    mixture.log_vars.assign(np.full((3, 2), -4.0))
    return mixture


def draws(prior, n, seed):
    return ops.convert_to_numpy(prior.sample(n, seed=seed))


@pytest.mark.backend
def test_samples_come_from_the_components_in_their_shares(prior):
    codes = draws(prior, 8000, seed=1)
    assert codes.shape == (8000, 2)
    assert codes.dtype == np.float32
    distances = np.linalg.norm(codes[:, np.newaxis] - ops.convert_to_numpy(prior.means), axis=-1)
    assert distances.min(axis=1).max() < 1.0
    shares = np.bincount(distances.argmin(axis=1), minlength=3) / 8000
    np.testing.assert_allclose(shares, [0.5, 0.25, 0.25], atol=4 * 0.5 / np.sqrt(8000))


@pytest.mark.backend
def test_an_integer_seed_reproduces(prior):
    np.testing.assert_array_equal(draws(prior, 50, seed=1), draws(prior, 50, seed=1))
    assert np.any(draws(prior, 50, seed=1) != draws(prior, 50, seed=2))


@pytest.mark.backend
def test_a_generator_advances(prior):
    generator = keras.random.SeedGenerator(1)
    first, second = draws(prior, 50, generator), draws(prior, 50, generator)
    assert np.any(first != second)
    np.testing.assert_array_equal(draws(prior, 50, keras.random.SeedGenerator(1)), first)


@pytest.mark.backend
def test_without_a_seed_draws_differ(prior):
    assert np.any(draws(prior, 50, None) != draws(prior, 50, None))


def test_component_and_noise_are_independent(prior):
    prior.means.assign(np.zeros((3, 2)))
    prior.log_vars.assign(np.log([[0.01, 0.01], [1.0, 1.0], [100.0, 100.0]]))
    codes = draws(prior, 20_000, seed=3)
    # Were the component to follow the noise, signs and dimensions would be related.
    np.testing.assert_allclose((codes > 0).mean(axis=0), 0.5, atol=0.015)
    assert abs(np.corrcoef(np.sign(codes).T)[0, 1]) < 0.03
    large = np.abs(codes[:, 0]) > 5
    np.testing.assert_allclose((codes[large, 1] > 0).mean(), 0.5, atol=0.03)


def test_one_standard_component_is_the_standard_normal():
    prior, normal = Mixture(1), StandardNormal()
    for one in (prior, normal):
        one.build((None, 4))
    prior.means.assign(np.zeros((1, 4)))
    codes = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_allclose(
        ops.convert_to_numpy(prior.log_prob(codes)),
        ops.convert_to_numpy(normal.log_prob(codes)),
        rtol=1e-5,
    )


def test_it_begins_with_components_apart_and_equal_shares():
    keras.utils.set_random_seed(0)
    prior = Mixture(5)
    prior.build((None, 3))
    assert len(prior.trainable_weights) == 3
    means = ops.convert_to_numpy(prior.means)
    assert means.shape == (5, 3)
    assert len(np.unique(means)) == 15
    np.testing.assert_array_equal(ops.convert_to_numpy(prior.logits), np.zeros(5))
    np.testing.assert_array_equal(ops.convert_to_numpy(prior.log_vars), np.zeros((5, 3)))


def test_log_prob_far_from_every_component_is_finite(prior):
    prior.log_vars.assign(np.full((3, 2), -1e4))  # what the bound is for
    log_prob = ops.convert_to_numpy(prior.log_prob(np.full((1, 2), 1e3, "float32")))
    assert np.all(np.isfinite(log_prob))


def test_codes_of_half_precision_are_summed_in_float32(prior):
    codes = np.full((2, 2), 50.0, "float16")
    assert "float32" in str(prior.log_prob(codes).dtype)
    posterior = DiagonalGaussian(codes, np.zeros_like(codes))
    assert np.all(np.isfinite(ops.convert_to_numpy(prior.kl(posterior, codes))))


@pytest.mark.backend
def test_its_configuration_builds_it_again(prior):
    config = keras.saving.serialize_keras_object(prior)
    again = keras.saving.deserialize_keras_object(config)
    assert again.built and again.latent_dim == 2 and again.components == 3
    again.set_weights(prior.get_weights())
    codes = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again.log_prob(codes)), ops.convert_to_numpy(prior.log_prob(codes))
    )


@pytest.mark.parametrize("components", [0, -1, 2.0, True, "3", None])
def test_senseless_numbers_of_components(components):
    with pytest.raises(ArgumentError, match="`components` must be a positive integer") as caught:
        Mixture(components)
    assert str(caught.value).endswith(f"Received: components={components!r}")
