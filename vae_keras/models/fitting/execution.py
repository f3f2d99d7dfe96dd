"""How training steps are compiled and grouped: what is fastest on each backend, as measured."""

import math
from typing import Any

import keras

from vae_keras.backend.determinism import is_deterministic
from vae_keras.backend.parallel import device_names
from vae_keras.errors import ArgumentError
from vae_keras.models.host import Host

# TensorFlow, two cores: 20 steps in one call take 0.9 (`conv`) and 0.8 (`mlp_400x2`) of the
# processor time of 20 calls (benchmarks/levers.py).
_TENSORFLOW_STEPS = 20
# On a CPU, long steps gain nothing by it, and 20 of them are a long time without progress and
# without a reaction to Ctrl-C. Long is a step of about 40 ms, or so many multiplications in the
# forward pass of a batch.
_LONG_STEP = 1e9
# JAX on an accelerator runs these steps as one loop on the device; on a CPU, Python's is faster.
_ACCELERATOR_STEPS = 50


def execution_arguments(
    jit_compile: bool | None = None,
    steps_per_execution: int | None = None,
    *,
    multiplications: float = 0.0,
) -> dict[str, Any]:
    """Return what `compile` takes besides the optimizer.

    Args:
        jit_compile: Whether to compile a training step with XLA. By default JAX always does,
            TensorFlow if there is a GPU, PyTorch never.
        steps_per_execution: Training steps for each call into the backend. By default 20 on
            TensorFlow, 50 on JAX with an accelerator, otherwise 1; on a CPU always 1 if a step
            takes long.
        multiplications: Multiplications of the forward pass of a batch. Defaults to `0`, as of a
            short step.

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
        fast = has_accelerator()
        steps_per_execution = {
            "tensorflow": _TENSORFLOW_STEPS if fast or multiplications < _LONG_STEP else 1,
            "jax": _ACCELERATOR_STEPS if fast else 1,
        }.get(backend, 1)
    return {
        "jit_compile": "auto" if jit_compile is None else jit_compile,
        "steps_per_execution": steps_per_execution,
    }


def execution_facts(model: Host) -> dict[str, Any]:
    """Return all about a compiled model's training steps that can change the bits of a result.

    Args:
        model: Any model of images.
    """
    return {
        "deterministic": is_deterministic(),
        "jit_compile": bool(model.jit_compile),
        "steps_per_execution": model.steps_per_execution,
        "seed": model.seed,
    }


def multiplications_of(model: keras.Model) -> int:
    """Count the multiplications of one image in a functional model's dense layers and convolutions.

    Args:
        model: An encoder or a decoder.
    """
    count = 0
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            places = layer.input if "Transpose" in type(layer).__name__ else layer.output
            count += math.prod(places.shape[1:-1]) * math.prod(kernel.shape)
    return count


def step_memory(encoder: keras.Model, decoder: keras.Model, batch_size: int) -> int:
    """Estimate the bytes that a training step takes.

    Two and a half values for each one that a layer gives, as not all gradients are held at a time;
    four for each weight: itself, its gradient, and Adam's two averages. That is 0.9 to 1.1 of
    what the default preset took on TensorFlow, for 256 x 256 and 512 x 512 in colour.

    Args:
        encoder: Images to codes.
        decoder: Codes to parameters of the likelihood.
        batch_size: Images of a step.
    """
    values = weights = 0
    for network in (encoder, decoder):
        weights += network.count_params()
        for layer in network.layers:
            values += sum(math.prod(one.shape[1:]) for one in keras.tree.flatten(layer.output))
    return 4 * round(2.5 * batch_size * values + 4 * weights)


def has_accelerator() -> bool:
    """Tell whether the backend computes on something other than a CPU."""
    return any(not name.lower().startswith("cpu") for name in device_names())
