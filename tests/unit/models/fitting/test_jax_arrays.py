import keras
import numpy as np
import pytest

if keras.backend.backend() != "jax":
    pytest.skip("JAX's loop over steps", allow_module_level=True)

from vae_keras.callbacks import Checkpoint
from vae_keras.models.fitting.steps import jax_arrays


@pytest.fixture
def resident(monkeypatch):
    """Keep arrays on the device, as on an accelerator; return the calls of the check."""
    calls = []
    monkeypatch.setattr(jax_arrays, "pays_off", lambda size: calls.append(size) or True)
    return calls


@pytest.mark.backend
@pytest.mark.parametrize("n", [5, 16, 61])
@pytest.mark.parametrize("shuffle", [False, True])
def test_the_steps_of_keras(tiny_vae, make_images, resident, n, shuffle):
    """The same losses and weights as with Keras' own way, noise and order included."""
    images = make_images(n, dtype="uint8")
    results = []
    for steps in (1, 4):
        vae = tiny_vae(optimizer="adam", compiled={"steps_per_execution": steps})
        history = vae.fit(
            images, batch_size=8, epochs=2, shuffle=shuffle, verbose=0, validation_data=images
        ).history
        results.append((history, vae.get_weights()))
    assert resident == [images.nbytes]  # of the second
    (one, weights), (several, others) = results
    for name, values in one.items():
        np.testing.assert_allclose(values, several[name], rtol=1e-5, err_msg=name)
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-4, atol=1e-6)


@pytest.mark.backend
def test_callbacks_see_steps_and_state(tiny_vae, make_images, resident):
    seen = []
    weights = []

    class Looks(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)

        def on_epoch_end(self, epoch, logs=None):
            weights.append(keras.ops.convert_to_numpy(self.model.trainable_variables[0]))

    vae = tiny_vae(compiled={"steps_per_execution": 4})
    vae.fit(make_images(61), batch_size=8, epochs=2, verbose=0, callbacks=[Looks()])
    assert seen == [3, 7] * 2
    assert not np.array_equal(*weights)
    assert int(vae.optimizer.iterations) == 16
    assert vae.train_function is None  # the next `fit` makes the one it needs
    vae.fit(make_images(8), batch_size=2, steps_per_epoch=3, verbose=0)  # Keras' own way
    assert len(resident) == 1


@pytest.mark.backend
def test_weights(make_images, resident):
    from vae_keras import Autoencoder
    from vae_keras.architectures import mlp
    from vae_keras.likelihoods import SquaredError

    images, weights, losses = make_images(20), np.linspace(0.0, 2.0, 20), []
    for steps in (1, 3):
        keras.utils.set_random_seed(0)
        parts = mlp((8, 8, 1), 2, SquaredError(), encoder_units=(8,), variational=False)
        model = Autoencoder(*parts, seed=0)
        model.compile("adam", steps_per_execution=steps)
        fitted = model.fit(images, images[::-1], sample_weight=weights, epochs=2, verbose=0)
        losses.append(fitted.history["loss"])
    assert len(resident) == 1
    np.testing.assert_allclose(*losses, rtol=1e-5)


@pytest.mark.backend
def test_labels(make_images, resident):
    from vae_keras import ConditionalVAE
    from vae_keras.architectures import mlp
    from vae_keras.likelihoods import SquaredError

    labels = np.arange(20) % 3
    losses = []
    for steps in (1, 3):
        keras.utils.set_random_seed(0)
        parts = mlp((8, 8, 1), 2, SquaredError(), encoder_units=(8,), num_classes=3)
        vae = ConditionalVAE(*parts, SquaredError(), seed=0)
        vae.compile("adam", steps_per_execution=steps)
        losses.append(vae.fit(make_images(20), labels, batch_size=8, verbose=0).history["loss"])
    assert resident
    np.testing.assert_allclose(*losses, rtol=1e-5)


@pytest.mark.backend
def test_compiled_once_for_several_fits(tiny_vae, make_images, resident, monkeypatch):
    vae = tiny_vae(compiled={"steps_per_execution": 4})
    traces = []
    step = type(vae).train_step
    monkeypatch.setattr(
        type(vae), "train_step", lambda self, *given: traces.append(1) or step(self, *given)
    )
    images = make_images(32)
    for _ in range(3):
        vae.fit(images, batch_size=8, verbose=0)
    assert len(traces) == 1
    vae.compile("adam", steps_per_execution=4)
    vae.fit(images, batch_size=8, verbose=0)
    assert len(traces) == 2


@pytest.mark.backend
def test_a_cpu_keeps_to_keras_own_way():
    assert not jax_arrays.pays_off(1)


@pytest.mark.backend
def test_it_goes_on_within_an_epoch(tiny_vae, make_images, resident, tmp_path):
    images = make_images(61, dtype="uint8")

    class Crash(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 4 and self.model.optimizer.iterations > 8:
                raise InterruptedError

    def train(name, *more):
        vae = tiny_vae(optimizer="adam", compiled={"steps_per_execution": 4})
        kept = Checkpoint(tmp_path / name, every_minutes=0)
        callbacks = [*more, kept]
        settings = {"batch_size": 8, "epochs": 3, "verbose": 0, "callbacks": callbacks}
        return vae.fit(images, **settings).history, vae.get_weights(), kept.resumed

    history, weights, _ = train("whole")
    with pytest.raises(InterruptedError):
        train("parts", Crash())
    resumed, others, where = train("parts")
    assert where == (1, 4)
    assert resumed == history
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(weight, other)
    assert len(resident) >= 3
