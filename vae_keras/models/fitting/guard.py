"""Which training steps reach the weights: none with an infinite, NaN or far too large gradient.

Neither the weights nor the optimizer's state see a step that is left out, so a training that
diverges leaves the last good weights behind. Such a step makes the epoch's `loss` NaN, which stops
`StopOnDivergence`. An optimizer that scales the loss leaves out steps by itself while it looks for
its scale; those steps are neither counted nor reported here.
"""

from typing import TypeVar

import keras
from keras import ops

from vae_keras._types import Tensor
from vae_keras.models.host import Host

# Loss scales begin at 2**15. One that has come down to this did so because the gradient is broken.
_LOWEST_SCALE = 2.0**-14
_Logs = TypeVar("_Logs")


class SkippedSteps(keras.metrics.Sum):
    """The number of steps of an epoch that were left out."""

    def __init__(self) -> None:
        super().__init__(name="skipped_steps")

    def result(self) -> Tensor:
        # A copy: on PyTorch the tensor itself would change in the history at the next reset.
        return 1.0 * super().result()


def step_is_allowed(model: Host, norm: Tensor) -> Tensor:
    """Tell whether to take a step, a boolean scalar, and count a step that is left out.

    Args:
        model: The model; a norm above its `skip_gradient_norm` is not allowed.
        norm: Norm over all weights of the gradient of the loss as the optimizer scales it.
    """
    scale = ops.convert_to_tensor(model.optimizer.scale_loss(1.0), "float32")
    finite = ops.isfinite(norm)
    allowed = finite
    if model.skip_gradient_norm is not None:
        allowed = ops.logical_and(finite, norm <= model.skip_gradient_norm * scale)
        model.skipped_tracker.update_state(1.0 - ops.cast(allowed, "float32"))
    broken = norm
    if isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):
        # It has to see an infinite gradient, in order to lower its scale.
        allowed = ops.logical_or(allowed, ops.logical_not(finite))
        broken = ops.where(scale > _LOWEST_SCALE, 0.0, norm)
    # A weight of 0 leaves the mean as it is, except that 0 times infinity is NaN.
    model.loss_tracker.update_state(broken, sample_weight=0.0)
    return allowed


def fragile_variables(model: Host) -> list[keras.Variable]:
    """Return what a forward pass changes and NaN would spoil for ever: moving statistics."""
    names = ("encoder", "decoder", "likelihood", "prior")
    parts = [part for name in names if (part := getattr(model, name, None)) is not None]
    return [
        variable
        for part in parts
        for variable in part.non_trainable_variables
        if keras.backend.is_float_dtype(variable.dtype)
    ]


def without_skipped_steps(logs: _Logs) -> _Logs:
    """Take `skipped_steps` out of what `evaluate` returns, if it is by name: it takes no steps."""
    if isinstance(logs, dict):
        logs.pop("skipped_steps", None)
    return logs
