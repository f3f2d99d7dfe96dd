"""The state of a training: the variables of the model and the counters of the callbacks."""

import json
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from vae_keras._types import JsonObject
from vae_keras.errors import RunDirectoryError

# Attributes of Keras' callbacks that `on_train_begin` resets and a resumed training must keep.
_KEPT: tuple[tuple[type, tuple[str, ...]], ...] = (
    (
        keras.callbacks.EarlyStopping,
        ("wait", "stopped_epoch", "best", "best_epoch", "best_weights"),
    ),
    (keras.callbacks.ReduceLROnPlateau, ("wait", "best", "cooldown_counter")),
    (keras.callbacks.ModelCheckpoint, ("best", "epochs_since_last_save")),
    (keras.callbacks.History, ("history", "epoch")),
)
_ARRAY, _SCALAR = "__array__", "__scalar__"


def state_of_variables(model: keras.Model) -> dict[str, np.ndarray]:
    """Return the value of each variable: weights, seeds of the noise, metrics, optimizer."""
    return {
        f"{group}/{number}": value_of(variable)
        for group, variables in _groups(model).items()
        for number, variable in enumerate(variables)
    }


def value_of(variable: keras.Variable) -> np.ndarray:
    """Return the value of a variable, also of one that is mirrored on several devices."""
    return keras.ops.convert_to_numpy(keras.ops.copy(variable))


def restore_variables(model: keras.Model, arrays: dict[str, np.ndarray], *, metrics: bool) -> None:
    """Set each variable to what `state_of_variables` returned.

    Args:
        model: The model, compiled.
        arrays: The values.
        metrics: Whether to set only the metrics, which `fit` resets when an epoch begins, or only
            the other variables.

    Raises:
        RunDirectoryError: If the values are those of another model.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    groups = _groups(model)
    expected = {
        f"{group}/{number}": tuple(variable.shape)
        for group, variables in groups.items()
        for number, variable in enumerate(variables)
    }
    found = {name: value.shape for name, value in arrays.items() if name.split("/")[0] in groups}
    if expected != found:
        raise RunDirectoryError(
            "The checkpoint must be of the same model and optimizer. Received: other variables, "
            f"{len(found)} in the checkpoint and {len(expected)} in the model"
        )
    for group, variables in groups.items():
        if (group == "metrics") is metrics:
            for number, variable in enumerate(variables):
                variable.assign(_typed(arrays[f"{group}/{number}"], variable))


def is_finite(arrays: dict[str, np.ndarray]) -> bool:
    """Tell whether all weights among what `state_of_variables` returned are finite numbers."""
    weights = (value for name, value in arrays.items() if not name.startswith("metrics/"))
    return all(np.isfinite(value).all() for value in weights if value.dtype.kind == "f")


def state_of_callbacks(
    callbacks: Sequence[keras.callbacks.Callback], arrays: dict[str, np.ndarray]
) -> list[JsonObject]:
    """Return class and state of each callback that has one, as JSON values.

    A callback other than Keras' has a state if it defines `get_state()`, which returns a dictionary
    of numbers, strings, lists and arrays, and `set_state(state)`.

    Args:
        callbacks: The callbacks.
        arrays: Dictionary that the arrays of the states are added to.
    """
    states = []
    for number, callback in enumerate(callbacks):
        state = _state(callback)
        if state is not None:
            kept = _without_arrays(state, f"callbacks/{number}", arrays)
            states.append({"class": type(callback).__name__, "state": kept})
    return states


def restore_callbacks(
    callbacks: Sequence[keras.callbacks.Callback],
    states: list[JsonObject],
    arrays: dict[str, np.ndarray],
) -> list[str]:
    """Give each callback its state back; return the classes of states that found no callback.

    The states of a class go to its members in their order.
    """
    left = list(states)
    for callback in callbacks:
        name = type(callback).__name__
        kept = next((one for one in left if one["class"] == name), None)
        if kept is None or _state(callback) is None:
            continue
        left.remove(kept)
        state = _with_arrays(kept["state"], arrays)
        if hasattr(callback, "set_state"):
            callback.set_state(state)
        else:
            vars(callback).update(state)
    return [one["class"] for one in left]


def description(model: keras.Model) -> str:
    """Return a text that is equal for models with the same loss.

    It is without names of layers, which Keras numbers through a process.
    """
    parts = {
        part: keras.saving.serialize_keras_object(getattr(model, part))
        for part in model.parts
        if part not in ("encoder", "decoder")
    }
    plain = {name: getattr(model, name, None) for name in ("kl_weight", "binarize", "num_classes")}
    whole = {"model": type(model).__name__, **plain, **parts}
    return json.dumps(_nameless(whole), sort_keys=True, default=repr)


def _groups(model: keras.Model) -> dict[str, list[keras.Variable]]:
    return {
        "trainable": model.trainable_variables,
        "non_trainable": model.non_trainable_variables,
        "metrics": model.metrics_variables,
        "optimizer": model.optimizer.variables,
    }


def _typed(value: np.ndarray, variable: keras.Variable) -> np.ndarray:
    # A NumPy file holds bfloat16 as two bytes of no type.
    if value.dtype.kind == "V":
        return value.view(value_of(variable).dtype)
    return value


def _state(callback: keras.callbacks.Callback) -> JsonObject | None:
    if hasattr(callback, "get_state") and hasattr(callback, "set_state"):
        return callback.get_state()
    for kind, names in _KEPT:
        if isinstance(callback, kind):
            return {name: getattr(callback, name) for name in names if hasattr(callback, name)}
    return None


def _without_arrays(value: object, name: str, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        arrays[name] = np.asarray(value)
        return {_ARRAY if isinstance(value, np.ndarray) else _SCALAR: name}
    if isinstance(value, dict):
        return {key: _without_arrays(one, f"{name}/{key}", arrays) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_arrays(one, f"{name}/{at}", arrays) for at, one in enumerate(value)]
    return value


def _with_arrays(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            return arrays[value[_ARRAY]]
        if set(value) == {_SCALAR}:
            return arrays[value[_SCALAR]][()]
        return {key: _with_arrays(one, arrays) for key, one in value.items()}
    return [_with_arrays(one, arrays) for one in value] if isinstance(value, list) else value


def _nameless(value: object) -> object:
    if isinstance(value, dict):
        return {key: _nameless(one) for key, one in value.items() if key != "name"}
    return [_nameless(one) for one in value] if isinstance(value, list | tuple) else value
