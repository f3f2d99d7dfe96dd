"""How training steps are compiled and grouped: what was measured to be fastest, by backend."""

from typing import Any

import keras

from vae_keras.errors import ArgumentError

# TensorFlow, two cores: 20 steps a call took 0.88 of the time of one by one (benchmarks/levers.py).
_TENSORFLOW_STEPS = 20
# JAX on an accelerator runs them as one loop on the device; on a CPU that is slower than Python's.
_ACCELERATOR_STEPS = 50


def execution_arguments(
    jit_compile: bool | None = None, steps_per_execution: int | None = None
) -> dict[str, Any]:
    """Return what `compile` takes besides the optimizer.

    Args:
        jit_compile: Whether to compile a training step with XLA. By default JAX does always,
            TensorFlow where there is a GPU, PyTorch never.
        steps_per_execution: Training steps for each call into the backend. By default 20 on
            TensorFlow, 50 on JAX with an accelerator, otherwise 1.

    Raises:
        ArgumentError: If the backend cannot do it.
    """
    backend = keras.backend.backend()
    if backend == "torch" and (steps_per_execution or 1) > 1:
        raise ArgumentError(
            "`steps_per_execution` must be 1 with PyTorch, where Keras takes one step at a time. "
            f"Received: steps_per_execution={steps_per_execution}"
        )
    if steps_per_execution is None:
        steps_per_execution = {
            "tensorflow": _TENSORFLOW_STEPS,
            "jax": _ACCELERATOR_STEPS if has_accelerator() else 1,
        }.get(backend, 1)
    return {
        "jit_compile": "auto" if jit_compile is None else jit_compile,
        "steps_per_execution": steps_per_execution,
    }


def has_accelerator() -> bool:
    """Tell whether the backend computes on something other than a CPU."""
    if keras.backend.backend() == "torch":  # not known to `keras.distribution`
        return keras.ops.zeros(1).device.type != "cpu"
    return any(
        not str(device).lower().startswith("cpu") for device in keras.distribution.list_devices()
    )
