"""Training and test step on JAX, where all state is passed in and returned."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import keras

from vae_keras._types import Tensor
from vae_keras.models.fitting.guard import fragile_variables, step_is_allowed
from vae_keras.models.fitting.steps.jax_arrays import DeviceArrays, device_arrays, training_function
from vae_keras.models.fitting.streams import FitCall
from vae_keras.models.host import Host

# The values of some variables, in their order.
_Values: TypeAlias = list[Tensor]


@contextmanager
def prepared_fit(model: "TrainingSteps", call: FitCall) -> Iterator[FitCall]:
    """Put the images on the device where that pays off, and loop over the steps there."""
    source = device_arrays(model, call.x)
    if source is None:
        yield call
        return
    arguments = {**call.arguments, "batch_size": None, "shuffle": False}
    # Without one, Keras would take the batch size of `fit`, now `None`, for the validation set.
    size = arguments.get("validation_batch_size") or source.batch_size
    model._device_arrays, model.train_function = source, None
    try:
        yield FitCall(source, None, {**arguments, "validation_batch_size": size})
    finally:
        model._device_arrays, model.train_function = None, None


@contextmanager
def kept_on_error(model: Host) -> Iterator[None]:
    """Within the context, an error leaves the model its weights.

    Keras takes the values out of the variables, to hand them to the step, and does not give them
    back if the step cannot be traced, on images of another size for instance.
    """
    owners = (model, model.optimizer)
    variables = [*(one for owner in owners for one in owner.variables), *model.metrics_variables]
    values = [one.value for one in variables]
    try:
        yield
    except BaseException:
        for variable, value in zip(variables, values, strict=True):
            if variable._value is None and not value.is_deleted():
                variable.assign(value)
        raise


def prepare_evaluation(model: Host) -> None:
    """Do nothing: Keras' `evaluate` needs no preparation on JAX."""


class TrainingSteps(Host):
    """Takes the gradient of `loss_of_batch` with `jax.grad`."""

    train_function: Any
    _device_arrays: DeviceArrays | None = None

    def make_train_function(self, force: bool = False) -> Any:
        if self._device_arrays is None:
            return super().make_train_function(force)  # type: ignore[misc]
        self.train_function = training_function(self, self._device_arrays)

    def train_step(self, state: Any, data: Any) -> tuple[dict[str, Tensor], Any]:
        trainable, non_trainable, optimizer, metrics = state

        def scaled_loss(trainable: _Values) -> tuple[Tensor, tuple[_Values, _Values]]:
            with self._scope(trainable, non_trainable, metrics, optimizer) as scope:
                scaled = self.optimizer.scale_loss(self.loss_of_batch(data, training=True))
            return scaled, self._values_after(scope)

        gradients, (changed, metrics) = jax.grad(scaled_loss, has_aux=True)(trainable)
        norm = jnp.sqrt(sum(jnp.sum(jnp.square(one.astype("float32"))) for one in gradients))
        with self._scope(trainable, changed, metrics, optimizer) as scope:
            allowed = step_is_allowed(self, norm)
            logs = self.get_metrics_result()
        _, metrics = self._values_after(scope)
        apply = partial(self.optimizer.stateless_apply, optimizer, gradients, trainable)
        trainable, optimizer = _either(allowed, apply, (trainable, optimizer))
        return logs, (trainable, self._kept_finite(changed, non_trainable), optimizer, metrics)

    def test_step(self, state: Any, data: Any) -> tuple[dict[str, Tensor], Any]:
        trainable, non_trainable, metrics = state
        with self._scope(trainable, non_trainable, metrics) as scope:
            self.loss_of_batch(data, training=False)
            logs = self.get_metrics_result()
        return logs, (trainable, *self._values_after(scope))

    def _scope(
        self, trainable: _Values, non_trainable: _Values, metrics: _Values, optimizer: Any = ()
    ) -> keras.StatelessScope:
        """Return a scope in which the model's variables have these values."""
        optimizer_variables = self.optimizer.variables if optimizer else ()
        return keras.StatelessScope(
            state_mapping=[
                *zip(self.trainable_variables, trainable, strict=True),
                *zip(self.non_trainable_variables, non_trainable, strict=True),
                *zip(self.metrics_variables, metrics, strict=True),
                *zip(optimizer_variables, optimizer, strict=True),
            ],
            collect_losses=True,  # what layers add in their `call`, such as an activity penalty
        )

    def _kept_finite(self, values: _Values, before: _Values) -> _Values:
        """Return new values of the variables that do not train, old ones where NaN spoilt them."""
        fragile = {id(one) for one in fragile_variables(self)}

        def kept(variable: keras.Variable, value: Tensor, old: Tensor) -> Tensor:
            if id(variable) not in fragile:
                return value
            return jnp.where(jnp.all(jnp.isfinite(value)), value, old)

        return [*map(kept, self.non_trainable_variables, values, before)]

    def _values_after(self, scope: keras.StatelessScope) -> tuple[_Values, _Values]:
        """Return what a scope has made of the variables that do not train, and of the metrics."""
        return (
            [scope.get_current_value(variable) for variable in self.non_trainable_variables],
            [scope.get_current_value(variable) for variable in self.metrics_variables],
        )


def _either(allowed: Tensor, new: Callable[[], Any], old: Any) -> Any:
    """Return what `new` computes where `allowed` is true, otherwise `old`."""
    if jax.default_backend() == "cpu":
        return jax.lax.cond(allowed, lambda: jax.tree.map(_same_type, new(), old), lambda: old)
    # On an accelerator a branch would wait until the condition is back from the device; a choice
    # value by value is part of the update there.
    return jax.tree.map(partial(jnp.where, allowed), new(), old)


def _same_type(new: Any, old: Any) -> Any:
    return jnp.asarray(new, jnp.result_type(old))
