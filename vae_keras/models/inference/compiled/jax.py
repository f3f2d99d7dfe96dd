"""Compiled functions on JAX: the variables are arguments, so that new weights are seen."""

from collections.abc import Callable
from typing import Any

import jax
import keras

FIXED_SHAPES = True


def compile_function(
    function: Callable[..., Any], variables: list[keras.Variable]
) -> Callable[..., Any]:
    """Return `function` compiled; an argument may be `None`, the others are arrays."""

    @jax.jit
    def pure(values: Any, arrays: Any) -> Any:
        with keras.StatelessScope(list(zip(variables, values, strict=True))):
            return function(*arrays)

    def call(*arrays: Any) -> Any:
        return pure([variable.value for variable in variables], arrays)

    return call
