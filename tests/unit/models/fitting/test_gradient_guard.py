"""What reaches the weights where a gradient is not finite, or too large."""

from contextlib import suppress

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import VAE, StopOnDivergence
from vae_keras.architectures import conv
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import Gaussian, OptimalGaussian, SquaredError

# Compiled and not, one step a call and several.
WAYS = [{}, {"run_eagerly": True}]
if keras.backend.backend() != "torch":
    WAYS.append(pytest.param({"steps_per_execution": 3}, marks=pytest.mark.thorough))


class Poisoned(keras.utils.PyDataset):
    """Five batches, of which those from `first` on are NaN."""

    def __init__(self, images, first):
        super().__init__()
        self.images, self.first = images, first

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return self.images * np.float32(np.nan if index >= self.first else 1)


@keras.saving.register_keras_serializable("tests")
class BrokenGradient(SquaredError):
    """Squared error with a gradient that is not a number, and a value that is one."""

    def loss(self, x, parameters, *, training=False):
        far = parameters > 100.0
        broken = ops.where(far, ops.exp(1e9 * parameters), 0.0)
        return super().loss(x, parameters) + ops.sum(broken, axis=(1, 2, 3))


def state(vae):
    """Everything that a step changes and a file holds."""
    variables = [*vae.trainable_variables, *vae.optimizer.variables]
    return [ops.convert_to_numpy(one) for one in variables]


def assert_all_finite(vae):
    for values in (*vae.get_weights(), *state(vae)):
        assert np.isfinite(values).all()


