"""An optimizer's step that may be left out, within a graph."""

from typing import Any

import tensorflow as tf

from vae_keras.backend.replicas import replicas


def apply_if(allowed: Any, optimizer: Any, gradients: list[Any], variables: list[Any]) -> None:
    """Have the optimizer take its step where `allowed` is true; otherwise nothing changes.

    With several replicas it takes every step: their branches cannot reach each other, and an
    optimizer has to.

    Args:
        allowed: Boolean scalar.
        optimizer: The optimizer of a compiled model.
        gradients: Of each variable.
        variables: The weights.
    """
    if replicas() > 1:
        optimizer.apply(gradients, variables)
        return
    if not optimizer.built:  # its variables cannot be made within a branch
        optimizer.build(variables)
    tf.cond(allowed, lambda: optimizer.apply(gradients, variables), lambda: None)
