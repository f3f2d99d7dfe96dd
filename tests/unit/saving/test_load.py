import threading
import zipfile

import keras
import numpy as np
import pytest

import vae_keras
from vae_keras.architectures import mlp
from vae_keras.errors import ModelFileError
from vae_keras.likelihoods import SquaredError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A directory with a `model.keras`, trained for one step, and the model."""
    path = tmp_path_factory.mktemp("runs") / "first"
    path.mkdir()
    likelihood = SquaredError()
    vae = vae_keras.VAE(*mlp((4, 4, 1), 2, likelihood, encoder_units=(4,)), likelihood, seed=0)
    vae.compile("adam", run_eagerly=True)
    vae.fit(np.random.default_rng(0).random((8, 4, 4, 1), "float32"), batch_size=8, verbose=0)
    vae.set_kl_weight(0.25)
    vae.save(path / "model.keras")
    return path, vae


@pytest.mark.backend
@pytest.mark.parametrize("name", ["", "model.keras"])
def test_from_a_run_directory_and_from_a_file(run, name):
    path, vae = run
    images = np.random.default_rng(1).random((3, 4, 4, 1), "float32")
    loaded = vae_keras.load(path / name)
    np.testing.assert_allclose(loaded.reconstruct(images), vae.reconstruct(images), atol=1e-6)
    assert int(loaded.optimizer.iterations) == 1
    assert float(loaded.current_kl_weight) == 0.25
    assert vae_keras.load(str(path / name)).latent_dim == 2


@pytest.mark.parametrize("kind", ["Autoencoder", "ConditionalVAE"])
def test_models_of_every_kind(kind, tmp_path):
    likelihood = SquaredError()
    options = {"variational": False} if kind == "Autoencoder" else {"num_classes": 3}
    parts = mlp((4, 4, 1), 2, likelihood, encoder_units=(4,), **options)
    model = getattr(vae_keras, kind)(*parts, likelihood)
    model.compile("adam", run_eagerly=True)
    images = np.random.default_rng(1).random((3, 4, 4, 1), "float32")
    model.fit(images, np.arange(3), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = vae_keras.load(tmp_path)
    assert type(loaded) is type(model)
    assert int(loaded.optimizer.iterations) == 1
    label = None if kind == "Autoencoder" else 1
    np.testing.assert_allclose(
        loaded.reconstruct(images, label=label), model.reconstruct(images, label=label), atol=1e-6
    )


def refused(path):
    """Return the message of the error, which is one line."""
    with pytest.raises(ModelFileError) as caught:
        vae_keras.load(path)
    message = str(caught.value)
    assert message.startswith("`path` must be ")
    assert "Received: " in message and "\n" not in message
    assert str(path) in message
    return message


def test_missing(tmp_path):
    assert "(no such file)" in refused(tmp_path / "nowhere")
    assert "(no such file)" in refused(tmp_path / ("x" * 300))


def test_directory_without_a_model(tmp_path):
    assert "(no model.keras in it)" in refused(tmp_path)


@pytest.mark.parametrize("content", [b"", b"text, not a model\n", b"\x89HDF\r\n\x1a\n"])
def test_another_kind_of_file(tmp_path, content):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    assert "a whole .keras file" in refused(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_cut_short(run, tmp_path, share):
    whole = (run[0] / "model.keras").read_bytes()
    path = tmp_path / "cut.keras"
    path.write_bytes(whole[: int(share * len(whole))])
    assert "a whole .keras file" in refused(path)


def test_damaged_inside(run, tmp_path):
    content = bytearray((run[0] / "model.keras").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    path = tmp_path / "damaged.keras"
    path.write_bytes(content)
    refused(path)


def test_a_zip_that_is_no_model(tmp_path):
    path = tmp_path / "photos.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.png", b"x")
    assert "without config.json, metadata.json, model.weights.h5" in refused(path)


def test_another_model(run, tmp_path):
    path = tmp_path / "other.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path)
    message = refused(path)
    assert "`VAE`, `ConditionalVAE` or `Autoencoder`" in message
    assert message.endswith("a `Sequential`")


def test_half_of_a_model(run, tmp_path):
    path = tmp_path / "encoder.keras"
    run[1].encoder.save(path)
    assert refused(path).endswith("a `Functional`")


@pytest.mark.backend
def test_without_the_optimizer(run):
    path, vae = run
    images = np.random.default_rng(1).random((3, 4, 4, 1), "float32")
    loaded = vae_keras.load(path, compile=False)
    assert not loaded.compiled
    np.testing.assert_allclose(loaded.reconstruct(images), vae.reconstruct(images), atol=1e-6)
    assert float(loaded.current_kl_weight) == 0.25


@pytest.mark.backend
def test_loading_draws_no_weights_and_leaves_keras_as_it_was(run, monkeypatch):
    path, vae = run
    draws, original = [], keras.initializers.VarianceScaling.__call__

    def drawing(self, shape, dtype=None):
        draws.append(shape)
        return original(self, shape, dtype=dtype)

    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", drawing)
    loaded = vae_keras.load(path)
    assert not draws
    for weight, expected in zip(loaded.get_weights(), vae.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    assert draws and np.isfinite(layer.get_weights()[0]).all()
    again = type(loaded).from_config(loaded.get_config())
    assert again.encoder.get_weights()[0].std() > 0
    with pytest.raises(ModelFileError):
        vae_keras.load(path / "nothing")
    assert keras.initializers.Zeros.__call__.__qualname__ == "Zeros.__call__"


def test_another_thread_draws_its_weights_while_a_model_loads(run, monkeypatch):
    built, original = [], keras.saving.load_model

    def build_elsewhere(*args, **kwargs):
        def build():
            layer = keras.layers.Dense(3)
            layer.build((None, 2))
            built.append(layer.get_weights()[0])

        thread = threading.Thread(target=build)
        thread.start()
        thread.join()
        return original(*args, **kwargs)

    monkeypatch.setattr(keras.saving, "load_model", build_elsewhere)
    vae_keras.load(run[0])
    assert np.isfinite(built[0]).all() and np.std(built[0]) > 0
