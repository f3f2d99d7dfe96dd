"""What each setting accepts, and how an error says it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from vae_keras.backend.start import BACKENDS
from vae_keras.checks import LARGEST_FLOAT32
from vae_keras.errors import ArgumentError


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def positive_integer(value: Any) -> bool:
    return _integer(value) and value > 0


def _count(value: Any) -> bool:
    return _integer(value) and value >= 0


def _finite(value: Any) -> bool:
    """Tell whether it is a number that stays one in float32, in which models compute."""
    return isinstance(value, (int, float)) and -LARGEST_FLOAT32 <= value <= LARGEST_FLOAT32


def _optional(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or rule(value)


def _one_of(*names: str) -> tuple[Callable[[Any], bool], str]:
    return (lambda value: value in names), f"one of {', '.join(names)}"


def _maybe_one_of(*names: str) -> tuple[Callable[[Any], bool], str]:
    return (lambda value: value is None or value in names), f"one of {', '.join(names)}"


def _names(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(name, str) for name in value)


_MAYBE_FLAG = (_optional(lambda value: isinstance(value, bool)), "true or false, or left out")
_ABOVE_ZERO = (lambda value: _finite(value) and value > 0, "a finite number above 0")
_POSITIVE = (positive_integer, "a positive integer")
_MAYBE_POSITIVE = (_optional(positive_integer), "a positive integer")
_MAYBE_STRING = (_optional(lambda value: isinstance(value, str)), "a string")
_COUNT = (_count, "an integer of at least 0")
_NOT_NEGATIVE = (lambda value: _finite(value) and value >= 0, "a finite number of at least 0")
RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "data": _MAYBE_STRING,
    "train_size": _MAYBE_POSITIVE,
    "stream": _MAYBE_FLAG,
    "validation_size": _COUNT,
    "exclude_classes": (_names, "names or numbers of classes"),
    "kernel_size": _MAYBE_POSITIVE,
    "decoder_kernel_size": _MAYBE_POSITIVE,
    "activation": _MAYBE_STRING,
    "normalization": _maybe_one_of("none", "layer", "batch", "group"),
    "model": _one_of("vae", "conditional", "autoencoder"),
    "binarize": _one_of("none", "static", "dynamic"),
    "output_bias": _one_of("zeros", "data"),
    "kl_schedule": _one_of("linear", "sigmoid", "cyclical"),
    "blocks_per_stage": _MAYBE_POSITIVE,
    "latent_dim": _POSITIVE,
    "kl_weight": _NOT_NEGATIVE,
    "warmup_epochs": _COUNT,
    "warmup_steps": _COUNT,
    "epochs": _POSITIVE,
    "batch_size": _POSITIVE,
    "learning_rate": _ABOVE_ZERO,
    "adam_epsilon": _ABOVE_ZERO,
    "clip_norm": (_optional(_ABOVE_ZERO[0]), _ABOVE_ZERO[1]),
    "skip_gradient_norm": (_optional(_ABOVE_ZERO[0]), _ABOVE_ZERO[1]),
    "stage_factor": _ABOVE_ZERO,
    "plateau_patience": _POSITIVE,
    "plateau_factor": (lambda value: _finite(value) and 0 < value < 1, "between 0 and 1"),
    "plateau_min_delta": _NOT_NEGATIVE,
    "min_learning_rate": _NOT_NEGATIVE,
    "early_stopping_patience": _MAYBE_POSITIVE,
    "checkpoint_epochs": _MAYBE_POSITIVE,
    "checkpoint_minutes": _NOT_NEGATIVE,
    "seed": (lambda value: _count(value) and value < 2**32, "an integer from 0 to 2**32 - 1"),
    "distribute": (lambda value: isinstance(value, bool), "true or false"),
    "deterministic": (lambda value: isinstance(value, bool), "true or false"),
    "precision": _one_of("float32", "mixed_bfloat16", "mixed_float16"),
    "jit_compile": _MAYBE_FLAG,
    "steps_per_execution": _MAYBE_POSITIVE,
    "backend": (lambda value: value in (None, *BACKENDS), f"one of {', '.join(BACKENDS)}"),
}


def written_options(name: str, options: Any) -> tuple[str, ...]:
    """Return options as NAME=VALUE with JSON values; a dictionary is written so too."""
    if isinstance(options, Mapping):
        return tuple(f"{key}={json.dumps(value)}" for key, value in options.items())
    if not isinstance(options, tuple | list) or not all(
        isinstance(option, str) and option.partition("=")[0].isidentifier() and "=" in option
        for option in options
    ):
        raise ArgumentError(
            f"`{name}` must be a dictionary, or NAME=VALUE for each option. "
            f"Received: {name}={options!r}"
        )
    return tuple(options)


def read_option(option: str) -> tuple[str, Any]:
    """Return name and value; what is no JSON is a string."""
    name, _, value = option.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
