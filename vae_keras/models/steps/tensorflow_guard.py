"""An optimizer's step that may be left out, within a graph and on several devices."""

from typing import Any

import tensorflow as tf

from vae_keras.replicas import replicas


def apply_if(allowed: Any, optimizer: Any, gradients: list[Any], variables: list[Any]) -> None:
    """Have the optimizer take its step where `allowed` is true; otherwise nothing changes.

    Args:
        allowed: Boolean scalar, the same on every replica.
        optimizer: The optimizer of a compiled model.
        gradients: Of each variable.
        variables: The weights.
    """
    if not optimizer.built:  # its variables cannot be made within a branch
        optimizer.build(variables)

    def apply(gradients: list[Any]) -> None:
        optimizer.apply(gradients, variables)

    if replicas() == 1:
        tf.cond(allowed, lambda: apply(gradients), lambda: None)
        return

    # A branch in one replica cannot reach the others, as an optimizer does there: it has to be one
    # for all of them, in which each is called.
    def apply_on_each(strategy: Any, allowed: Any, gradients: list[Any]) -> None:
        def on_each() -> None:
            strategy.extended.call_for_each_replica(apply, args=(gradients,))

        tf.cond(strategy.experimental_local_results(allowed)[0], on_each, lambda: None)

    tf.distribute.get_replica_context().merge_call(apply_on_each, args=(allowed, gradients))
