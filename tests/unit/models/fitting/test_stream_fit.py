"""`fit` on image files and on loaders of the user's own, on every backend."""

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from vae_keras import Autoencoder, ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.data import ImageFiles, ImageStream
from vae_keras.errors import DataError
from vae_keras.likelihoods import SquaredError
from vae_keras.models.fitting import streams as streaming
from vae_keras.regularizers import TotalCorrelation

BACKEND = keras.backend.backend()
HAS_GRAIN = importlib.util.find_spec("grain") is not None
NO_GRAIN = "on JAX and PyTorch images are read by Grain, which is not installed"
needs_reader = pytest.mark.skipif(BACKEND != "tensorflow" and not HAS_GRAIN, reason=NO_GRAIN)
needs_grain = pytest.mark.skipif(not HAS_GRAIN, reason="Grain is not installed")
pytestmark = pytest.mark.backend


@pytest.fixture
def images(make_images) -> np.ndarray:
    return make_images(40, dtype="uint8")


@pytest.fixture
def files(images: np.ndarray, tmp_path: Path) -> ImageFiles:
    paths = [tmp_path / f"{number}.png" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image[..., 0]).save(path)
    return ImageFiles(paths, (8, 8, 1), native=np.ones(len(paths), bool))


class Steps(keras.callbacks.Callback):
    """Keep what a progress bar is told."""

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Any] = []
        self.done: list[int] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.known.append(self.params["steps"])
        self.done.append(0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.done[-1] = batch + 1


@needs_reader
@pytest.mark.thorough
def test_files_give_the_losses_of_arrays(files, images, tiny_vae):
    def losses(x):
        vae = tiny_vae(optimizer="adam")
        settings = {"batch_size": 16, "epochs": 3, "shuffle": False, "verbose": 0}
        history = vae.fit(x, validation_data=(images,), **settings).history
        return history["loss"], history["val_loss"], vae.evaluate(x, verbose=0)

    for received, expected in zip(losses(files), losses(images), strict=True):
        np.testing.assert_allclose(received, expected, rtol=1e-5)


@pytest.mark.thorough
@pytest.mark.skipif(BACKEND != "tensorflow", reason="elsewhere Keras does not copy arrays")
def test_an_array_that_keras_would_copy_is_streamed(images, make_images, tiny_vae, monkeypatch):
    arrays = (images, make_images(40))
    weights = np.ones(40)

    def losses():
        found = []
        for x in arrays:
            vae = tiny_vae(optimizer="adam")
            settings = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0}
            found += vae.fit(x, validation_data=(x,), **settings).history["val_loss"]
            found.append(vae.evaluate(x, verbose=0))
            found.append(vae.evaluate(x, sample_weight=weights, verbose=0))
        return np.hstack(found)

    expected, made = losses(), []
    batches = ImageStream.batches
    monkeypatch.setattr(ImageStream, "batches", lambda one: (made.append(one), batches(one))[1])
    np.testing.assert_array_equal(losses(), expected)
    assert len(made) == 2  # for training
    made.clear()
    monkeypatch.setattr(streaming, "COPIED_BYTES", 0)
    np.testing.assert_allclose(losses(), expected, rtol=1e-5)
    assert len(made) == 2 * 4  # for training, validation and the two evaluations


@needs_reader
def test_progress_is_right_from_the_first_epoch(files, tiny_vae):
    steps = Steps()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tiny_vae().fit(files, batch_size=16, epochs=2, verbose=0, callbacks=steps)
    assert steps.known == [3, 3]
    assert steps.done == [3, 3]


@pytest.mark.thorough
@needs_reader
@pytest.mark.skipif(BACKEND == "torch", reason="Keras takes one step at a time with PyTorch")
def test_several_steps_in_a_call_see_each_batch_once(files, tiny_vae):
    def trained(steps: int):
        vae = tiny_vae(optimizer="adam", compiled={"steps_per_execution": steps})
        history = vae.fit(files, batch_size=16, epochs=3, verbose=0).history
        assert int(vae.optimizer.iterations) == 9
        return history["loss"]

    np.testing.assert_allclose(trained(2), trained(1), rtol=1e-5)


