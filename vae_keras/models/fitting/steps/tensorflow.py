"""Training and test step on TensorFlow, of which each replica of a mirrored model runs its own."""

import warnings
from typing import Any

import keras
import tensorflow as tf

from vae_keras.backend.replicas import replicas, sum_over_replicas
from vae_keras.errors import ArgumentError
from vae_keras.models.fitting.steps.tensorflow_adam import fuse_adam


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


class TrainingSteps:
    """Takes the gradient of `training_loss` with a `GradientTape`."""

    def train_step(self: Any, data: Any) -> Any:
        data = _never_empty(data)
        # Replicas would reduce what they assign, out of step with the gradients.
        fragile = self._fragile_variables() if replicas() == 1 else []
        before = [(one, tf.identity(one.value)) for one in fragile]
        with tf.GradientTape() as tape:
            # Keras sums gradients over replicas: each contributes its share of the mean.
            loss = self.training_loss(data) / replicas()
            scaled = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        gradients = tape.gradient(scaled, variables)
        allowed = self._allowed(_norm(gradients))
        apply_if(allowed, self.optimizer, _clipped_together(gradients, self.optimizer), variables)
        for variable, old in before:
            now = tf.convert_to_tensor(variable.value)
            variable.assign(tf.where(tf.reduce_all(tf.math.is_finite(now)), now, old))
        return self.get_metrics_result()

    def test_step(self: Any, data: Any) -> Any:
        self.test_loss(_never_empty(data))
        return self.get_metrics_result()

    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._one_plain_step_at_a_time()
        _check_guard(self)
        _warn_of_batch_level(self)
        fuse_adam(self.optimizer)
        return super().fit(*args, **kwargs)  # type: ignore[misc]

    def evaluate(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._one_plain_step_at_a_time()
        return super().evaluate(*args, **kwargs)  # type: ignore[misc]

    def _one_plain_step_at_a_time(self: Any) -> None:
        # With several replicas XLA cannot reach the weights of the others, and Keras' loop over
        # steps asks for a value that no one feeds.
        if self.distribute_strategy.num_replicas_in_sync > 1:
            self.jit_compile, self.steps_per_execution = False, 1

    def _maybe_symbolic_build(self: Any, iterator: Any = None, data_batch: Any = None) -> None:
        # In place of Keras' own, which averages the first batch over the replicas to learn its
        # shape, and fails where their parts differ in size.
        if self.distribute_strategy.num_replicas_in_sync > 1:
            with self.distribute_strategy.scope():
                self._symbolic_build(iterator=iterator, data_batch=data_batch)


def _check_guard(model: Any) -> None:
    devices = model.distribute_strategy.num_replicas_in_sync
    if devices > 1 and model.skip_gradient_norm is not None:
        raise ArgumentError(
            "`skip_gradient_norm` must not be set with several devices on TensorFlow: take JAX. "
            f"Received: skip_gradient_norm={model.skip_gradient_norm!r} with {devices} devices"
        )


def _warn_of_batch_level(model: Any) -> None:
    devices = model.distribute_strategy.num_replicas_in_sync
    regularizer = getattr(model, "regularizer", None)
    if devices > 1 and getattr(regularizer, "batch_level", False):
        warnings.warn(
            f"`{type(regularizer).__name__}` looks at the images of a batch together. On "
            f"TensorFlow each of {devices} devices looks at its part of it, as if `batch_size` "
            "were that much smaller; on JAX at the whole.",
            stacklevel=4,
        )


def _never_empty(data: Any) -> Any:
    """Give a replica for which the batch had no image one black image of weight 0.

    The mean of nothing is not a number, and would spoil the gradient of all.
    """
    if replicas() == 1:
        return data
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    images = tf.shape(x)[0]
    weights = tf.ones((images,)) if weights is None else weights
    added = tf.cast(tf.equal(images, 0), "int32")

    def filled(values: Any) -> Any:
        return tf.pad(values, [(0, added), *((0, 0) for _ in values.shape[1:])])

    y = None if y is None else tf.nest.map_structure(filled, y)
    return filled(x), y, filled(weights)


def _norm(gradients: list[Any]) -> Any:
    """Return the norm of the gradient over all weights; `None` is one that has no part in it."""
    given = [one for one in gradients if one is not None]
    return tf.sqrt(2.0 * tf.add_n([tf.nn.l2_loss(tf.cast(one, "float32")) for one in given]))


def _clipped_together(gradients: list[Any], optimizer: Any) -> list[Any]:
    """Clip the gradient of the whole batch, where Keras would clip each replica's part of it.

    Returns for each replica an equal part, which the optimizer has no reason to clip again. An
    optimizer that scales the loss looks for overflows in one replica's gradient alone: it gets the
    same on each, too.
    """
    count, inner = replicas(), getattr(optimizer, "inner_optimizer", optimizer)
    limits = inner.clipnorm, inner.global_clipnorm, inner.clipvalue
    if count == 1 or (inner is optimizer and not any(limits)):
        return gradients
    given = [number for number, gradient in enumerate(gradients) if gradient is not None]
    whole = sum_over_replicas([gradients[number] for number in given])
    each_norm, norm, value = (
        None if limit is None else optimizer.scale_loss(limit) for limit in limits
    )
    if each_norm is not None:
        whole = [tf.clip_by_norm(one, each_norm) for one in whole]
    elif norm is not None:
        whole, _ = tf.clip_by_global_norm(whole, norm)
    elif value is not None:
        whole = [tf.clip_by_value(one, -value, value) for one in whole]
    result = list(gradients)
    for number, gradient in zip(given, whole, strict=True):
        result[number] = gradient / count
    return result