@pytest.mark.backend
@pytest.mark.parametrize("compiled", WAYS)
def test_a_nan_batch_changes_nothing(tiny_vae, make_images, compiled):
    images = make_images()
    trained = []
    for batches in (2, 5):
        vae = tiny_vae(optimizer="adam", compiled=compiled)
        expected = (
            # Several steps in a call of JAX go beyond the two that are asked for.
            suppress(DataError)
            if batches == 2
            else pytest.raises(DataError, match="`x` must lie in")
        )
        with expected:
            vae.fit(Poisoned(images, first=2), steps_per_epoch=batches, shuffle=False, verbose=0)
        trained.append(state(vae))
    assert int(vae.optimizer.iterations) == 2
    for one, other in zip(*trained, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.backend
@pytest.mark.parametrize("compiled", WAYS)
def test_a_broken_gradient_is_named_and_changes_nothing(tiny_vae, make_images, compiled):
    vae = tiny_vae(likelihood=BrokenGradient(), optimizer="adam", compiled=compiled)
    before = vae.get_weights()
    callback = StopOnDivergence()
    with pytest.warns(UserWarning, match="the gradient of `loss` became infinite or not a number"):
        vae.fit(make_images(), batch_size=5, epochs=3, verbose=0, callbacks=[callback])
    assert " in epoch 1, " in callback.message
    assert int(vae.optimizer.iterations) == 0
    for one, other in zip(before, vae.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.backend
@pytest.mark.parametrize(("optimizer", "rate"), [("adam", 1e20), ("sgd", 1e3)])
def test_weights_are_finite_after_a_training_that_diverged(tiny_vae, make_images, optimizer, rate):
    vae = tiny_vae(optimizer=optimizer, learning_rate=rate)
    with pytest.warns(UserWarning, match="training stopped"):
        vae.fit(make_images(40), batch_size=5, epochs=50, verbose=0, callbacks=[StopOnDivergence()])
    assert_all_finite(vae)


@pytest.mark.backend
@pytest.mark.parametrize("compiled", WAYS)
@pytest.mark.thorough
def test_moving_statistics_are_not_spoilt(make_images, compiled):
    keras.utils.set_random_seed(0)
    likelihood = OptimalGaussian(mode="analytic")
    parts = conv((8, 8, 1), 2, likelihood, filters=(4,), normalization="batch")
    vae = VAE(*parts, likelihood, seed=0)
    vae.compile("adam", **compiled)
    moving = [one for one in vae.encoder.non_trainable_variables if "moving" in one.path]
    assert moving
    before = [ops.convert_to_numpy(one) for one in moving]
    with pytest.raises(DataError, match="`x` must lie in"):
        vae.fit(Poisoned(make_images(), first=2), shuffle=False, verbose=0)
    assert_all_finite(vae)
    assert np.isfinite(float(vae.likelihood.scale))
    for one, old in zip(moving, before, strict=True):  # moved by the two batches that were well
        assert np.abs(ops.convert_to_numpy(one) - old).max() > 0


@pytest.mark.backend
@pytest.mark.parametrize("compiled", WAYS)
@pytest.mark.thorough
def test_steps_with_a_large_gradient_are_left_out_and_counted(tiny_vae, make_images, compiled):
    images = make_images(40)
    histories = {}
    for limit in (1e-3, 1e6, None):
        vae = tiny_vae(skip_gradient_norm=limit, optimizer="adam", compiled=compiled)
        before = vae.get_weights()
        histories[limit] = vae.fit(
            images, batch_size=5, epochs=2, validation_data=images, verbose=0
        ).history
        untouched = all(map(np.array_equal, before, vae.get_weights()))
        assert untouched == (limit == 1e-3)
    assert histories[1e-3]["skipped_steps"] == [8, 8]
    assert histories[1e6]["skipped_steps"] == [0, 0]
    assert "val_skipped_steps" not in histories[1e6]
    assert "skipped_steps" not in histories[None]
    assert histories[1e6]["loss"] == histories[None]["loss"]


@pytest.mark.backend
@pytest.mark.thorough
def test_the_limit_is_the_norm_of_the_gradient(tiny_vae, make_images):
    """SGD with rate 1 moves the weights by the gradient, whose norm is then known."""
    images = make_images()
    vae = tiny_vae(learning_rate=1.0)
    before = [ops.convert_to_numpy(one) for one in vae.trainable_variables]
    vae.fit(images, verbose=0)
    moves = [ops.convert_to_numpy(one) for one in vae.trainable_variables]
    norm = np.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(moves, before, strict=True)))
    for factor, skipped in ((1.01, 0), (0.99, 1)):
        for scale in (None, 128.0):  # a scaled loss changes nothing
            vae = tiny_vae(learning_rate=1.0, skip_gradient_norm=factor * norm)
            if scale is not None:
                sgd = keras.optimizers.SGD(1.0)
                vae.compile(keras.optimizers.LossScaleOptimizer(sgd, initial_scale=scale))
            assert vae.fit(images, verbose=0).history["skipped_steps"] == [skipped]


@pytest.mark.backend
@pytest.mark.thorough
def test_an_optimizer_that_scales_the_loss_finds_its_scale(tiny_vae, make_images):
    """Its own overflows are no divergence, and are left to it; a broken gradient is one."""
    images = make_images()

    def trained(likelihood, scale, epochs):
        vae = tiny_vae(likelihood=likelihood)
        optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(), scale)
        vae.compile(optimizer)
        callback = StopOnDivergence(warn=False)
        vae.fit(images, epochs=epochs, verbose=0, callbacks=[callback])
        return callback.message, float(ops.convert_to_numpy(optimizer.dynamic_scale))

    message, scale = trained(Gaussian(scale=0.01), 1e37, 12)
    assert message is None
    assert scale < 1e37
    message, scale = trained(BrokenGradient(), 2.0**-12, 9)
    assert "the gradient of `loss`" in message
    assert scale < 2.0**-12


def test_the_limit_is_saved(tiny_vae, tmp_path):
    vae = tiny_vae(skip_gradient_norm=5)
    vae.save(tmp_path / "vae.keras")
    assert keras.saving.load_model(tmp_path / "vae.keras").skip_gradient_norm == 5.0
    assert "skip_gradient_norm" not in tiny_vae().get_config()


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), float("inf")])
def test_a_limit_that_makes_no_sense(tiny_vae, limit):
    with pytest.raises(ArgumentError, match="`skip_gradient_norm` must be a finite number above 0"):
        tiny_vae(skip_gradient_norm=limit)
