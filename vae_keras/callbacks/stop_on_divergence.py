"""Stop as soon as a term of the loss is no longer a finite number, and say which."""

import math
import warnings
from typing import Any

import keras

from vae_keras._types import Logs

_TERMS = ("recon_loss", "kl_loss", "kl_scaled", "loss")


class StopOnDivergence(keras.callbacks.Callback):
    """Stop training when a loss term or the gradient becomes NaN or infinite, and say where.

    Unlike Keras' `TerminateOnNaN` it says which term was the first, in which epoch and batch. The
    model skips updates whose gradient is not finite, so that it ends with its last good weights, or
    with those of its best epoch if `EarlyStopping(restore_best_weights=True)` is in the list. The
    losses of a batch are read after the next batch has been handed to the device, so that the
    device never waits. Where one call takes several steps, the message names the batches of the
    call.

    Args:
        warn: Whether to warn; pass `False` to read `message` instead. Defaults to `True`.

    Attributes:
        message: What happened; `None` while all is well.
    """

    def __init__(self, *, warn: bool = True) -> None:
        super().__init__()
        self.warn = warn
        self.message: str | None = None
        self._epoch = 0
        self._begun = 0
        self._batches = (0, 0)
        self._unread: dict[str, Any] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        self.message = None

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch
        self._unread = {}

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._begun = batch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._read()
        self._batches = (self._begun + 1, batch + 1)
        self._unread = dict(logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._read()
        value = float((logs or {}).get("val_loss", 0.0))
        if self.message is None and not math.isfinite(value):
            self._stop(f"`val_loss` became {value} after epoch {epoch + 1}")

    def _read(self) -> None:
        """Look at the losses of the batches that have ended."""
        logs, self._unread = self._unread, {}
        if self.message is not None or math.isfinite(float(logs.get("loss", 0.0))):
            return
        term = next(name for name in _TERMS if not math.isfinite(float(logs.get(name, 0.0))))
        what = f"`{term}` became {float(logs[term])}"
        if term == "loss" and math.isnan(float(logs[term])):
            # `fitting/guard.py` adds NaN to the loss; finite terms alone sum to infinity at most.
            what = "the gradient of `loss` became infinite or not a number, though `loss` did not,"
        first, last = self._batches
        batch = f"batch {last}" if first == last else f"one of the batches {first} to {last}"
        self._stop(f"{what} in epoch {self._epoch + 1}, {batch}")

    def _stop(self, what: str) -> None:
        self.message = (
            f"{what}; training stopped. Lower the learning rate, or check that the images lie in "
            "the likelihood's range."
        )
        self.model.stop_training = True
        if self.warn:
            warnings.warn(self.message, stacklevel=2)
