import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import VAE, Config, build_model
from vae_keras.architectures import conv, mlp
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import (
    Bernoulli,
    DiscretizedLogistic,
    LearnedGaussian,
    Likelihood,
    SquaredError,
)
from vae_keras.models import output_bias, set_output_bias

pytestmark = pytest.mark.backend

SHAPE = (6, 5, 3)


def model(architecture, likelihood, shape=SHAPE):
    keras.utils.set_random_seed(0)
    return VAE(*architecture(shape, 2, likelihood), likelihood, seed=0)


def blind(vae):
    """Make the decoder ignore its codes: what is left of it is its last bias."""
    last = [layer for layer in vae.decoder.layers if layer.weights][-1]
    last.kernel.assign(np.zeros(last.kernel.shape))
    return vae


def colours(n=20):
    """Return bytes whose mean differs from pixel to pixel and from channel to channel."""
    highest = np.linspace(20, 250, 6 * 5 * 3).reshape(SHAPE)
    return (np.random.default_rng(0).random((n, *SHAPE)) * highest).astype("uint8")


@pytest.mark.parametrize(
    "likelihood",
    [Bernoulli, LearnedGaussian, DiscretizedLogistic, lambda: SquaredError((-1, 1))],
)
def test_dense_layers_begin_at_the_mean_image(likelihood):
    likelihood, x = likelihood(), colours()
    vae = blind(model(mlp, likelihood))
    set_output_bias(vae, x)
    low, high = likelihood.data_range
    expected = low + (high - low) * x.mean(axis=0) / 255.0
    pictures = vae.decode(np.random.default_rng(0).normal(size=(2, 2)))
    np.testing.assert_allclose(pictures, np.stack([expected] * 2), atol=1e-4)


@pytest.mark.parametrize("likelihood", [Bernoulli, LearnedGaussian])
def test_convolutions_begin_at_the_mean_of_each_channel(likelihood):
    x = colours()
    vae = blind(model(conv, likelihood()))
    set_output_bias(vae, x)
    expected = np.broadcast_to(x.mean(axis=(0, 1, 2)) / 255.0, SHAPE)
    np.testing.assert_allclose(vae.decode(np.zeros((1, 2)))[0], expected, atol=1e-4)


@pytest.mark.parametrize("images_at_once", [1, 7, 20])
def test_any_number_at_once_and_any_type_give_the_same_bias(monkeypatch, images_at_once):
    monkeypatch.setattr(output_bias, "IMAGES_AT_ONCE", images_at_once)
    biases = []
    for x in (colours(), colours() / np.float32(255)):
        vae = model(mlp, Bernoulli())
        set_output_bias(vae, x)
        biases.append(ops.convert_to_numpy(vae.decoder.layers[-3].bias))
    share = colours().mean(axis=0).ravel() / 255.0
    for bias in biases:
        np.testing.assert_allclose(bias, np.log(share / (1 - share)), atol=1e-4)


def test_black_and_white_pixels_stay_finite():
    x = np.zeros((4, *SHAPE), "uint8")
    x[..., 0] = 255
    vae = blind(model(mlp, Bernoulli()))
    set_output_bias(vae, x)
    picture = vae.decode(np.zeros((1, 2)))[0]
    np.testing.assert_allclose(picture, x[0] / 255.0, atol=2e-3)
    assert picture.min() > 0 and picture.max() < 1


def test_settings_ask_for_it():
    x = np.full((4, 8, 8, 1), 51, "uint8")
    settings = Config(
        architecture="mlp", encoder_units=(4,), likelihood="bernoulli", output_bias="data"
    )
    vae = blind(build_model(settings, (8, 8, 1), images=x))
    np.testing.assert_allclose(vae.decode(np.zeros((1, 2))), 0.2, atol=1e-5)
    grey = blind(build_model(settings.replace(output_bias="zeros"), (8, 8, 1)))
    np.testing.assert_allclose(grey.decode(np.zeros((1, 2))), 0.5, atol=1e-6)
    with pytest.raises(ArgumentError, match=r"`images` must be given for output_bias='data'"):
        build_model(settings, (8, 8, 1))


def test_what_has_no_such_bias_is_an_argument_error():
    class Odd(Likelihood):
        def mean(self, parameters):
            return parameters

    with pytest.raises(ArgumentError, match=r"`likelihood` must define .* Received: .*=Odd"):
        set_output_bias(model(mlp, Odd()), colours())

    likelihood = Bernoulli()
    encoder, _ = mlp(SHAPE, 2, likelihood)
    codes = keras.Input((2,))
    outputs = keras.layers.Dense(90, use_bias=False, name="last")(codes)
    decoder = keras.Model(codes, keras.layers.Reshape(SHAPE)(outputs))
    with pytest.raises(ArgumentError, match="`model` must have a decoder whose last layer of we"):
        set_output_bias(VAE(encoder, decoder, likelihood), colours())


def test_images_that_do_not_fit_are_data_errors():
    with pytest.raises(DataError, match=r"`x` must hold images of shape \(n, 6, 5, 3\)"):
        set_output_bias(model(mlp, Bernoulli()), colours()[:, 1:])
