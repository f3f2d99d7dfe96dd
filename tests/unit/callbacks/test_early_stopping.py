"""Early stopping as `training_callbacks` builds it, beside a warm-up."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import Config, training_callbacks

WARMUP, PATIENCE = 3, 2
# The warm-up looks best of all; of the epochs that count, number 4 is the best.
VAL_LOSSES = (1.0, 1.1, 1.2, 30.0, 20.0, 25.0, 25.0, 25.0)


class MadeUp(keras.callbacks.Callback):
    """Replace `val_loss` before the others see it, and keep each epoch's weights."""

    def __init__(self):
        super().__init__()
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = VAL_LOSSES[epoch]
        self.weights.append(self.model.get_weights())


@pytest.mark.backend
@pytest.mark.thorough
def test_best_weights_are_never_of_the_warmup(make_vae, images):
    vae = make_vae(kl_weight=2.0)
    config = Config(warmup_epochs=WARMUP, early_stopping_patience=PATIENCE, epochs=len(VAL_LOSSES))
    made_up = MadeUp()
    history = vae.fit(
        images,
        epochs=config.epochs,
        batch_size=8,
        verbose=0,
        validation_data=(images,),
        callbacks=[made_up, *training_callbacks(config)],
    ).history
    assert history["val_loss"] == list(VAL_LOSSES[: 4 + PATIENCE + 1])  # stopped by its patience
    for kept, of_epoch in zip(vae.get_weights(), made_up.weights[4], strict=True):
        np.testing.assert_array_equal(kept, of_epoch)
    assert any(
        np.any(kept != last)
        for kept, last in zip(vae.get_weights(), made_up.weights[-1], strict=True)
    )
    assert float(ops.convert_to_numpy(vae.current_kl_weight)) == 2.0


def test_without_validation_nothing_watches_it():
    names = [type(one).__name__ for one in training_callbacks(Config(), validated=False)]
    assert names == ["KLWarmup", "StopOnDivergence"]


def test_settings_reach_the_callbacks():
    config = Config(
        warmup_epochs=4,
        plateau_patience=7,
        plateau_factor=0.25,
        plateau_min_delta=0.5,
        min_learning_rate=1e-6,
        early_stopping_patience=9,
    )
    warmup, _, plateau, stopping = training_callbacks(config)
    assert warmup.epochs == plateau.start_from_epoch == stopping.start_from_epoch == 4
    assert (plateau.patience, plateau.factor, plateau.min_delta) == (7, 0.25, 0.5)
    assert plateau.min_lr == 1e-6
    assert (stopping.patience, stopping.restore_best_weights) == (9, True)
    assert plateau.monitor == stopping.monitor == "val_loss"
