"""Training and test step on TensorFlow, of which each replica of a mirrored model runs its own."""

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import tensorflow as tf

from vae_keras._types import Tensor
from vae_keras.backend.replicas import replicas, sum_over_replicas
from vae_keras.errors import ArgumentError
from vae_keras.models.fitting.guard import fragile_variables, step_is_allowed
from vae_keras.models.fitting.steps.tensorflow_adam import fused_adam
from vae_keras.models.fitting.streams import FitCall
from vae_keras.models.host import Host


def prepared_fit(model: "TrainingSteps", call: FitCall) -> AbstractContextManager[FitCall]:
    """Check what several devices cannot do; return `call` as it is."""
    prepare_evaluation(model)
    _check_guard(model)
    _warn_of_batch_level(model)
    return nullcontext(call)


def kept_on_error(model: "TrainingSteps") -> AbstractContextManager[None]:
    """Do nothing: TensorFlow leaves the weights where they are."""
    return nullcontext()


def prepare_evaluation(model: "TrainingSteps") -> None:
    """Have several devices take one step at a time, without XLA.

    XLA cannot reach the weights of the other replicas, and Keras' loop over steps would read a
    placeholder that is never fed.
    """
    if model.distribute_strategy.num_replicas_in_sync > 1:
        model.jit_compile, model.steps_per_execution = False, 1


class TrainingSteps(Host):
    """Takes the gradient of `loss_of_batch` with a `GradientTape`."""

    distribute_strategy: tf.distribute.Strategy
    _symbolic_build: Callable[..., None]

    def train_step(self, data: Any) -> dict[str, Tensor]:
        data = _never_empty(data)
        # Replicas would reduce what they assign, out of step with the gradients.
        fragile = fragile_variables(self) if replicas() == 1 else []
        before = [(one, tf.identity(one.value)) for one in fragile]
        with tf.GradientTape() as tape:
            # Keras sums gradients over replicas: each contributes its share of the mean.
            loss = self.loss_of_batch(data, training=True) / replicas()
            scaled = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        gradients = tape.gradient(scaled, variables)
        allowed = step_is_allowed(self, _norm(gradients))
        apply_if(allowed, self.optimizer, _clipped_together(gradients, self.optimizer), variables)
        for variable, old in before:
            now = tf.convert_to_tensor(variable.value)
            variable.assign(tf.where(tf.reduce_all(tf.math.is_finite(now)), now, old))
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, Tensor]:
        self.loss_of_batch(_never_empty(data), training=False)
        return self.get_metrics_result()

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # In place of Keras' own, which averages the first batch over the replicas to learn its
        # shape, and fails where their parts differ in size.
        if self.distribute_strategy.num_replicas_in_sync > 1:
            with self.distribute_strategy.scope():
                self._symbolic_build(iterator=iterator, data_batch=data_batch)


def apply_if(
    allowed: Tensor, optimizer: Any, gradients: list[Tensor], variables: list[keras.Variable]
) -> None:
    """Have the optimizer take its step where `allowed` is true; otherwise nothing changes.

    With several replicas it takes every step: an optimizer has to reach all replicas, and cannot
    from within a branch of one.

    Args:
        allowed: Boolean scalar.
        optimizer: The optimizer of a compiled model.
        gradients: Gradient of each variable.
        variables: The weights.
    """
    if replicas() > 1:
        optimizer.apply(gradients, variables)
        return
    if not optimizer.built:  # its variables cannot be made within a branch
        optimizer.build(variables)
    with fused_adam(optimizer):
        tf.cond(allowed, lambda: optimizer.apply(gradients, variables), lambda: None)


def _check_guard(model: TrainingSteps) -> None:
    devices = model.distribute_strategy.num_replicas_in_sync
    if devices > 1 and model.skip_gradient_norm is not None:
        raise ArgumentError(
            "`skip_gradient_norm` must not be set with several devices on TensorFlow: take JAX. "
            f"Received: skip_gradient_norm={model.skip_gradient_norm!r} with {devices} devices"
        )


def _warn_of_batch_level(model: TrainingSteps) -> None:
    devices = model.distribute_strategy.num_replicas_in_sync
    regularizer = getattr(model, "regularizer", None)
    if devices > 1 and getattr(regularizer, "batch_level", False):
        warnings.warn(
            f"`{type(regularizer).__name__}` looks at the images of a batch together. On "
            f"TensorFlow each of {devices} devices looks at its part of it, as if `batch_size` "
            "were that much smaller; on JAX at the whole.",
            stacklevel=6,  # the caller of `fit`
        )


def _never_empty(data: Any) -> Any:
    """Give a replica that got no image of the batch one black image of weight 0.

    The mean of no images is NaN, and would spoil the gradient of all replicas.
    """
    if replicas() == 1:
        return data
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    images = tf.shape(x)[0]
    weights = tf.ones((images,)) if weights is None else weights
    added = tf.cast(tf.equal(images, 0), "int32")

    def filled(values: Tensor) -> Tensor:
        return tf.pad(values, [(0, added), *((0, 0) for _ in values.shape[1:])])

    y = None if y is None else tf.nest.map_structure(filled, y)
    return filled(x), y, filled(weights)


def _norm(gradients: list[Tensor | None]) -> Tensor:
    """Return the norm of the gradient over all weights; `None`, of unused weights, is skipped."""
    given = [one for one in gradients if one is not None]
    return tf.sqrt(2.0 * tf.add_n([tf.nn.l2_loss(tf.cast(one, "float32")) for one in given]))


def _clipped_together(gradients: list[Tensor | None], optimizer: Any) -> list[Tensor | None]:
    """Clip the gradient of the whole batch, where Keras would clip each replica's part of it.

    The rules are Keras' own, `clipnorm`, `global_clipnorm` and `clipvalue`; its function for them
    is private and does not know the scale of the loss. Each replica gets an equal part of the
    result, which the optimizer has no reason to clip again. It gets one too if the optimizer scales
    the loss, since that looks for overflows in the gradient of a single replica.
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
