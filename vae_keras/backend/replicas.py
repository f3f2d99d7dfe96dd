"""What the replicas of a mirrored model must agree on.

On several devices, TensorFlow runs a training step once on each, with a part of the batch. On one
device, and on the other backends, one step gets the whole batch, and these functions do nothing.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from vae_keras._types import Tensor


def replicas() -> int:
    """Return the number of replicas in the step that is being run or traced."""
    context = _context()
    return 1 if context is None else context.num_replicas_in_sync


def mean_over_replicas(value: Tensor) -> Tensor:
    """Average a tensor over the replicas, the same on each; no gradient flows through it."""
    return _reduced("MEAN", value)


def mean_over_batch(values: Tensor) -> Tensor:
    """Average all values of a batch, of which replicas may have different numbers."""
    if replicas() == 1:
        return ops.mean(values)
    count = ops.cast(ops.size(values), "float32")
    return mean_over_replicas(ops.sum(values)) / mean_over_replicas(count)


def sum_over_replicas(value: Any) -> Any:
    """Add up a tensor, or each of a list, over the replicas; no gradient flows through it."""
    return _reduced("SUM", value)


def own_rows(draw: Callable[[Any], Tensor], images: Any, repeats: int = 1) -> Tensor:
    """Draw noise for the whole batch and return the rows of this replica's images.

    Replicas share the state of a generator: each by itself, all would draw the same noise. Drawn
    for the whole batch, the noise of an image does not depend on the number of devices.

    Args:
        draw: Function from a number of images `n` to noise of shape `(repeats * n, ...)`, one
            whole batch after another.
        images: Number of this replica's images.
        repeats: Draws for each image. Defaults to `1`.

    Returns:
        Shape `(repeats * images, ...)`.
    """
    context = _context()
    if context is None:
        return draw(images)
    numbers = ops.arange(context.num_replicas_in_sync)
    own = ops.cast(context.replica_id_in_sync_group, "int32")
    # As floats, which every method of reducing over devices supports.
    mine = ops.cast(ops.where(numbers == own, images, 0), "float32")
    sizes = ops.cast(sum_over_replicas(mine), "int32")
    start = ops.sum(ops.where(numbers < own, sizes, 0))
    noise = draw(ops.sum(sizes))
    shape = noise.shape[1:]
    batches = ops.reshape(noise, (repeats, -1, *shape))
    return ops.reshape(batches[:, start : start + images], (-1, *shape))


def _reduced(how: str, value: Tensor) -> Tensor:
    context = _context()
    if context is None:
        return value
    import tensorflow as tf

    value = keras.tree.map_structure(ops.stop_gradient, value)
    return context.all_reduce(tf.distribute.ReduceOp[how], value)


def _context() -> Any:
    """Return TensorFlow's context of a replica among several; `None` where there is none."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return None if context is None or context.num_replicas_in_sync == 1 else context
