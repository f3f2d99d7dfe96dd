"""`fit` that continues from a checkpoint, in the middle of an epoch too."""

# Not at run time: importing Keras imports this module, maybe while `checkpoints` is half imported.
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from vae_keras.checkpoints import callback as checkpoints
from vae_keras.checkpoints.directory import Saved
from vae_keras.data import ImageStream
from vae_keras.models.fitting.streams import FitCall, following_epochs
from vae_keras.models.host import Host


def fit(leg: Callable[[FitCall], Any], model: Host, call: FitCall) -> Any:
    """Train; with a `Checkpoint` among the callbacks, from where the last checkpoint is.

    Keras can neither start in the middle of an epoch nor restore callbacks. So the rest of an
    interrupted epoch is a leg of its own, and the callbacks are shown a single, uninterrupted
    training.

    Args:
        leg: Calls Keras' `fit` once.
        model: The model.
        call: The arguments of `fit`.

    Returns:
        Keras' `History`.
    """
    given = call.arguments.get("callbacks")
    checkpoint = _checkpoint_among(given)
    if checkpoint is None:
        return leg(following_epochs(call))
    arguments, stream = dict(call.arguments), call.stream
    epochs, epoch = arguments.pop("epochs", 1), arguments.pop("initial_epoch", 0)
    verbose = arguments.get("verbose", "auto")
    callbacks = _Callbacks(given, checkpoint, model, stream, epochs=epochs, verbose=verbose)
    arguments["callbacks"] = callbacks

    def train(x: Any, y: Any, epoch: int, end: int) -> None:
        leg(FitCall(x, y, {**arguments, "initial_epoch": epoch, "epochs": end}))

    with checkpoint.held():
        model.stop_training = False
        saved = callbacks.begin()
        if saved is not None:
            epoch = saved.epoch
            if saved.facts["stopped"]:
                epochs = epoch
            elif saved.batch and stream is not None:
                rest = callbacks.finish_epoch(saved)
                train(rest.batches(), None, epoch, epoch + 1)
                epoch = epochs if model.stop_training else epoch + 1
        if epoch < epochs:
            train(call.x, call.y, epoch, epochs)
        elif saved is not None and not saved.batch:
            checkpoint.restore_metrics(model, saved)  # the training was complete
        callbacks.end()
    return model.history


def _checkpoint_among(callbacks: Any) -> checkpoints.Checkpoint | None:
    """Return the `Checkpoint` in what `fit` was given as callbacks, `None` if there is none."""
    if isinstance(callbacks, checkpoints.Checkpoint):
        return callbacks
    if not isinstance(callbacks, list | tuple):
        return None
    return next((one for one in callbacks if isinstance(one, checkpoints.Checkpoint)), None)


class _Callbacks(keras.callbacks.CallbackList):
    """Callbacks of one training that may take several calls of Keras' `fit`.

    Args:
        callbacks: What `fit` was given.
        checkpoint: The member of `callbacks` that keeps checkpoints; it is called after the others.
        model: The model.
        stream: Where the images come from, or `None`.
        epochs: Epochs of the whole training.
        verbose: As in `fit`.
    """

    def __init__(
        self,
        callbacks: Any,
        checkpoint: checkpoints.Checkpoint,
        model: Host,
        stream: ImageStream | None,
        *,
        epochs: int,
        verbose: Any,
    ) -> None:
        self._checkpoint, self._stream, self._epochs = checkpoint, stream, epochs
        self._interrupted: Saved | None = None
        self._rest: ImageStream | None = None
        self._epoch = self._first_batch = 0
        self._last_logs: Any = None
        super().__init__(
            list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks],
            add_history=True,
            add_progbar=verbose != 0,
            model=model,
            verbose=verbose,
            epochs=epochs,
            steps=None if stream is None else stream.steps,
        )

    def begin(self) -> Saved | None:
        """Begin the training; return the checkpoint that it continues from, `None` if none."""
        super().on_train_begin()
        saved = self._checkpoint.begin(self.model, self.callbacks, self._order())
        if saved is not None and self._stream is not None:
            self._stream.seed, self._stream.begun = saved.facts["order"]["seeds"]
        return saved

    def finish_epoch(self, saved: Saved) -> ImageStream:
        """Make the next epoch the rest of the interrupted one; return the batches of that rest."""
        assert self._stream is not None
        self._interrupted, self._first_batch = saved, saved.batch
        self._rest = self._stream.from_batch(saved.batch)
        return self._rest

    def end(self) -> None:
        """End the training."""
        super().on_train_end(self._last_logs)

    def on_train_begin(self, logs: Any = None) -> None:
        """Do nothing: `begin` has told the callbacks already."""

    def on_train_end(self, logs: Any = None) -> None:
        self._last_logs = logs

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch
        for stream in (self._stream, self._rest):
            if stream is not None:
                stream.epoch = epoch
        super().on_epoch_begin(epoch, logs)
        if self._interrupted is not None:
            self._checkpoint.restore_metrics(self.model, self._interrupted)
            self._interrupted = None

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_begin(batch + self._first_batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        done = batch + self._first_batch + 1
        super().on_train_batch_end(done - 1, logs)
        # After the last batches of an epoch, its end is soon enough. An optimizer that averages
        # weights replaces them by the averages when `fit` ends, so its `fit` must not be split.
        stream = self._stream
        if stream is None or done >= stream.steps or self._optimizer_averages():
            return
        if self._checkpoint.is_due() and self._is_well():
            self._save(epoch=self._epoch, batch=done)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, logs)
        self._first_batch = 0
        last = epoch + 1 >= self._epochs or self.model.stop_training
        if (last or self._checkpoint.is_due(epochs=epoch + 1)) and self._is_well():
            self._save(epoch=epoch + 1)

    def _save(self, **position: int) -> None:
        self._checkpoint.save(self.model, self.callbacks, self._order(), **position)

    def _is_well(self) -> bool:
        # `StopOnDivergence` has a message once training diverged; a checkpoint of that is no use.
        return all(getattr(one, "message", None) is None for one in self.callbacks)

    def _optimizer_averages(self) -> bool:
        optimizer = self.model.optimizer
        return bool(getattr(optimizer, "inner_optimizer", optimizer).use_ema)

    def _order(self) -> dict[str, Any] | None:
        return None if self._stream is None else self._stream.order_depends_on()
