"""Adam's update as one operation of TensorFlow's, in place of the dozen that Keras makes of it."""

from typing import Any

import keras
import tensorflow as tf


def fuse_adam(optimizer: Any) -> None:
    """Have a `keras.optimizers.Adam` update each weight by TensorFlow's own kernel, in one pass.

    The same formula, state and config; the weights differ by rounding (Keras takes `1 - beta_2` in
    float64 in one place and in float32 in another, the kernel in float32 in both: 2e-5 of a step).
    Others are left as they are, and so is one whose weights are mirrored on several devices.

    Args:
        optimizer: The optimizer of a compiled model, or one that scales the loss around it.
    """
    adam = getattr(optimizer, "inner_optimizer", optimizer)
    if type(adam) is not keras.optimizers.Adam or adam.amsgrad:
        return
    plain = type(adam).update_step

    def update_step(gradient: Any, variable: Any, learning_rate: Any) -> None:
        dense = isinstance(gradient, tf.Tensor) and gradient.dtype == variable.dtype == tf.float32
        if not dense or tf.distribute.get_strategy().num_replicas_in_sync > 1:
            plain(adam, gradient, variable, learning_rate)
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

    adam.update_step = update_step
