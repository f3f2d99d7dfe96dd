"""Keras' plateau rule, with a first epoch."""

from typing import Any

import keras

from vae_keras._types import Logs
from vae_keras.checks import integer


class ReduceLROnPlateau(keras.callbacks.ReduceLROnPlateau):
    """`keras.callbacks.ReduceLROnPlateau` that ignores the epochs before `start_from_epoch`.

    Keras' own callback has no such argument (its `EarlyStopping` has one) and takes a warm-up for
    a plateau.

    Args:
        start_from_epoch: First epoch, counted from 0, that counts.
            Defaults to `0`.
        **kwargs: As `keras.callbacks.ReduceLROnPlateau`; `mode` is `"min"` unless given.
    """

    def __init__(self, *, start_from_epoch: int = 0, **kwargs: Any) -> None:
        self.start_from_epoch = integer("start_from_epoch", start_from_epoch)
        super().__init__(**{"monitor": "val_loss", "mode": "min", **kwargs})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if epoch >= self.start_from_epoch:
            super().on_epoch_end(epoch, logs)
        elif logs is not None:
            rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
            logs["learning_rate"] = float(rate)
