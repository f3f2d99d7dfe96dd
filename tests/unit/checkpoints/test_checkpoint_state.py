import json

import keras
import numpy as np
import pytest

from vae_keras.checkpoints.state import (
    description,
    is_finite,
    restore_callbacks,
    restore_variables,
    state_of_callbacks,
    state_of_variables,
)
from vae_keras.errors import RunDirectoryError


class Counts(keras.callbacks.Callback):
    def __init__(self, start=0):
        super().__init__()
        self.state = {"count": start, "table": np.eye(2) * start}

    def get_state(self):
        return self.state

    def set_state(self, state):
        self.state = state


@pytest.mark.backend
def test_variables_come_back_bit_for_bit(tiny_vae, make_images):
    trained, other = tiny_vae(optimizer="adam"), tiny_vae(optimizer="adam")
    trained.fit(make_images(20), epochs=2, batch_size=8, verbose=0)
    arrays = state_of_variables(trained)
    assert is_finite(arrays)
    for metrics in (False, True):
        restore_variables(other, arrays, metrics=metrics)
    for name, value in state_of_variables(other).items():
        np.testing.assert_array_equal(value, arrays[name], err_msg=name)
        assert value.dtype == arrays[name].dtype


@pytest.mark.backend
def test_metrics_are_restored_by_themselves(tiny_vae, make_images):
    trained, other = tiny_vae(), tiny_vae()
    trained.fit(make_images(20), verbose=0)
    arrays, before = state_of_variables(trained), other.get_weights()
    restore_variables(other, arrays, metrics=True)
    assert float(other.recon_tracker.result()) == float(trained.recon_tracker.result())
    for weight, value in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)


@pytest.mark.backend
def test_those_of_another_model_are_refused(tiny_vae):
    arrays = state_of_variables(tiny_vae(optimizer="adam"))
    with pytest.raises(RunDirectoryError, match="must be of the same model and optimizer"):
        restore_variables(tiny_vae((9, 8, 1), optimizer="adam"), arrays, metrics=False)


def test_what_is_not_finite():
    assert is_finite({"trainable/0": np.ones(2), "metrics/0": np.array(np.nan)})
    assert not is_finite({"trainable/0": np.array([1.0, np.inf])})
    assert not is_finite({"optimizer/0": np.array(np.nan)})
    assert is_finite({"non_trainable/0": np.array([1, 2])})


def test_callbacks_come_back_through_json():
    stopping, plateau = keras.callbacks.EarlyStopping(), keras.callbacks.ReduceLROnPlateau()
    stopping.on_train_begin()
    vars(stopping).update(wait=2, best=0.1, best_weights=[np.eye(2), np.float32(0.5)])
    vars(plateau).update(wait=1, best=np.float64(1 / 3), cooldown_counter=4)
    arrays = {}
    callbacks = [stopping, keras.callbacks.Callback(), plateau, Counts(1), Counts(2)]
    states = json.loads(json.dumps(state_of_callbacks(callbacks, arrays)))
    assert all(value.dtype != object for value in arrays.values())
    new = [
        Counts(),
        keras.callbacks.EarlyStopping(),
        Counts(),
        keras.callbacks.ReduceLROnPlateau(),
    ]
    assert restore_callbacks(new, states, arrays) == []
    first, stopping, second, plateau = new
    assert (stopping.wait, stopping.best) == (2, 0.1)
    np.testing.assert_array_equal(stopping.best_weights[0], np.eye(2))
    assert stopping.best_weights[1] == np.float32(0.5)
    assert stopping.best_weights[1].shape == ()  # Keras asks each weight for its shape
    assert (plateau.wait, plateau.best, plateau.cooldown_counter) == (1, 1 / 3, 4)
    assert [first.state["count"], second.state["count"]] == [1, 2]  # in their order
    np.testing.assert_array_equal(second.state["table"], np.eye(2) * 2)


def test_states_without_a_callback_are_named():
    states = state_of_callbacks([Counts(1), Counts(2)], arrays := {})
    assert restore_callbacks([Counts()], states, arrays) == ["Counts"]


@pytest.mark.backend
def test_a_model_is_described_by_what_it_is_trained_to(tiny_vae):
    assert description(tiny_vae()) == description(tiny_vae())
    assert description(tiny_vae()) != description(tiny_vae(kl_weight=0.5))
