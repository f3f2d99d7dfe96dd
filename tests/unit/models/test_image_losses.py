"""Losses, anomaly scores and uncertainty of single images, against numbers worked out here."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import Autoencoder
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Gaussian, Perceptual, SquaredError

pytestmark = pytest.mark.backend


def numpy_of(*tensors):
    return tuple(ops.convert_to_numpy(tensor).astype("float64") for tensor in tensors)


def test_terms_of_each_image(tiny_vae, make_images):
    vae, x = tiny_vae(likelihood=Gaussian(scale=0.5)), make_images(5)
    losses = vae.image_losses(x, seed=3, batch_size=2)
    noise = np.random.default_rng(3).standard_normal((5, 2)).astype("float32")
    mean, log_var = numpy_of(*vae.encoder(x))
    codes = mean + np.exp(log_var / 2) * noise
    (image,) = numpy_of(vae.decoder(codes.astype("float32")))
    squares = ((x - image) ** 2).reshape(5, -1).sum(axis=1)
    recon = squares / (2 * 0.25) + 64 * np.log(0.5 * np.sqrt(2 * np.pi))
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    np.testing.assert_allclose(losses.recon_loss, recon, rtol=1e-4)
    np.testing.assert_allclose(losses.kl_loss, kl, rtol=1e-4)
    np.testing.assert_allclose(losses.elbo, -recon - kl, rtol=1e-4)
    np.testing.assert_array_equal(vae.elbo(x, seed=3, batch_size=2), losses.elbo)
    score = vae.anomaly_score(x, seed=3, batch_size=2)
    np.testing.assert_allclose(score, recon + kl, rtol=1e-4)


def test_a_loss_that_is_no_density_has_no_bound(tiny_vae, make_images):
    images = keras.Input((8, 8, 1))
    network = keras.Model(images, keras.layers.Conv2D(1, 1)(images))
    vae, x = tiny_vae(likelihood=Perceptual(network)), make_images(3)
    losses = vae.image_losses(x)
    assert np.isnan(losses.elbo).all()
    assert np.isfinite(losses.recon_loss).all() and np.isfinite(losses.kl_loss).all()
    assert np.isfinite(vae.anomaly_score(x)).all()
    with pytest.raises(ArgumentError, match=r"`likelihood` must be normalised .*Perceptual"):
        vae.elbo(x)


def test_anomaly_score_of_an_autoencoder(make_images):
    keras.utils.set_random_seed(0)
    parts = mlp((8, 8, 1), 2, SquaredError(), encoder_units=(8,), variational=False)
    model, x = Autoencoder(*parts), make_images(5)
    copies = model.reconstruct(x)
    expected = ((x - copies) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(model.anomaly_score(x, batch_size=2), expected, rtol=1e-5)
    bytes_ = make_images(5, dtype="uint8")
    np.testing.assert_allclose(model.anomaly_score(bytes_), expected, rtol=1e-5)


def test_uncertainty_is_the_spread_over_drawn_codes(tiny_vae, make_images):
    vae, x = tiny_vae(), make_images(3)
    spread = vae.uncertainty(x, samples=5, seed=2)
    posterior = vae.encode_distribution(x)
    generator = np.random.default_rng(2)
    std = np.exp(0.5 * posterior.log_var)
    images = [
        vae.decode(posterior.mean + std * generator.standard_normal((3, 2))) for _ in range(5)
    ]
    np.testing.assert_allclose(spread, np.std(images, axis=0, ddof=1), rtol=1e-3, atol=1e-6)
    assert spread.shape == x.shape
    np.testing.assert_array_equal(vae.uncertainty(x, samples=5, seed=2), spread)
    assert np.any(vae.uncertainty(x, samples=5, seed=3) != spread)


@pytest.mark.parametrize("samples", [1, 0, 2.5, None])
def test_uncertainty_needs_two_draws(samples, tiny_vae, make_images):
    with pytest.raises(ArgumentError, match=r"`samples` must be an integer of at least 2. Rec"):
        tiny_vae().uncertainty(make_images(2), samples=samples)
