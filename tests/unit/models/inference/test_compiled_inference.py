"""Encoding and decoding: compiled once, whatever comes in; and what may come in."""

import gc
import tracemalloc

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import Autoencoder, ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.data import ImageFiles
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import SquaredError

JAX = keras.backend.backend() == "jax"
EAGER = {"run_eagerly": True}


@keras.saving.register_keras_serializable("test_compiled_inference")
class Counting(keras.layers.Layer):
    """Counts how often Python runs it."""

    calls = 0

    def call(self, x):
        type(self).calls += 1
        return x


class Batches(keras.utils.PyDataset):
    def __init__(self, *arrays, size=4, endless=False):
        super().__init__()
        self.arrays, self.size, self.endless = arrays, size, endless

    @property
    def num_batches(self):
        return None if self.endless else -(-len(self.arrays[0]) // self.size)

    def __getitem__(self, index):
        part = slice(index * self.size, (index + 1) * self.size)
        return tuple(one[part] for one in self.arrays)


def conditional():
    keras.utils.set_random_seed(0)
    likelihood = SquaredError()
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(8,), num_classes=3)
    return ConditionalVAE(*parts, likelihood, seed=0)


@pytest.fixture
def counted(tiny_vae):
    """A VAE, and a function that tells how often Python ran its encoder since it was last asked."""
    vae = tiny_vae()
    images = keras.Input((8, 8, 1))
    vae.encoder = keras.Model(images, vae.encoder(Counting()(images)))

    def count():
        calls, Counting.calls = Counting.calls, 0
        return calls

    count()
    return vae, count


@pytest.mark.backend
@pytest.mark.skipif(keras.backend.backend() == "torch", reason="PyTorch runs operations eagerly")
def test_nothing_is_traced_anew_for_another_number_of_images(counted, make_images):
    vae, count = counted
    x = make_images(1200)
    expected = [ops.convert_to_numpy(one) for one in vae.encoder(x)]
    count()
    for method in (vae.encode, vae.encode_distribution, vae.reconstruct, vae.image_losses):
        for n in (1, 7, 500, 501, 1200):
            method(x[:n])
        # On JAX once for few images, and for a whole batch; a power of two each.
        methods = 0 if method == vae.encode_distribution else 1  # the same function
        assert count() == methods * (3 if JAX else 1)
        for n in (1, 5, 8, 300, 900, 1200):
            method(x[:n])
        assert count() == 0
    np.testing.assert_allclose(vae.encode(x), expected[0], atol=1e-5)
    np.testing.assert_allclose(
        vae.encode_distribution(x[:501]).log_var, expected[1][:501], atol=1e-5
    )


@pytest.mark.backend
def test_new_weights_and_new_parts_are_seen(counted, make_images, tiny_vae):
    vae, _ = counted
    x = make_images(5)
    before = vae.encode(x), vae.reconstruct(x)
    weights = vae.get_weights()
    vae.set_weights([2 * one for one in weights])
    expected = ops.convert_to_numpy(vae.encoder(x)[0])
    np.testing.assert_allclose(vae.encode(x), expected, atol=1e-5)
    assert np.abs(vae.encode(x) - before[0]).max() > 1e-3
    vae.set_weights(weights)
    np.testing.assert_allclose(vae.reconstruct(x), before[1], atol=1e-6)
    other = tiny_vae(seed=1)
    vae.encoder, vae.decoder = other.encoder, other.decoder
    np.testing.assert_allclose(vae.reconstruct(x), other.reconstruct(x), atol=1e-6)


@pytest.mark.backend
def test_the_weights_of_each_epoch_are_seen_by_callbacks(tiny_vae, make_images):
    vae, x = tiny_vae(learning_rate=1e-2), make_images(6)
    seen, expected = [vae.encode(x)], []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.encode(x))
            expected.append(ops.convert_to_numpy(self.model.encoder(x)[0]))

    vae.fit(x, epochs=2, verbose=0, callbacks=[Look()])
    np.testing.assert_allclose(seen[1:], expected, atol=1e-5)
    assert np.abs(seen[2] - seen[1]).max() > 1e-5 and np.abs(seen[1] - seen[0]).max() > 1e-5
    np.testing.assert_allclose(vae.encode(x), seen[2], atol=1e-6)


