"""Stop as soon as a term of the loss is no longer a finite number, and say which."""

import math
import warnings
from typing import Any

import keras

_TERMS = ("recon_loss", "kl_loss", "kl_scaled", "loss")


class StopOnDivergence(keras.callbacks.Callback):
    """Stop training when a loss term becomes NaN or infinite, naming term, epoch and batch.

    Unlike Keras' `TerminateOnNaN` it says which term went first. With `EarlyStopping` and
    `restore_best_weights=True` in the list, the model ends with its last good weights.

    Args:
        warn: Whether to warn; a caller that raises on `message` need not. Defaults to `True`.

    Attributes:
        message: What happened; `None` while all is well.
    """

    def __init__(self, *, warn: bool = True) -> None:
        super().__init__()
        self.warn = warn
        self.message: str | None = None
        self._epoch = 0

    def on_train_begin(self, logs: Any = None) -> None:
        self.message = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        logs = logs or {}
        if math.isfinite(float(logs.get("loss", 0.0))):
            return
        term = next(name for name in _TERMS if not math.isfinite(float(logs.get(name, 0.0))))
        self._stop(
            f"`{term}` became {float(logs[term])} in epoch {self._epoch + 1}, batch {batch + 1}"
        )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = float((logs or {}).get("val_loss", 0.0))
        if self.message is None and not math.isfinite(value):
            self._stop(f"`val_loss` became {value} after epoch {epoch + 1}")

    def _stop(self, what: str) -> None:
        self.message = (
            f"{what}; training stopped. Lower the learning rate, or check that the images lie in "
            "the likelihood's range."
        )
        self.model.stop_training = True
        if self.warn:
            warnings.warn(self.message, stacklevel=2)