@pytest.mark.thorough
@needs_reader
def test_training_that_goes_on_sees_the_same_batches(files, tiny_vae):
    def weights(*spans: tuple[int, int]):
        vae = tiny_vae()
        for first, last in spans:
            settings = {"initial_epoch": first, "epochs": last, "batch_size": 16, "verbose": 0}
            vae.fit(files, callbacks=[], **settings)
        return vae.get_weights()

    for one, other in zip(weights((0, 4)), weights((0, 2), (2, 4)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.thorough
@needs_reader
def test_files_validate_as_arrays_do(files, images, tiny_vae):
    vae = tiny_vae(learning_rate=0.0)
    losses = [
        vae.fit(images, validation_data=given, verbose=0).history["val_loss"]
        for given in (images, files, (files,))
    ]
    np.testing.assert_allclose(losses[1:], [losses[0]] * 2, rtol=1e-5)


@needs_reader
def test_labels_go_along(files, images):
    likelihood = SquaredError()
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(8,), num_classes=3)
    vae = ConditionalVAE(*parts, likelihood, seed=0)
    vae.compile("sgd")
    labels = np.arange(40) % 3
    vae.optimizer.learning_rate = 0.0
    settings = {"batch_size": 10, "shuffle": False, "verbose": 0}
    expected = vae.evaluate(images, labels, verbose=0)
    np.testing.assert_allclose(vae.evaluate(files, labels, verbose=0), expected, rtol=1e-5)
    assert np.isfinite(vae.fit(files, labels, **settings).history["loss"]).all()
    with pytest.raises(DataError, match="`y` must hold the class of each image"):
        vae.fit(files, **settings)
    with pytest.raises(DataError, match="must lie in 0 to 2"):
        vae.fit(files, labels + 1, **settings)


@needs_reader
def test_an_autoencoder_and_a_regularizer_that_counts(files, tiny_vae):
    likelihood = SquaredError()
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(8,), variational=False)
    autoencoder = Autoencoder(*parts, likelihood)
    autoencoder.compile("sgd")
    assert autoencoder.fit(files, files, verbose=0).history["loss"][0] > 0
    vae = tiny_vae(regularizer=TotalCorrelation())
    vae.fit(files, verbose=0)
    assert float(vae.dataset_size) == 40


def test_files_of_another_size_are_refused(files, tiny_vae):
    with pytest.raises(DataError, match=r"shape \(n, 9, 8, 1\). Received: x.shape=\(40, 8, 8, 1\)"):
        tiny_vae((9, 8, 1)).fit(files, verbose=0)


@needs_reader
def test_a_file_that_breaks_is_named(files, tiny_vae):
    vae = tiny_vae()
    vae.fit(files, verbose=0)
    path = files.path(21)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DataError, match=f"{path} cannot be read as an image"):
        vae.fit(files, verbose=0)


@needs_reader
def test_the_streams_batches_can_be_given_by_hand(files, tiny_vae):
    stream = ImageStream(files, np.arange(40), batch_size=16)
    settings = {"callbacks": [stream.callback()], "shuffle": False, "verbose": 0}
    history = tiny_vae().fit(stream.batches(), **settings).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.thorough
@needs_grain
@pytest.mark.parametrize("labelled", [False, True])
def test_grain_loaders_of_the_users_own(labelled, images, tiny_vae):
    import grain

    source = list(zip(images, range(40), strict=True)) if labelled else list(images)
    dataset = grain.MapDataset.source(source).batch(10)
    vae = tiny_vae(learning_rate=0.0)
    expected = vae.fit(images, batch_size=10, shuffle=False, verbose=0).history["recon_loss"]
    # Keras cannot know how long it is: with `steps_per_epoch` it need not find out by its end.
    for loader in (dataset, dataset.to_iter_dataset()):
        settings = {"steps_per_epoch": 4, "shuffle": False, "verbose": 0}
        history = tiny_vae(learning_rate=0.0).fit(loader, **settings).history
        np.testing.assert_allclose(history["recon_loss"], expected, rtol=1e-5)