@pytest.mark.backend
def test_a_model_that_runs_eagerly_is_not_compiled(counted, make_images):
    vae, count = counted
    vae.compile("sgd", run_eagerly=True)
    for _ in range(3):
        vae.encode(make_images(3))
    assert count() == 3


@pytest.mark.backend
@pytest.mark.parametrize("dtype", ["uint8", "bool", "float16", "float32", "float64"])
def test_each_type_of_image_gives_what_the_parts_give(dtype, tiny_vae, make_images):
    vae, x = tiny_vae(), make_images(9)
    x = (255 * x).astype("uint8") if dtype == "uint8" else (x > 0.5 if dtype == "bool" else x)
    x = x.astype(dtype)
    vae.encode(make_images(9))  # of another type
    expected = vae(x, training=False)
    np.testing.assert_allclose(vae.reconstruct(x), ops.convert_to_numpy(expected), atol=1e-5)
    assert vae.reconstruct(x).dtype == vae.encode(x, batch_size=4).dtype == np.float32
    tensor = ops.convert_to_tensor(x)
    np.testing.assert_allclose(vae.reconstruct(tensor), vae.reconstruct(x), atol=1e-6)


@pytest.mark.backend
@pytest.mark.parametrize("size", [1, np.int64(3), 10, 64])
def test_the_batch_size_changes_no_result(size, tiny_vae, make_images):
    vae, x = tiny_vae(), make_images(10)
    for method in (vae.encode, vae.reconstruct, vae.anomaly_score):
        np.testing.assert_allclose(method(x, batch_size=size), method(x), atol=1e-5, rtol=1e-5)
    result = vae.encode(x, batch_size=size)
    result += 1.0  # it is the caller's own


@pytest.mark.parametrize("size", [0, -1, 2.5, "many", True])
def test_batch_size_must_make_sense(size, tiny_vae, make_images):
    vae = tiny_vae()
    for method in (vae.encode, vae.reconstruct, vae.image_losses):
        with pytest.raises(ArgumentError, match=r"`batch_size` must be a positive integer."):
            method(make_images(2), batch_size=size)
    with pytest.raises(ArgumentError, match=r"`batch_size` must be a positive integer."):
        vae.decode(np.zeros((2, 2)), batch_size=size)


def data_sets(x, labels):
    """Return data sets of batches of 4, some with labels, the last batch smaller."""
    starts = range(0, len(x), 4)
    sets = {
        "PyDataset (x,)": Batches(x),
        "PyDataset (x, labels)": Batches(x, labels),
        "generator": (x[start : start + 4] for start in starts),
        "lists, as of a loader of PyTorch": [
            [x[start : start + 4], labels[start : start + 4]] for start in starts
        ].__iter__(),
    }
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        sets["tf.data"] = tf.data.Dataset.from_tensor_slices(x).batch(4)
        sets["tf.data pairs"] = tf.data.Dataset.from_tensor_slices((x, labels)).batch(4)
    if keras.backend.backend() == "torch":
        from torch.utils.data import DataLoader

        sets["torch"] = DataLoader([*zip(x, labels, strict=True)], batch_size=4)
    return sets


@pytest.mark.backend
def test_data_sets_give_what_their_images_give(tiny_vae, make_images):
    vae, x = tiny_vae(compiled=EAGER), make_images(10, dtype="uint8")
    labels = np.arange(10) % 3
    for name in data_sets(x, labels):
        for method in (vae.encode, vae.reconstruct, vae.anomaly_score):
            result = method(data_sets(x, labels)[name])
            np.testing.assert_allclose(result, method(x), atol=1e-5, rtol=1e-5, err_msg=name)
    posterior = vae.encode_distribution(Batches(x))
    np.testing.assert_allclose(posterior.log_var, vae.encode_distribution(x).log_var, atol=1e-5)


