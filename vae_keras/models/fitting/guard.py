"""Which updates reach the weights: none whose gradient is not finite."""

from typing import Any

import keras
from keras import ops

from vae_keras.checks import LARGEST_FLOAT32
from vae_keras.errors import ArgumentError
from vae_keras.math import Tensor

# A loss scale that has come down to this, from 2**15, did so because the gradient itself is broken.
_LOWEST_SCALE = 2.0**-14


class _Count(keras.metrics.Sum):
    def result(self) -> Tensor:
        return 1.0 * super().result()  # a copy: on PyTorch a history would see the next reset


class GradientGuard:
    """Leaves out training steps whose gradient is infinite or not a number, or far too large.

    Neither weights nor the optimizer's state see such a step, so that what a diverged training
    leaves behind are the last good weights. The step makes the epoch's `loss` NaN, which
    `StopOnDivergence` stops at; an optimizer that scales the loss leaves steps out by itself while
    it looks for its scale, and those are none of this.

    Attributes:
        skip_gradient_norm: Norm of the gradient, over all weights together, above which a step is
            left out too; `None` for never. Counted in the metric `skipped_steps`.
    """

    skip_gradient_norm: float | None = None
    skipped_tracker: Any = None

    def _set_guard(self, skip_gradient_norm: float | None) -> None:
        if skip_gradient_norm is None:
            return
        if not 0 < skip_gradient_norm <= LARGEST_FLOAT32:
            raise ArgumentError(
                "`skip_gradient_norm` must be a finite number above 0. "
                f"Received: skip_gradient_norm={skip_gradient_norm!r}"
            )
        self.skip_gradient_norm = float(skip_gradient_norm)
        self.skipped_tracker = _Count(name="skipped_steps")

    def evaluate(self: Any, *args: Any, **kwargs: Any) -> Any:
        logs = super().evaluate(*args, **kwargs)  # type: ignore[misc]
        if isinstance(logs, dict):
            logs.pop("skipped_steps", None)  # evaluation takes no steps
        return logs

    def _allowed(self: Any, norm: Tensor) -> Tensor:
        """Tell whether a step is to be taken, a boolean scalar, and count it.

        Args:
            norm: Norm of the gradient of the loss as the optimizer scales it, over all weights.
        """
        scale = ops.convert_to_tensor(self.optimizer.scale_loss(1.0), "float32")
        finite = ops.isfinite(norm)
        allowed = finite
        if self.skip_gradient_norm is not None:
            allowed = ops.logical_and(finite, norm <= self.skip_gradient_norm * scale)
            self.skipped_tracker.update_state(1.0 - ops.cast(allowed, "float32"))
        broken = norm
        if isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer):
            allowed = ops.logical_or(allowed, ops.logical_not(finite))  # it has to see those
            broken = ops.where(scale > _LOWEST_SCALE, 0.0, norm)
        # Weighs nothing; but nothing times infinity is not a number.
        self._loss_tracker.update_state(broken, sample_weight=0.0)
        return allowed

    def _fragile_variables(self: Any) -> list[Any]:
        """Return what a forward pass changes and NaN would spoil for ever: moving statistics."""
        names = ("encoder", "decoder", "likelihood", "prior")
        parts = [part for name in names if (part := getattr(self, name, None)) is not None]
        return [
            variable
            for part in parts
            for variable in part.non_trainable_variables
            if keras.backend.is_float_dtype(variable.dtype)
        ]
