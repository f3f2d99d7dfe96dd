"""Encoders and decoders of one's own: what their conventions are, and what is not an image."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from vae_keras import VAE, Autoencoder, ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Bernoulli, Gaussian, LearnedGaussian, SquaredError

pytestmark = pytest.mark.backend
KINDS = {"vae": VAE, "conditional": ConditionalVAE, "autoencoder": Autoencoder}
N = 6


def build(kind, likelihood, *last, shape=(4, 4, 1)):
    """Build a model whose decoder ends in some layers."""
    keras.utils.set_random_seed(0)
    classes = [keras.Input((2,))] if kind == "conditional" else []
    images, codes = keras.Input(shape), keras.Input((2,))
    flat = layers.Flatten()(images)
    if classes:
        flat = layers.Concatenate()([flat, *classes])
    heads = 1 if kind == "autoencoder" else 2
    outputs = [layers.Dense(2)(flat) for _ in range(heads)]
    first, second = ([images, *classes], [codes, *classes]) if classes else (images, codes)
    encoder = keras.Model(first, outputs[0] if heads == 1 else outputs)
    values = layers.Concatenate()([codes, *classes]) if classes else codes
    if not last:
        last = (layers.Dense(int(np.prod(shape))), layers.Reshape(shape))
    for layer in last:
        values = layer(values)
    model = KINDS[kind](encoder, keras.Model(second, values), likelihood, seed=0)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    return model


def pixels(activation=None):
    return layers.Dense(16, activation=activation, name="pixels"), layers.Reshape((4, 4, 1))


@pytest.mark.parametrize(
    ("kind", "likelihood", "last", "message"),
    [
        ("vae", Bernoulli, pixels("sigmoid"), "'sigmoid' of the layer 'pixels'.*`activation=None`"),
        ("conditional", Bernoulli, (*pixels(), layers.Activation("tanh")), "'tanh'.*=None`"),
        ("vae", Bernoulli, (*pixels(), layers.Softmax()), "'softmax'"),
        ("vae", Bernoulli, (*pixels(), keras.ops.sigmoid), "'sigmoid'"),
        ("vae", Bernoulli, (keras.Sequential(pixels("sigmoid")),), "'sigmoid' of the layer 'pix"),
        ("vae", SquaredError, pixels("tanh"), r"lie in \[0.0, 1.0\]: .*`activation='sigmoid'`"),
        ("autoencoder", SquaredError, pixels("tanh"), "`decoder` ends in the activation 'tanh'"),
    ],
)
def test_an_activation_that_does_not_fit_is_told(kind, likelihood, last, message):
    with pytest.warns(UserWarning, match=message) as caught:
        build(kind, likelihood(), *last)
    assert [one.filename for one in caught] == [__file__]


@pytest.mark.parametrize(
    ("likelihood", "activation"),
    [
        (Bernoulli(), None),
        (Bernoulli(), "relu"),
        (SquaredError(), "sigmoid"),
        (SquaredError(), None),
        (Gaussian(data_range=(-1, 1)), "tanh"),
    ],
)
def test_one_that_fits_is_not(likelihood, activation):
    build("vae", likelihood, *pixels(activation))  # warnings are errors


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(8, 1), (5,), (6, 3)])
def test_what_the_encoder_takes_needs_no_three_axes(kind, shape):
    model = build(kind, SquaredError(), shape=shape)
    x = np.random.default_rng(0).random((N, *shape)).astype("float32")
    labels = np.arange(N) % 2 if kind == "conditional" else None
    expected = np.sum((x - model.reconstruct(x, label=labels)) ** 2, axis=tuple(range(1, x.ndim)))
    given = [x, x[..., 0]] if shape[-1] == 1 else [x]
    for one in given:
        logs = model.fit(one, labels, validation_data=(one, labels), verbose=0).history
        assert np.isfinite(logs["val_loss"]).all()
        assert model.reconstruct(one, label=labels).shape == x.shape
        if kind == "autoencoder":
            assert logs["loss"][0] == pytest.approx(np.mean(expected) / np.prod(shape), rel=1e-5)
            logs = model.evaluate(one, np.zeros_like(x), verbose=0, return_dict=True)
            squares = np.mean(model.reconstruct(x) ** 2)
            assert logs["loss"] == pytest.approx(squares, rel=1e-5)


def test_values_of_a_vector_have_weights():
    model = build("autoencoder", SquaredError(), shape=(5,))
    x = np.random.default_rng(0).random((N, 5)).astype("float32")
    seen = np.random.default_rng(1).random((N, 5)) < 0.6
    each = np.average((x - model.reconstruct(x)) ** 2, axis=1, weights=seen + 1e-12)
    logs = model.evaluate(x, sample_weight=seen, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(np.mean(each[seen.any(axis=1)]), rel=1e-5)


def test_the_encoder_alone_tells_of_images_that_are_not_scaled(make_images):
    x = make_images(N, dtype="uint8")
    scaled = x / np.float32(255)
    for likelihood in (SquaredError(), LearnedGaussian((-1, 1))):
        vae = VAE(*mlp((8, 8, 1), 2, likelihood, encoder_units=(4,)), likelihood)
        low = likelihood.data_range[0]
        good = scaled if low == 0 else 2 * scaled - 1
        vae.encoder.predict_on_batch(good)  # no warning, which would be an error
        for method in (vae.encoder.predict_on_batch, vae.encoder.predict):
            for bad in (x, x.astype("float32")):
                with pytest.warns(UserWarning, match="`encode` of the whole model scales them"):
                    method(bad)
        np.testing.assert_allclose(
            vae.encoder.predict(good, verbose=0)[0], vae.encode(x), atol=1e-5
        )


def test_the_documented_way_from_keras_io(make_images):
    page = Path(__file__).parents[3] / "docs" / "start" / "coming_from.md"
    (recipe,) = (
        block
        for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        if "class Sampling" in block
    )
    before, after = recipe.split("# From here on")
    names = {}
    exec(before, names)
    with pytest.raises(ArgumentError, match=r"`keras.Model\(encoder.input, encoder.outputs\[:2\]"):
        VAE(names["encoder"], names["decoder"], Bernoulli())
    x, codes = make_images(3, (28, 28, 1)), np.float32([[0.5, -1.0], [2.0, 0.1]])
    means = ops.convert_to_numpy(names["encoder"](x)[0])
    pictures = ops.convert_to_numpy(names["decoder"](codes))
    exec(f"# {after}", names)
    np.testing.assert_allclose(names["vae"].encode(x), means, atol=1e-5)
    np.testing.assert_allclose(names["vae"].decode(codes), pictures, atol=1e-5)


def test_a_decoder_of_another_activation_is_loaded(tmp_path):
    with pytest.warns(UserWarning, match="`decoder` ends in"):
        vae = build("vae", Bernoulli(), *pixels("sigmoid"))
    vae.save(tmp_path / "vae.keras")
    codes = np.float32([[0.5, -1.0]])
    with pytest.warns(UserWarning, match="`decoder` ends in"):
        loaded = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_allclose(loaded.decode(codes), vae.decode(codes), atol=1e-6)


def test_a_model_of_channels_first_is_told():
    with pytest.warns(UserWarning, match=r"3 high and 8 wide, of 8 channels.*shape \(8, 8, 3\)"):
        build("vae", SquaredError(), shape=(3, 8, 8))
    build("vae", SquaredError(), shape=(8, 8, 13))  # bands of a satellite: no warning
