"""KL-weight schedules: pure functions of a step or an epoch, as small serialisable objects.

A schedule returns the *share* of the final KL weight, so that the final weight stays one number of
the model. It takes Python numbers (epochs, in `KLWarmup`) and tensors (steps, inside the compiled
training step) alike, and is registered with Keras, so that a model saved with one loads again.
"""

from dataclasses import asdict, dataclass
from typing import Any

import keras
from keras import ops

from vae_keras.errors import ArgumentError


class Schedule:
    """Contract: `schedule(step) -> share` of the final weight, float32 scalar tensor.

    A member is a frozen dataclass that is registered with Keras and defines `__call__`.
    """

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Schedule":
        return cls(**config)


@keras.saving.register_keras_serializable("vae_keras")
@dataclass(frozen=True)
class Constant(Schedule):
    """The same share at every step.

    Args:
        value: Share of the final KL weight, >= 0. Defaults to `1.0`.
    """

    value: float = 1.0

    def __post_init__(self) -> None:
        if not self.value >= 0:
            raise ArgumentError(f"`value` must be at least 0. Received: value={self.value!r}")

    def __call__(self, step: Any) -> Any:
        return ops.convert_to_tensor(self.value, "float32")


@keras.saving.register_keras_serializable("vae_keras")
@dataclass(frozen=True)
class Linear(Schedule):
    """Straight line from `start` to 1 over `duration` steps (or epochs), then 1.

    `share(step) = start + (1 - start) min(step / duration, 1)`. It breaks the early habit of a
    decoder to ignore its codes (Bowman et al. 2016; Sønderby et al. 2016).

    Args:
        duration: Steps or epochs until the final weight is reached, > 0.
        start: Share at step 0, in `[0, 1]`. Defaults to `0.0`.

    Raises:
        ArgumentError: If `duration <= 0` or `start` is outside `[0, 1]`.

    References:
        Bowman et al. (2016). arXiv:1511.06349; Sønderby et al. (2016). arXiv:1602.02282
    """

    duration: float
    start: float = 0.0

    def __post_init__(self) -> None:
        if not self.duration > 0:
            raise ArgumentError(
                f"`duration` must be greater than 0. Received: duration={self.duration!r}"
            )
        if not 0 <= self.start <= 1:
            raise ArgumentError(f"`start` must be in [0, 1]. Received: start={self.start!r}")

    def __call__(self, step: Any) -> Any:
        progress = ops.clip(ops.cast(step, "float32") / self.duration, 0.0, 1.0)
        return self.start + (1.0 - self.start) * progress