@pytest.mark.backend
def test_a_conditional_model_takes_the_labels_of_a_data_set(make_images):
    vae, x, labels = conditional(), make_images(10), np.arange(10) % 3
    expected = vae.reconstruct(x, label=labels)
    np.testing.assert_allclose(vae.reconstruct(Batches(x, labels)), expected, atol=1e-5)
    one = vae.reconstruct(Batches(x), label=1)
    np.testing.assert_allclose(one, vae.reconstruct(x, label=1), atol=1e-5)
    with pytest.raises(ArgumentError, match="`label` must be given"):
        vae.reconstruct(Batches(x))


def test_an_autoencoder_takes_data_sets(make_images):
    parts = mlp((8, 8, 1), 2, SquaredError(), encoder_units=(8,), variational=False)
    model, x = Autoencoder(*parts), make_images(10)
    for method in (model.encode, model.reconstruct, model.anomaly_score):
        np.testing.assert_allclose(method(Batches(x)), method(x), atol=1e-6)


def test_files_are_read_a_batch_at_a_time(tiny_vae, make_images, tmp_path, monkeypatch):
    from PIL import Image

    vae, x = tiny_vae(), make_images(5, dtype="uint8")
    for number, image in enumerate(x):
        Image.fromarray(image[..., 0]).save(tmp_path / f"{number}.png")
    files = ImageFiles(sorted(tmp_path.iterdir()), (8, 8, 1))
    read, original = [], ImageFiles.__getitem__

    def reading(self, index):
        images = original(self, index)
        read.append(len(images))
        return images

    monkeypatch.setattr(ImageFiles, "__getitem__", reading)
    np.testing.assert_allclose(vae.reconstruct(files, batch_size=2), vae.reconstruct(x), atol=1e-6)
    assert read == [2, 2, 1]


def test_data_sets_that_cannot_be_read(tiny_vae, make_images):
    vae, x = tiny_vae(compiled=EAGER), make_images(4)
    with pytest.raises(DataError, match=r"`x` must hold at least one batch. Received: none"):
        vae.encode(iter([]))
    with pytest.raises(ArgumentError, match=r"`x` must end. Received: Batches, without an end"):
        vae.encode(Batches(x, endless=True))
    with pytest.raises(DataError, match=r"`x` must hold images of shape \(n, 8, 8, 1\)"):
        vae.encode(iter([x, x[:, :4]]))
    with pytest.raises(DataError, match=r"`x` must hold images of shape \(n, 8, 8, 1\)"):
        vae.encode(3)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.data")
def test_a_tf_data_set_that_repeats_for_ever_is_refused(tiny_vae, make_images):
    import tensorflow as tf

    endless = tf.data.Dataset.from_tensor_slices(make_images(4)).batch(2).repeat()
    with pytest.raises(ArgumentError, match="`x` must end"):
        tiny_vae(compiled=EAGER).encode(endless)


@pytest.fixture
def python_garbage_collection():
    """Collect garbage as often as Python does by default in a process that has just begun."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    gc.freeze()  # the objects of other tests, whose number delays a collection
    gc.collect()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.backend
def test_memory_does_not_grow_with_the_images(tiny_vae, python_garbage_collection):
    vae, peaks = tiny_vae(), {}
    vae.encode(np.zeros((600, 8, 8, 1), "uint8"))
    for n in (1_000, 20_000):
        x = np.zeros((n, 8, 8, 1), "uint8")
        tracemalloc.start()
        codes = vae.encode(x)
        peaks[n] = tracemalloc.get_traced_memory()[1] - codes.nbytes
        tracemalloc.stop()
    # The pixels are 1.3 MB, as float32 5 MB, and a second copy of the codes 160 kB.
    assert peaks[20_000] < peaks[1_000] + 150_000


def test_a_model_that_was_used_is_saved_and_loaded(tiny_vae, make_images, tmp_path):
    vae, x = tiny_vae(), make_images(3)
    expected = vae.reconstruct(x)
    vae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.reconstruct(x), expected, atol=1e-6)
