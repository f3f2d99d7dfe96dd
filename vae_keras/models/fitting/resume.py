"""`fit` that goes on from a checkpoint, in the middle of an epoch too."""

from __future__ import annotations  # whichever of the two modules is imported first

from collections.abc import Callable
from typing import Any

import keras

from vae_keras.checkpoints import callback as checkpoints
from vae_keras.data import ImageStream


def checkpoint_among(callbacks: Any) -> checkpoints.Checkpoint | None:
    """Return the `Checkpoint` in what `fit` was given as callbacks, `None` if there is none."""
    if isinstance(callbacks, checkpoints.Checkpoint):
        return callbacks
    if not isinstance(callbacks, list | tuple):
        return None
    return next((one for one in callbacks if isinstance(one, checkpoints.Checkpoint)), None)


def fit_with_checkpoints(
    fit: Callable[..., Any],
    model: Any,
    x: Any,
    y: Any,
    stream: ImageStream | None,
    arguments: dict[str, Any],
) -> Any:
    """Train, beginning where the last checkpoint is.

    Keras begins an epoch with its first batch, and begins a training with callbacks that know of
    nothing. So what is left of an epoch is a `fit` of its own, and the callbacks see one training.

    Args:
        fit: Keras' own.
        model: The model.
        x: Images, as `fit` takes them; of a stream, its batches.
        y: Labels.
        stream: Where `x` comes from, `None` if it is not known.
        arguments: The others of `fit`, with a `Checkpoint` among the callbacks.
    """
    arguments = dict(arguments)
    given = arguments.pop("callbacks")
    checkpoint = checkpoint_among(given)
    assert checkpoint is not None
    epochs, epoch = arguments.pop("epochs", 1), arguments.pop("initial_epoch", 0)
    verbose = arguments.get("verbose", "auto")
    callbacks = _Callbacks(given, checkpoint, model, stream, epochs=epochs, verbose=verbose)

    def part(batches: Any, labels: Any, epoch: int, end: int) -> None:
        fit(batches, labels, initial_epoch=epoch, epochs=end, callbacks=callbacks, **arguments)

    with checkpoint.held():
        model.stop_training = False
        saved = callbacks.begin()
        if saved is not None:
            epoch = saved.epoch
            if saved.facts["stopped"]:
                epochs = epoch
            elif saved.batch and stream is not None:
                rest = callbacks.go_on_within(saved)
                part(rest.batches(), None, epoch, epoch + 1)
                epoch = epochs if model.stop_training else epoch + 1
        if epoch < epochs:
            part(x, y, epoch, epochs)
        elif saved is not None and not saved.batch:
            checkpoint.restore_metrics(model, saved)  # the training had come to its end
        callbacks.end()
    return model.history


class _Callbacks(keras.callbacks.CallbackList):
    """Callbacks of a training that may take several calls of `fit`.

    Args:
        callbacks: What `fit` was given.
        checkpoint: The one among them that keeps checkpoints; it comes after all others.
        model: The model.
        stream: Where the images come from, or `None`.
        epochs: Number of the last epoch.
        verbose: As in `fit`.
    """

    def __init__(
        self,
        callbacks: Any,
        checkpoint: checkpoints.Checkpoint,
        model: Any,
        stream: ImageStream | None,
        *,
        epochs: int,
        verbose: Any,
    ) -> None:
        self._checkpoint, self._stream, self._epochs = checkpoint, stream, epochs
        self._within: Any = None
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

    def begin(self) -> Any:
        """Begin the training; return the checkpoint that it goes on from, `None` if none."""
        super().on_train_begin()
        saved = self._checkpoint.begin(self.model, self.callbacks, self._order())
        if saved is not None and self._stream is not None:
            self._stream.seed, self._stream.begun = saved.facts["order"]["seeds"]
        return saved

    def go_on_within(self, saved: Any) -> ImageStream:
        """Have the next epoch be the rest of one; return the batches of that."""
        assert self._stream is not None
        self._within, self._first_batch = saved, saved.batch
        self._rest = self._stream.from_batch(saved.batch)
        return self._rest

    def end(self) -> None:
        """End the training."""
        super().on_train_end(self._last_logs)

    def on_train_begin(self, logs: Any = None) -> None:
        """Nothing: `begin` was it."""

    def on_train_end(self, logs: Any = None) -> None:
        self._last_logs = logs

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch
        for stream in (self._stream, self._rest):
            if stream is not None:
                stream.epoch = epoch
        super().on_epoch_begin(epoch, logs)
        if self._within is not None:
            self._checkpoint.restore_metrics(self.model, self._within)
            self._within = None

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_begin(batch + self._first_batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        done = batch + self._first_batch + 1
        super().on_train_batch_end(done - 1, logs)
        # The last ones of an epoch wait for its end; an optimizer that averages weights puts the
        # averages in their place at the end of each `fit`.
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
        # `StopOnDivergence` has one; what comes after is not to be gone on with.
        return all(getattr(one, "message", None) is None for one in self.callbacks)

    def _optimizer_averages(self) -> bool:
        optimizer = self.model.optimizer
        return bool(getattr(optimizer, "inner_optimizer", optimizer).use_ema)

    def _order(self) -> dict[str, Any] | None:
        return None if self._stream is None else self._stream.order_depends_on()
