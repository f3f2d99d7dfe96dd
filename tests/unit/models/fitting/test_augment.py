"""Augmentation: what becomes of an image, of what belongs to it, and of a training that resumes."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import VAE, Autoencoder, ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.callbacks import Checkpoint
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import SquaredError
from vae_keras.models.fitting.augment import augmented, seed_of_augmentation

pytestmark = pytest.mark.backend
KINDS = {
    "vae": (VAE, {}),
    "conditional": (ConditionalVAE, {"num_classes": 3}),
    "autoencoder": (Autoencoder, {"variational": False}),
}
N = 12
BOTH = ("flip", "shift")


def build(kind="vae", **compiled):
    keras.utils.set_random_seed(0)
    cls, options = KINDS[kind]
    parts = mlp((8, 8, 1), 2, SquaredError(), encoder_units=(4,), **options)
    model = cls(*parts, SquaredError(), seed=3)
    model.compile(keras.optimizers.Adam(0.01), **(compiled or {"run_eagerly": True}))
    return model


def changes(image):
    """Return each image that may come out: mirrored or not, shifted by -1, 0, 1 each way."""
    found = {}
    for mirrored in (False, True):
        padded = np.pad(image[:, ::-1] if mirrored else image, ((1, 1), (1, 1), (0, 0)), "edge")
        for down in range(3):
            for right in range(3):
                moved = padded[down : down + 8, right : right + 8]
                found[mirrored, 1 - down, 1 - right] = moved
    return found


@pytest.mark.parametrize("names", [("flip",), ("shift",), BOTH])
def test_what_becomes_of_an_image(names, make_images):
    x = np.repeat(make_images(1, dtype="uint8"), 400, axis=0)
    weights, grey = x[..., 0] / np.float32(255), x[..., 0]
    results = augmented(names, (x, grey, None, weights), seed_of_augmentation(0))
    assert results[2] is None
    images, others, _, weighted = (
        None if one is None else ops.convert_to_numpy(one) for one in results
    )
    np.testing.assert_array_equal(images[..., 0], others)  # the same change
    np.testing.assert_allclose(weighted, others / np.float32(255), rtol=1e-6)
    assert images.dtype == np.uint8
    counts = {
        key: int((images == one).all(axis=(1, 2, 3)).sum()) for key, one in changes(x[0]).items()
    }
    assert sum(counts.values()) == 400
    ways = {"flip": 2, "shift": 9}
    expected = 400 / np.prod([ways[name] for name in names])
    possible = {
        key: number
        for key, number in counts.items()
        if ("flip" in names or not key[0]) and ("shift" in names or key[1:] == (0, 0))
    }
    assert sum(possible.values()) == 400
    for number in possible.values():
        assert number == pytest.approx(expected, abs=5 * np.sqrt(expected))


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX traces the steps of `fit`")
@pytest.mark.parametrize("kind", KINDS)
def test_training_images_alone_are_changed(kind, make_images):
    x = make_images(N)
    labels = np.arange(N) % 3 if kind == "conditional" else None
    seen = []

    class Seeing(KINDS[kind][0]):
        def _augmented(self, *arrays, training):
            result = super()._augmented(*arrays, training=training)
            seen.append((training, ops.convert_to_numpy(arrays[0]), [*result]))
            return result

    keras.utils.set_random_seed(0)
    parts = mlp((8, 8, 1), 2, SquaredError(), encoder_units=(4,), **KINDS[kind][1])
    model = Seeing(*parts, SquaredError(), seed=3)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True, jit_compile=False)
    before = model.evaluate(x, labels, verbose=0)
    logs = model.fit(
        x, labels, validation_data=(x, labels), batch_size=N, augment="flip", verbose=0
    ).history
    assert logs["val_loss"][0] == pytest.approx(before if np.isscalar(before) else before[0])
    for training, given, result in seen:
        after = ops.convert_to_numpy(result[0])
        assert (after == given).all() == (not training)
        for one, other in zip(given, after, strict=True):
            assert (one == other).all() or (one[:, ::-1] == other).all()
    seen.clear()
    model.fit(x, labels, batch_size=N, verbose=0)  # and not in the next one
    assert all((given == ops.convert_to_numpy(result[0])).all() for _, given, result in seen)


@pytest.mark.parametrize(
    "kind", ["vae", "autoencoder", pytest.param("conditional", marks=pytest.mark.thorough)]
)
def test_it_resumes_and_leaves_the_model_file_alone(kind, make_images, tmp_path):
    x = make_images(N)
    labels = np.arange(N) % 3 if kind == "conditional" else None

    def trained(epochs, directory=None, model=None):
        model = model or build(kind)
        callbacks = [Checkpoint(directory, every_epochs=1)] if directory else []
        logs = model.fit(
            x, labels, epochs=epochs, batch_size=4, augment=BOTH, callbacks=callbacks, verbose=0
        ).history
        return model, logs

    whole, logs = trained(4)
    trained(2, tmp_path / "checkpoint")
    resumed, rest = trained(4, tmp_path / "checkpoint")
    assert rest == logs
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    plain = build(kind)
    other = plain.fit(x, labels, epochs=4, batch_size=4, verbose=0).history
    assert other["loss"] != logs["loss"]
    assert whole.get_config().keys() == plain.get_config().keys()
    whole.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.encode(x, label=labels), whole.encode(x, label=labels))


@pytest.mark.thorough
def test_compiled_steps_are_those_of_the_fit(make_images):
    x, model = make_images(N), build(run_eagerly=False)
    plain = build(run_eagerly=False).fit(x, epochs=2, verbose=0).history["loss"]
    first = model.fit(x, verbose=0).history["loss"]
    assert first == plain[:1]
    augmented_loss = model.fit(x, augment=["shift"], verbose=0).history["loss"]
    assert augmented_loss != plain[1:]


@pytest.mark.parametrize("augment", ["rotate", ("flip", "turn"), 3])
def test_what_is_no_augmentation(augment, make_images):
    with pytest.raises(ArgumentError, match=r"`augment` must be any of flip, shift\. Received"):
        build().fit(make_images(N), augment=augment, verbose=0)
