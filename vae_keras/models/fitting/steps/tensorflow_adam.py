"""Adam's update as one operation of TensorFlow's, in place of the dozen that Keras makes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from vae_keras._types import Tensor


@contextmanager
def fused_adam(optimizer: Any) -> Iterator[None]:
    """Within the context, a `keras.optimizers.Adam` updates each weight by TensorFlow's own kernel.

    It is the same formula, state and config, in one pass over the weights. They differ by rounding
    (Keras takes `1 - beta_2` in float64 in one place and in float32 in another, the kernel in
    float32 in both: 2e-5 of a step). Other optimizers work as ever, Adam with `amsgrad` too.

    The context is entered while a training step is traced. Keras has no hook for the update of one
    weight but the method `update_step`, so an attribute of the optimizer hides it until the end of
    the context; a subclass would change what the model's file says.

    Args:
        optimizer: The optimizer of a compiled model, or one that scales the loss around it.
    """
    adam = getattr(optimizer, "inner_optimizer", optimizer)
    own = vars(adam)
    if type(adam) is not keras.optimizers.Adam or adam.amsgrad or "update_step" in own:
        yield
        return
    plain = adam.update_step

    def update_step(gradient: Tensor, variable: keras.Variable, learning_rate: Tensor) -> None:
        dense = isinstance(gradient, tf.Tensor)
        if not dense or not gradient.dtype == variable.dtype == tf.float32:
            plain(gradient, variable, learning_rate)
            return
        index = adam._get_variable_index(variable)
        step = tf.cast(adam.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=adam._momentums[index].value.handle,
            v=adam._velocities[index].value.handle,
            beta1_power=tf.pow(adam.beta_1, step),
            beta2_power=tf.pow(adam.beta_2, step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=adam.beta_1,
            beta2=adam.beta_2,
            epsilon=adam.epsilon,
            grad=gradient,
        )

    own["update_step"] = update_step
    try:
        yield
    finally:
        del own["update_step"]
