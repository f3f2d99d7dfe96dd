import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.math import DiagonalGaussian
from vae_keras.priors import Mixture, StandardNormal
from vae_keras.regularizers import KL, LatentTerms


def penalty(mean, log_var, codes=0.0, prior=None):
    shape = np.shape(mean)
    posterior = DiagonalGaussian(np.asarray(mean, "float32"), np.broadcast_to(log_var, shape))
    codes = np.broadcast_to(codes, shape)
    return ops.convert_to_numpy(KL()(LatentTerms(posterior, codes, prior or StandardNormal())))


def test_kl_is_one_number_an_image_summed_over_dimensions():
    # Mean 2 in each of 5 dimensions, variance 1: 5 * 4 / 2 nats.
    np.testing.assert_allclose(penalty(np.full((3, 5), 2.0), 0.0), [10.0] * 3, rtol=1e-6)


def test_kl_is_closed_form_and_ignores_the_draw():
    mean = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(penalty(mean, -1.0), penalty(mean, -1.0, codes=9.0))


@pytest.mark.parametrize("log_var", [-20.0, -1.0, 1.0, 10.0])
def test_kl_is_positive_away_from_the_prior(log_var):
    assert np.all(penalty(np.zeros((1, 1)), log_var) > 0.1)


def test_kl_to_a_learned_prior_is_measured_at_the_codes():
    prior = Mixture(1)
    prior.build((None, 1))
    prior.means.assign([[2.0]])
    # At the same variance: (1/2) ((z - 2)^2 - (z - 1)^2).
    np.testing.assert_allclose(penalty([[1.0]], 0.0, [[0.0]], prior), [1.5], rtol=1e-6)
    np.testing.assert_allclose(penalty([[1.0]], 0.0, [[3.0]], prior), [-1.5], rtol=1e-6)


def test_the_kl_of_a_record_is_computed_once(make_latent, monkeypatch):
    latent = make_latent()
    calls = []
    monkeypatch.setattr(latent.prior, "kl", lambda *_: calls.append(1) or 1.0)
    assert KL()(latent) == KL()(latent) == 1.0
    assert len(calls) == 1


def test_kl_serialises():
    config = keras.saving.serialize_keras_object(KL())
    assert isinstance(keras.saving.deserialize_keras_object(config), KL)
