"""The callback that keeps checkpoints."""

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import keras

from vae_keras._types import JsonObject, Logs
from vae_keras.checkpoints.directory import CheckpointDirectory, Saved
from vae_keras.checkpoints.lock import only_one
from vae_keras.checkpoints.state import (
    description,
    is_finite,
    restore_callbacks,
    restore_variables,
    state_of_callbacks,
    state_of_variables,
)
from vae_keras.checks import not_negative, positive_integer
from vae_keras.errors import ArgumentError, RunDirectoryError

# Checkpoints may take this share of the time of training: one that takes long to write makes the
# next one wait.
_SHARE_OF_TIME = 0.02


class Checkpoint(keras.callbacks.Callback):
    """Keep checkpoints; the same `fit`, called again, continues from the newest one.

    However training ended - the process killed, the machine out of power, the disk full - the
    numbers at the end are those of a training that was never interrupted: weights, optimizer,
    step, KL weight, noise, order of the images, counters and best weights of the callbacks,
    history. On a CPU they are the same bit for bit.

    On arrays and `ImageFiles`, `fit` continues in the middle of an epoch; on other data it begins
    the interrupted epoch again, in whatever order the data then have. Keras' callbacks, and those
    of this package, keep their state; your own do if they have `get_state()` and
    `set_state(state)`.

    The checkpoints of a finished training stay. `fit` then has nothing to do, unless `epochs` is
    larger than it was. For another training use another directory, or delete this one.

    Args:
        directory: Where they are kept.
        every_epochs: Epochs from one checkpoint to the next. Defaults to `None`, which leaves it to
            `every_minutes`.
        every_minutes: Minutes from one to the next, within an epoch too; 0 for as often as
            possible. The wait is longer where writing would take more than 2 % of the time.
            Defaults to `1.0`.
        keep: Checkpoints to keep, >= 1. Defaults to `2`: if one is damaged, there is another.
        lock: Whether to refuse a second process that uses the directory. Defaults to `True`.

    Raises:
        ArgumentError: If a value is out of range.
        RunDirectoryError: In `fit`, if a checkpoint cannot be written or is of another training.

    Attributes:
        resumed: `(epochs, batches)` that were done before; `None` without a checkpoint.
        seconds: Time that training took, including the time before it was resumed.

    Example:
        >>> vae.fit(x, epochs=100, callbacks=[Checkpoint("checkpoints")])
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        every_epochs: int | None = None,
        every_minutes: float = 1.0,
        keep: int = 2,
        lock: bool = True,
    ) -> None:
        super().__init__()
        self.files = CheckpointDirectory(directory, positive_integer("keep", keep))
        self.every_epochs = (
            None if every_epochs is None else positive_integer("every_epochs", every_epochs)
        )
        self.every_minutes = not_negative("every_minutes", every_minutes)
        self.lock = lock
        self.resumed: tuple[int, int] | None = None
        self._before = 0.0
        self._began = self._last = time.monotonic()
        self._last_took = 0.0
        self._driven = False

    @property
    def seconds(self) -> float:
        return self._before + time.monotonic() - self._began

    def on_train_begin(self, logs: Logs = None) -> None:
        if not self._driven:
            raise ArgumentError(
                "`Checkpoint` must be used in `fit` of a model of this package, as a member of the "
                f"list `callbacks`. Received: a {type(self.model).__name__}"
            )

    # The methods below are for `fit`, which calls them after all other callbacks.

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory, while a `fit` runs that knows of checkpoints."""
        what = "The directory of a `Checkpoint`"
        with only_one(self.files.path, what=what) if self.lock else nullcontext():
            self._driven = True
            try:
                yield
            finally:
                self._driven = False

    def begin(
        self,
        model: keras.Model,
        callbacks: Sequence[keras.callbacks.Callback],
        order: JsonObject | None,
    ) -> Saved | None:
        """Restore the newest checkpoint, if there is one, and return it.

        Args:
            model: The model, compiled.
            callbacks: All callbacks; their `on_train_begin` has been called.
            order: What the order of the images depends on; `None` where it is not known.
        """
        saved = self.files.newest()
        self.resumed = None if saved is None else (saved.epoch, saved.batch)
        self._before = 0.0 if saved is None else saved.facts["seconds"]
        if saved is not None:
            self._check_same(model, saved, order)
            restore_variables(model, saved.arrays, metrics=False)
            missing = restore_callbacks(callbacks, saved.facts["callbacks"], saved.arrays)
            if missing:
                warnings.warn(
                    f"The checkpoint has the state of {', '.join(missing)}, for which there is no "
                    "such callback any more: that state is lost.",
                    stacklevel=2,
                )
        self._began = self._last = time.monotonic()
        return saved

    def restore_metrics(self, model: keras.Model, saved: Saved) -> None:
        """Set the metrics, which `fit` has reset, to those of a checkpoint within an epoch."""
        restore_variables(model, saved.arrays, metrics=True)

    def is_due(self, *, epochs: int | None = None) -> bool:
        """Tell whether it is time for a checkpoint.

        Args:
            epochs: Epochs that are done, at the end of an epoch; `None` within one.
        """
        if self.every_epochs is not None:
            return epochs is not None and epochs % self.every_epochs == 0
        wait = 60 * self.every_minutes and max(
            60 * self.every_minutes, self._last_took / _SHARE_OF_TIME
        )
        return time.monotonic() - self._last >= wait

    def save(
        self,
        model: keras.Model,
        callbacks: Sequence[keras.callbacks.Callback],
        order: JsonObject | None,
        *,
        epoch: int,
        batch: int = 0,
    ) -> None:
        """Write a checkpoint, unless a weight is no longer a finite number.

        Args:
            model: The model.
            callbacks: All callbacks.
            order: What the order of the images depends on.
            epoch: Epochs that are done.
            batch: Batches that are done of the epoch after them.
        """
        began = time.monotonic()
        arrays = state_of_variables(model)
        if not is_finite(arrays):
            return  # the last checkpoint has good weights
        facts = {
            "of": description(model),
            "order": order,
            "stopped": bool(model.stop_training),
            "seconds": self.seconds,
            "callbacks": state_of_callbacks(callbacks, arrays),
        }
        self.files.write(Saved(epoch, batch, facts, arrays))
        self._last = time.monotonic()
        self._last_took = self._last - began

    def restore_weights(self, model: keras.Model) -> bool:
        """Give the model the weights of the newest checkpoint; return whether there is one."""
        saved = self.files.newest()
        if saved is not None:
            restore_variables(model, saved.arrays, metrics=False)
        return saved is not None

    def _check_same(self, model: keras.Model, saved: Saved, order: JsonObject | None) -> None:
        before = saved.facts["order"]
        other = saved.facts["of"] != description(model) or (before is None) != (order is None)
        if before is not None and order is not None:
            other = other or any(before[name] != order[name] for name in order if name != "seeds")
        if other:
            raise RunDirectoryError(
                f"`{self.files.path}` must hold checkpoints of this training, or none. Received: "
                "those of one with another model or other data; delete them or take another "
                "directory"
            )
