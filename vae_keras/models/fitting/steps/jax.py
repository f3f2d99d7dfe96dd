"""Training and test step on JAX, where all state goes in and comes out."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras

from vae_keras.models.fitting.steps.jax_arrays import DeviceArrays, device_arrays, training_function


class TrainingSteps:
    """Takes the gradient of `training_loss` with `value_and_grad`."""

    _device_arrays: DeviceArrays | None = None

    def fit(self: Any, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        source = device_arrays(self, x)
        if source is None:
            return super().fit(x, y, **kwargs)  # type: ignore[misc]
        self._device_arrays, self.train_function = source, None
        kwargs = {**kwargs, "batch_size": None, "shuffle": False}
        # What Keras would take for those of the validation set, too.
        kwargs["validation_batch_size"] = kwargs.get("validation_batch_size") or source.batch_size
        try:
            return super().fit(source, **kwargs)  # type: ignore[misc]
        finally:
            self._device_arrays, self.train_function = None, None

    def make_train_function(self: Any, force: bool = False) -> Any:
        if self._device_arrays is None:
            return super().make_train_function(force)  # type: ignore[misc]
        self.train_function = training_function(self, self._device_arrays)

    def train_step(self: Any, state: Any, data: Any) -> Any:
        trainable, non_trainable, optimizer, metrics = state

        def scaled_loss(trainable: Any) -> Any:
            with self._scope(trainable, non_trainable, metrics, optimizer) as scope:
                scaled = self.optimizer.scale_loss(self.training_loss(data))
            return scaled, self._values_after(scope)

        gradients, (changed, metrics) = jax.grad(scaled_loss, has_aux=True)(trainable)
        norm = jnp.sqrt(sum(jnp.sum(jnp.square(one.astype("float32"))) for one in gradients))
        with self._scope(trainable, changed, metrics, optimizer) as scope:
            allowed = self._allowed(norm)
            logs = self.get_metrics_result()
        _, metrics = self._values_after(scope)
        apply = partial(self.optimizer.stateless_apply, optimizer, gradients, trainable)
        trainable, optimizer = _either(allowed, apply, (trainable, optimizer))
        return logs, (trainable, self._kept_finite(changed, non_trainable), optimizer, metrics)

    def test_step(self: Any, state: Any, data: Any) -> Any:
        trainable, non_trainable, metrics = state
        with self._scope(trainable, non_trainable, metrics) as scope:
            self.test_loss(data)
            logs = self.get_metrics_result()
        return logs, (trainable, *self._values_after(scope))

    def _scope(
        self: Any, trainable: Any, non_trainable: Any, metrics: Any, optimizer: Any = ()
    ) -> keras.StatelessScope:
        optimizer_variables = self.optimizer.variables if optimizer else ()
        return keras.StatelessScope(
            state_mapping=[
                *zip(self.trainable_variables, trainable, strict=True),
                *zip(self.non_trainable_variables, non_trainable, strict=True),
                *zip(self.metrics_variables, metrics, strict=True),
                *zip(optimizer_variables, optimizer, strict=True),
            ],
            collect_losses=True,  # what layers add in their `call`, an activity penalty say
        )

    def _kept_finite(self: Any, values: Any, before: Any) -> list[Any]:
        """Return the values of the weights that do not train, none spoilt by this step."""
        fragile = {id(one) for one in self._fragile_variables()}

        def kept(variable: Any, value: Any, old: Any) -> Any:
            return (
                jnp.where(jnp.all(jnp.isfinite(value)), value, old)
                if id(variable) in fragile
                else value
            )

        return [*map(kept, self.non_trainable_variables, values, before)]

    def _values_after(self: Any, scope: keras.StatelessScope) -> tuple[list[Any], list[Any]]:
        return (
            [scope.get_current_value(variable) for variable in self.non_trainable_variables],
            [scope.get_current_value(variable) for variable in self.metrics_variables],
        )


def _either(allowed: Any, new: Callable[[], Any], old: Any) -> Any:
    """Return what `new` computes where `allowed` is true, otherwise `old`."""
    if jax.default_backend() == "cpu":
        return jax.lax.cond(allowed, lambda: jax.tree.map(_same_type, new(), old), lambda: old)
    # A branch would wait for the condition to come back from the device; there a choice value by
    # value is part of the update.
    return jax.tree.map(partial(jnp.where, allowed), new(), old)


def _same_type(new: Any, old: Any) -> Any:
    return jnp.asarray(new, jnp.result_type(old))
