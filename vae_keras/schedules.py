"""KL-weight schedules: pure functions of a step or an epoch, as small serialisable objects.

A schedule returns the *share* of the final KL weight, so that the final weight stays one number,
the model's. It takes Python numbers (epochs, in `KLWarmup`) and tensors (steps, inside the compiled
training step) alike, and is registered with Keras, so that a model saved with one loads again.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import keras
from keras import ops

from vae_keras._types import KerasConfig, Tensor
from vae_keras.checks import (
    as_finite,
    as_integer,
    not_negative,
    one_of,
    positive_integer,
    positive_number,
)
from vae_keras.errors import ArgumentError


class Schedule:
    """Contract: `schedule(step) -> share` of the final weight, float32 scalar tensor.

    A member is a frozen dataclass that is registered with Keras and defines `__call__`.
    """

    def __call__(self, step: Tensor) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> KerasConfig:
        config: KerasConfig = asdict(self)  # type: ignore[call-overload]  # a member is a dataclass
        return config

    @classmethod
    def from_config(cls, config: KerasConfig) -> "Schedule":
        return cls(**config)

    def _check(self, name: str, check: Callable[[str, object], float]) -> None:
        """Check a field; an integer stays one, as a saved model holds the number that was given."""
        value = check(name, getattr(self, name))
        whole = as_integer(getattr(self, name))
        object.__setattr__(self, name, value if whole is None else whole)


def _from_0_to_1(name: str, value: object) -> float:
    number = as_finite(value)
    if number is None or not 0 <= number <= 1:
        raise ArgumentError(f"`{name}` must be in [0, 1]. Received: {name}={value!r}")
    return number


def _above_0_to_1(name: str, value: object) -> float:
    number = as_finite(value)
    if number is None or not 0 < number <= 1:
        raise ArgumentError(f"`{name}` must be in (0, 1]. Received: {name}={value!r}")
    return number


@keras.saving.register_keras_serializable("vae_keras")
@dataclass(frozen=True)
class Constant(Schedule):
    """The same share at every step.

    Args:
        value: Share of the final KL weight, >= 0. Defaults to `1.0`.
    """

    value: float = 1.0

    def __post_init__(self) -> None:
        self._check("value", not_negative)

    def __call__(self, step: Tensor) -> Tensor:
        return ops.convert_to_tensor(self.value, "float32")


@keras.saving.register_keras_serializable("vae_keras")
@dataclass(frozen=True)
class Linear(Schedule):
    """Straight line from `start` to 1 over `duration` steps (or epochs), then 1.

    `share(step) = start + (1 - start) min(step / duration, 1)`. It keeps a decoder
    from learning early to ignore its codes (Bowman et al. 2016; Sønderby et al. 2016).

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
        self._check("duration", positive_number)
        self._check("start", _from_0_to_1)

    def __call__(self, step: Tensor) -> Tensor:
        progress = ops.clip(ops.cast(step, "float32") / self.duration, 0.0, 1.0)
        return self.start + (1.0 - self.start) * progress


@keras.saving.register_keras_serializable("vae_keras")
@dataclass(frozen=True)
class Cyclical(Schedule):
    """Several rises from 0 to 1 over `duration` steps (or epochs), then 1.

    Each of the `cycles` equal cycles rises in a straight line over its first part, `rising`, and
    stays at 1 for the rest. Each start from 0 lets the decoder use the better codes of the
    previous cycle.

    Args:
        duration: Steps or epochs of all cycles together, > 0.
        cycles: Number of cycles, > 0. Defaults to `4`.
        rising: Part of a cycle that rises, in `(0, 1]`. Defaults to `0.5`.

    Raises:
        ArgumentError: If `duration <= 0`, `cycles` is not a positive integer or `rising` is
            outside `(0, 1]`.

    References:
        Fu et al. (2019), eqs. 6 and 7. arXiv:1903.10145
    """

    duration: float
    cycles: int = 4
    rising: float = 0.5

    def __post_init__(self) -> None:
        self._check("duration", positive_number)
        self._check("cycles", positive_integer)
        self._check("rising", _above_0_to_1)

    def __call__(self, step: Tensor) -> Tensor:
        step = ops.clip(ops.cast(step, "float32"), 0.0, self.duration)
        cycle = step * self.cycles / self.duration
        # Compilers divide by multiplying with 1 / duration. Rounded down, the first step of a cycle
        # would be the last step of the previous cycle. Half a step decides, in float32.
        half = min(max(0.5 * self.cycles / self.duration, 5e-7), 1e-5)
        position = ops.maximum(cycle - ops.floor(cycle + half), 0.0)
        share = ops.minimum(position / self.rising, 1.0)
        return ops.where(step < self.duration, share, 1.0)


@keras.saving.register_keras_serializable("vae_keras")
@dataclass(frozen=True)
class Sigmoid(Schedule):
    """Logistic rise from 0 to 1 over `duration` steps (or epochs), then 1.

    `sigmoid(steepness (step / duration - 1/2))`, moved and scaled so that it is 0 at step 0
    and 1 at `duration`: slow, fast around the middle, slow.

    Args:
        duration: Steps or epochs until the final weight is reached, > 0.
        steepness: Width of the part of the logistic curve that is used, > 0; towards 0 a straight
            line, towards infinity a jump in the middle. Defaults to `10.0`.

    Raises:
        ArgumentError: If `duration <= 0` or `steepness <= 0`.

    References:
        Bowman et al. (2016), section 3.1. arXiv:1511.06349
    """

    duration: float
    steepness: float = 10.0

    def __post_init__(self) -> None:
        self._check("duration", positive_number)
        self._check("steepness", positive_number)

    def __call__(self, step: Tensor) -> Tensor:
        progress = ops.clip(ops.cast(step, "float32") / self.duration, 0.0, 1.0)
        # sigmoid(x) = (1 + tanh(x / 2)) / 2, and tanh is symmetric: one end scales both.
        end = ops.convert_to_tensor(0.25 * self.steepness, "float32")
        return 0.5 + 0.5 * ops.tanh(end * (2.0 * progress - 1.0)) / ops.tanh(end)


def named_schedule(name: str, duration: float) -> Schedule | None:
    """Return the schedule of a warm-up, or `None` if its duration is 0.

    Args:
        name: `"linear"`, `"sigmoid"` or `"cyclical"`.
        duration: Steps or epochs, >= 0.
    """
    kinds = {"linear": Linear, "sigmoid": Sigmoid, "cyclical": Cyclical}
    kind = kinds[one_of("kl_schedule", name, kinds)]
    return kind(duration) if duration else None
