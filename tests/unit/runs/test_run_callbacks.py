"""From settings to callbacks: the warm-up, the falling learning rate, the early end."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import Config, ReduceLROnPlateau, training_callbacks
from vae_keras.callbacks import KLWarmup
from vae_keras.errors import ArgumentError
from vae_keras.runs.callbacks import warmup_epochs
from vae_keras.schedules import Cyclical, Linear, Sigmoid

pytestmark = pytest.mark.backend

EAGER = {"run_eagerly": True}


def one(kind, callbacks):
    """Return the callback of a kind; there is one."""
    (found,) = [callback for callback in callbacks if isinstance(callback, kind)]
    return found


def kinds(callbacks):
    return [type(callback).__name__ for callback in callbacks]


# Learning rate


def test_stages_are_those_of_the_published_schedule(tiny_vae, make_images):
    # Of length 3^i, each at 10^(-1/7) of the one before; here the first three.
    config = Config(
        learning_rate=1e-3, stage_epochs=(1, 3, 9), stage_factor=10 ** (-1 / 7), epochs=15
    )
    rates = one(keras.callbacks.LearningRateScheduler, training_callbacks(config, validated=False))
    history = (
        tiny_vae(compiled=EAGER)
        .fit(make_images(2), epochs=15, callbacks=[rates], verbose=0)
        .history
    )
    stages = [0] + [1] * 3 + [2] * 9 + [2] * 2  # the last one goes on
    expected = [1e-3 * 10 ** (-stage / 7) for stage in stages]
    np.testing.assert_allclose(history["learning_rate"], expected, rtol=1e-6)


def test_stages_take_the_place_of_the_plateau_rule():
    staged = training_callbacks(Config(stage_epochs=(5, 5)))
    assert kinds(staged) == [
        "KLWarmup",
        "StopOnDivergence",
        "LearningRateScheduler",
        "EarlyStopping",
    ]
    plain = training_callbacks(Config())
    assert kinds(plain) == ["KLWarmup", "StopOnDivergence", "ReduceLROnPlateau", "EarlyStopping"]


def test_no_patience_is_no_early_stopping():
    callbacks = training_callbacks(Config(early_stopping_patience=None))
    assert kinds(callbacks) == ["KLWarmup", "StopOnDivergence", "ReduceLROnPlateau"]


# Warm-up


@pytest.mark.parametrize(
    ("steps", "images", "batch_size", "epochs"),
    [
        (100, 1000, 100, 10),
        (101, 1000, 100, 11),  # ten steps an epoch, and one more
        (100, 1001, 100, 10),  # eleven steps an epoch: the last one has a single image
        (111, 1001, 100, 11),
        (1, 1000, 100, 1),
        (7, 3, 100, 7),
    ],
)
def test_a_warmup_in_steps_ends_with_an_epoch(steps, images, batch_size, epochs):
    config = Config(warmup_steps=steps, batch_size=batch_size, epochs=60)
    assert warmup_epochs(config, images) == epochs
    callbacks = training_callbacks(config, train_images=images)
    # The model's own schedule owns the weight.
    assert kinds(callbacks) == ["StopOnDivergence", "ReduceLROnPlateau", "EarlyStopping"]
    assert one(ReduceLROnPlateau, callbacks).start_from_epoch == epochs
    assert one(keras.callbacks.EarlyStopping, callbacks).start_from_epoch == epochs


def test_the_first_epoch_that_counts_is_at_the_final_weight(tiny_vae, make_images):
    config = Config(warmup_steps=5, batch_size=4, epochs=60)
    vae = tiny_vae(kl_schedule=Linear(5), compiled=EAGER)
    start = warmup_epochs(config, 6)
    weights = vae.fit(make_images(6), batch_size=4, epochs=start + 1, verbose=0).history[
        "kl_weight"
    ]
    assert weights[start] == 1.0 > weights[start - 1]


def test_a_warmup_in_steps_asks_for_the_number_of_images():
    with pytest.raises(ArgumentError, match="`train_images` must be given for a warm-up in steps"):
        training_callbacks(Config(warmup_steps=10))


def test_a_warmup_in_steps_that_outlasts_training_warns_once():
    config = Config(warmup_steps=20, batch_size=10, epochs=2)
    with pytest.warns(UserWarning, match="takes 20 steps, 2 epochs, and training only 2") as caught:
        training_callbacks(config, train_images=100)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert warmup_epochs(config, 100) == 2  # this one says nothing
    training_callbacks(config.replace(epochs=3), train_images=100)


@pytest.mark.parametrize(
    ("name", "schedule"), [("linear", Linear), ("sigmoid", Sigmoid), ("cyclical", Cyclical)]
)
def test_the_shape_of_a_warmup_reaches_its_callback(tiny_vae, make_images, name, schedule):
    config = Config(kl_schedule=name, warmup_epochs=16, kl_weight=2.0)
    callbacks = training_callbacks(config)
    warmup = one(KLWarmup, callbacks)
    assert (warmup.epochs, warmup.schedule) == (16, schedule(16))
    assert one(ReduceLROnPlateau, callbacks).start_from_epoch == 16
    history = (
        tiny_vae(kl_weight=2.0, compiled=EAGER)
        .fit(make_images(2), epochs=17, callbacks=[warmup], verbose=0)
        .history
    )
    expected = [2.0 * float(ops.convert_to_numpy(schedule(16)(epoch))) for epoch in range(17)]
    np.testing.assert_allclose(history["kl_weight"], expected, atol=1e-6)
    assert history["kl_weight"][0] == 0.0
    assert history["kl_weight"][16] == 2.0


def test_cycles_of_too_few_epochs_warn():
    with pytest.warns(UserWarning, match="Four cycles of the KL weight in 15 epochs") as caught:
        training_callbacks(Config(kl_schedule="cyclical", warmup_epochs=15))
    assert caught[0].filename == __file__
    training_callbacks(Config(kl_schedule="cyclical"))  # no warm-up, no cycles


def test_no_warmup_is_the_final_weight_from_the_first_epoch(tiny_vae, make_images):
    warmup = one(KLWarmup, training_callbacks(Config(warmup_epochs=0)))
    assert warmup.schedule is None
    vae = tiny_vae(kl_weight=0.5, compiled=EAGER)
    history = vae.fit(make_images(2), callbacks=[warmup], verbose=0).history
    assert history["kl_weight"] == [0.5]


# Kinds of models


@pytest.mark.parametrize("settings", [{"model": "vae"}, {"model": "conditional"}])
def test_a_model_with_a_kl_weight_has_a_warmup(settings):
    callbacks = training_callbacks(Config(**settings, warmup_epochs=3))
    assert one(KLWarmup, callbacks).epochs == 3
    assert one(keras.callbacks.EarlyStopping, callbacks).start_from_epoch == 3


def test_an_autoencoder_has_no_warmup():
    callbacks = training_callbacks(Config(model="autoencoder"))
    assert kinds(callbacks) == ["StopOnDivergence", "ReduceLROnPlateau", "EarlyStopping"]
    assert one(keras.callbacks.EarlyStopping, callbacks).start_from_epoch == 0
    assert warmup_epochs(Config(model="autoencoder")) == 0
