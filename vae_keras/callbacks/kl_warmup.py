"""KL warm-up by epochs."""

import warnings
from typing import Any

import keras
from keras import ops

from vae_keras._types import Logs
from vae_keras.checks import integer
from vae_keras.errors import ArgumentError
from vae_keras.schedules import Linear, Schedule


class KLWarmup(keras.callbacks.Callback):
    """Raise the KL weight from 0 to the model's final one over the first epochs.

    In epoch `e`, counted from 0, the weight is `kl_weight * schedule(e)`; the first epoch at the
    final weight is number `epochs`. Validation uses the final weight throughout. Give
    `ReduceLROnPlateau` and `EarlyStopping` `start_from_epoch=epochs`, so that neither counts epochs
    of the warm-up.

    Args:
        epochs: Epochs until the final weight is reached, >= 0; 0 means no warm-up.
        schedule: Share of the final weight in each epoch. Defaults to `Linear(epochs)`.

    Raises:
        ArgumentError: If `epochs` is negative, or the model has a `kl_schedule` of its own.

    Example:
        >>> vae.fit(x, epochs=20, callbacks=[KLWarmup(5)])
    """

    def __init__(self, epochs: int, schedule: Schedule | None = None) -> None:
        super().__init__()
        self.epochs = integer("epochs", epochs)
        self.schedule = schedule or (Linear(self.epochs) if self.epochs else None)

    def on_train_begin(self, logs: Logs = None) -> None:
        if getattr(self.model, "kl_schedule", None) is not None:
            raise ArgumentError(
                "`KLWarmup` must not be used with a model that has a `kl_schedule`: one of them "
                f"owns the KL weight. Received: kl_schedule={self.model.kl_schedule!r}"
            )
        planned = self.params.get("epochs")
        if planned is not None and self.epochs and planned <= self.epochs:
            share = float(ops.convert_to_numpy(self._share(planned - 1)))
            warnings.warn(
                f"The KL warm-up takes {self.epochs} epochs and training only {planned}: no epoch "
                f"runs at the final KL weight, the last one at {share:.0%} of it. Train longer or "
                "shorten the warm-up.",
                stacklevel=2,
            )

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.model.set_kl_weight(self._share(epoch))

    def _share(self, epoch: int) -> Any:
        return 1.0 if self.schedule is None else self.schedule(epoch)
