"""What the training and test steps saw outside the likelihood's range.

Arrays are checked before the first step. A data set is seen batch by batch in the graph, which
cannot raise an error: it counts, and a callback looks at the counts.
"""

import warnings
from typing import Any

import keras
from keras import ops

from vae_keras._types import Tensor
from vae_keras.errors import DataError
from vae_keras.models.host import Host
from vae_keras.models.images import (
    almost_black,
    beyond_range,
    integers_beyond,
    is_float,
    range_advice,
)

_PHASES = ("training", "test")


def _phase(training: bool) -> str:
    return _PHASES[0 if training else 1]


class SeenRange(keras.metrics.Metric):
    """Counts the images of a `fit` or `evaluate` that the likelihood's range does not hold.

    And the labels that are no class of the model. It is a metric, since Keras carries the state of
    metrics through the steps of every backend. It adds nothing to the logs, and is not reset with
    the epochs.
    """

    def __init__(self) -> None:
        super().__init__(name="seen_range")
        self._counts = {
            name: self.add_variable((), initializer="zeros", name=name)
            for phase in _PHASES
            for name in (
                f"{phase}_outside",
                f"{phase}_clipped",
                f"{phase}_unknown",
            )
        }
        self._warned = False
        self._ends = {
            name: self.add_variable(
                (), initializer="zeros", name=name, aggregation="only_first_replica"
            )
            for phase in _PHASES
            for name in (f"{phase}_lowest", f"{phase}_highest", f"{phase}_integer")
        }

    def update_state(
        self,
        x: Tensor,
        data_range: tuple[float, float],
        *,
        training: bool,
        highest_integer: int | None = None,
    ) -> None:
        """Count the images of a batch.

        Args:
            x: Images, shape `(batch, ...)`. Booleans are in range.
            data_range: Lowest and highest value of the likelihood.
            training: Whether they are trained on.
            highest_integer: The integer that is white, 1 or 255. Defaults to `None`: 255.
        """
        x = ops.convert_to_tensor(x)
        phase = _phase(training)
        axes = tuple(range(1, len(x.shape)))
        dtype = keras.backend.standardize_dtype(x.dtype)
        if dtype == "uint8" and highest_integer == 255:
            return  # every value is in range, and known to be a level
        if "int" in dtype:
            highest = self._ends[f"{phase}_integer"]
            highest.assign(ops.maximum(highest, ops.cast(ops.max(x), "float32")))
            if dtype != "uint8" or highest_integer == 1:
                beyond = ops.any(integers_beyond(x, highest_integer), axis=axes)
                self._counts[f"{phase}_outside"].assign_add(ops.sum(ops.cast(beyond, "float32")))
                lowest = self._ends[f"{phase}_lowest"]
                lowest.assign(ops.minimum(lowest, ops.cast(ops.min(x), "float32")))
            return
        if not is_float(x):
            return
        x = ops.cast(x, "float32")
        for name, pixels in zip(("outside", "clipped"), beyond_range(x, data_range), strict=True):
            images = ops.sum(ops.cast(ops.any(pixels, axis=axes), "float32"))
            self._counts[f"{phase}_{name}"].assign_add(images)
        lowest, highest = (self._ends[f"{phase}_{name}"] for name in ("lowest", "highest"))
        lowest.assign(ops.minimum(lowest, ops.min(x)))
        highest.assign(ops.maximum(highest, ops.max(x)))

    def update_labels(self, known: Tensor, *, training: bool) -> None:
        """Count the labels of a batch that are no class of the model.

        Args:
            known: Whether each is one, shape `(batch,)`.
            training: Whether they are trained on.
        """
        unknown = ops.sum(1.0 - ops.cast(known, "float32"))
        self._counts[f"{_phase(training)}_unknown"].assign_add(unknown)

    def reset_state(self) -> None:
        """Keep the counts: Keras resets metrics before each epoch and each validation."""

    def clear(self, *, training: bool) -> None:
        """Begin to count anew, the images trained on or the others."""
        self._warned = False
        for name, variable in {**self._counts, **self._ends}.items():
            if name.startswith(_phase(training)):
                variable.assign(0.0)

    def result(self) -> dict[str, Tensor]:
        """Return nothing to log."""
        return {}

    def check(self, model: Host, name: str, *, training: bool) -> None:
        """Raise `DataError` if images were outside the range; warn if some were clipped.

        Args:
            model: The model.
            name: Name of the argument that held them.
            training: Whether to look at the images that were trained on.
        """
        phase = _phase(training)
        low, high = model.likelihood.data_range
        outside, clipped, unknown = (
            int(ops.convert_to_numpy(self._counts[f"{phase}_{count}"]))
            for count in ("outside", "clipped", "unknown")
        )
        if unknown:
            raise DataError(
                f"the labels in `{name}` must lie in 0 to {model.num_classes - 1}, the classes of "
                f"this model. Received: {unknown} labels that do not"
            )
        ends = [
            float(ops.convert_to_numpy(self._ends[f"{phase}_{end}"]))
            for end in ("lowest", "highest")
        ]
        integer = int(ops.convert_to_numpy(self._ends[f"{phase}_integer"]))
        if outside and integer and not ends[1]:  # no floats
            raise DataError(
                f"`{name}` must be integers from 0 to {model.highest_integer or 255}. Received: "
                f"{outside} images beyond it, values from {ends[0]:.0f} to {integer}"
            )
        if integer == 1 and model.highest_integer != 1 and not self._warned:
            self._warned = True
            warnings.warn(almost_black(name), stacklevel=2)
        received = (
            f"{outside or clipped} images beyond it, values from {ends[0]:.4g} to {ends[1]:.4g}"
        )
        if outside:
            raise DataError(
                f"`{name}` must lie in {[low, high]}, the likelihood's range, and be finite"
                f"{range_advice(*ends)}. Received: {received}"
            )
        if clipped and not self._warned:
            self._warned = True
            warnings.warn(
                f"`{name}` reaches a little beyond {[low, high]}, the likelihood's range, and is "
                f"clipped. Received: {received}",
                stacklevel=2,
            )


class CheckSeenRange(keras.callbacks.Callback):
    """Ends a training on images outside the range: after its first steps, or with its first epoch.

    Args:
        seen: The counts of the model.
    """

    def __init__(self, seen: SeenRange) -> None:
        super().__init__()
        self.seen = seen
        self._begun = False

    def on_train_begin(self, logs: Any = None) -> None:
        self._begun = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self._begun:
            self._begun = True
            self.seen.check(self.model, "x", training=True)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen.check(self.model, "x", training=True)
