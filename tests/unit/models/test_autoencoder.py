"""The plain autoencoder: one loss, no distribution."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import Autoencoder
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import Gaussian, SquaredError

pytestmark = pytest.mark.backend

METRICS = {"loss", "recon_loss"}


def autoencoder(likelihood=None, *, learning_rate=0.1):
    keras.utils.set_random_seed(0)
    likelihood = SquaredError() if likelihood is None else likelihood
    built = mlp((8, 8, 1), 2, likelihood, encoder_units=(8,), variational=False)
    model = Autoencoder(*built, likelihood, seed=0)
    model.compile(keras.optimizers.SGD(learning_rate), run_eagerly=True)
    return model


def errors(model, x):
    """Return the mean squared error of each image, in float64."""
    difference = (model.reconstruct(x) - x).astype("float64")
    return (difference**2).reshape(len(x), -1).mean(axis=1)


def evaluate(model, *args, **kwargs):
    return model.evaluate(*args, verbose=0, return_dict=True, **kwargs)


def fit(model, *args, **kwargs):
    history = model.fit(*args, shuffle=False, verbose=0, **kwargs).history
    return {name: values[-1] for name, values in history.items()}


def test_the_loss_is_the_mean_squared_error_of_a_pixel_value(make_images):
    model, x = autoencoder(), make_images(10)
    expected = errors(model, x).mean()
    logs = evaluate(model, x, batch_size=4)  # the last batch is smaller
    assert set(logs) == METRICS
    assert logs["loss"] == logs["recon_loss"] == pytest.approx(expected, rel=1e-5)
    trained = fit(model, x, batch_size=10, validation_data=(x,))
    assert set(trained) == METRICS | {f"val_{name}" for name in METRICS}
    assert trained["loss"] == pytest.approx(expected, rel=1e-5)
    assert trained["val_loss"] == pytest.approx(errors(model, x).mean(), rel=1e-5)
    assert trained["val_loss"] < expected


def test_a_step_of_gradient_descent_equals_a_hand_computation(make_images):
    model, x = autoencoder(), make_images(6)
    last = model.decoder.layers[-3]
    bias = ops.convert_to_numpy(last.bias)
    pictures = model.reconstruct(x).astype("float64")
    # Through the sigmoid; a mean over pixel values, where a VAE has a sum.
    pixels = 2 * (pictures - x) / 64 * pictures * (1 - pictures)
    fit(model, x, batch_size=6)
    expected = bias - 0.1 * pixels.reshape(6, 64).mean(axis=0)
    np.testing.assert_allclose(ops.convert_to_numpy(last.bias), expected, rtol=1e-4, atol=1e-8)


def test_it_learns_in_the_compiled_step(make_images):
    model, x = autoencoder(), make_images(4)
    model.compile(keras.optimizers.Adam(0.05))
    before = errors(model, x).mean()
    fit(model, x, x, batch_size=4, epochs=30)
    assert errors(model, x).mean() < 0.7 * before


def test_sample_weight_is_a_weight_of_images(make_images):
    model, x = autoencoder(), make_images(6)
    weights = np.array([1.0, 0.0, 2.0, 0.5, 0.0, 3.0], "float32")
    logs = evaluate(model, x, x, sample_weight=weights, batch_size=4)
    expected = np.average(errors(model, x), weights=weights)
    assert logs["loss"] == logs["recon_loss"] == pytest.approx(expected, rel=1e-5)
    before = model.get_weights()
    fit(model, x, x, sample_weight=np.zeros(6))
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_losses_of_layers_are_added(make_images):
    model, x = autoencoder(), make_images(4)
    kernel = model.encoder.get_layer("codes").kernel
    kernel.regularizer = keras.regularizers.L2(0.3)
    penalty = 0.3 * (ops.convert_to_numpy(kernel) ** 2).sum()
    logs = evaluate(model, x)
    assert logs["loss"] - logs["recon_loss"] == pytest.approx(penalty, rel=1e-4)


def test_codes_are_those_of_the_encoder_and_the_same_each_time(make_images):
    model, x = autoencoder(), make_images(5)
    codes = model.encode(x, batch_size=2)
    assert codes.shape == (5, 2)
    np.testing.assert_allclose(codes, ops.convert_to_numpy(model.encoder(x)), atol=1e-6)
    np.testing.assert_array_equal(model.encode(x, batch_size=2), codes)
    np.testing.assert_allclose(model.decode(codes), model.reconstruct(x), atol=1e-6)
    for training in (False, True):  # nothing is drawn
        pictures = ops.convert_to_numpy(model(x, training=training))
        np.testing.assert_allclose(pictures, model.reconstruct(x), atol=1e-6)
    for method in ("sample", "elbo", "log_likelihood", "encode_distribution"):
        assert not hasattr(model, method)


@pytest.mark.parametrize("data_range", [(0, 1), (-1, 1)])
def test_bytes_are_scaled_to_the_range(make_images, data_range):
    model = autoencoder(SquaredError(data_range))
    low, high = data_range
    pixels = make_images(5, dtype="uint8")
    scaled = (low + (high - low) * (pixels / 255.0)).astype("float32")
    assert evaluate(model, pixels)["loss"] == pytest.approx(errors(model, scaled).mean(), rel=1e-5)
    assert fit(model, pixels)["loss"] == pytest.approx(
        fit(autoencoder(SquaredError(data_range)), scaled)["loss"], rel=1e-5
    )
    assert (model.reconstruct(pixels).min() < 0) == (low < 0)
    with pytest.raises(DataError, match=r"`x` must lie in"):
        model.fit(scaled * 2.0 + 1.5)


def test_it_goes_on_from_a_file(make_images, tmp_path):
    model, x = autoencoder(SquaredError((-1, 1))), make_images(6)
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    fit(model, x, batch_size=3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is Autoencoder
    assert loaded.likelihood.data_range == (-1.0, 1.0)
    np.testing.assert_array_equal(loaded.reconstruct(x), model.reconstruct(x))
    assert int(loaded.optimizer.iterations) == 2
    assert fit(loaded, x, batch_size=3) == pytest.approx(fit(model, x, batch_size=3), rel=1e-6)


def test_other_likelihoods_are_argument_errors():
    parts = mlp((8, 8, 1), 2, Gaussian(), encoder_units=(8,), variational=False)
    with pytest.raises(
        ArgumentError, match=r"`likelihood` must be `SquaredError` .* Received: likelihood=Gaussian"
    ):
        Autoencoder(*parts, Gaussian())
    assert isinstance(Autoencoder(*parts).likelihood, SquaredError)


def test_an_encoder_of_two_heads_is_an_argument_error():
    parts = mlp((8, 8, 1), 2, SquaredError(), encoder_units=(8,))
    with pytest.raises(ArgumentError, match=r"`encoder` must be .* with one output, the code"):
        Autoencoder(*parts)
