"""Checks the config of a model file: it may name only classes and functions that are allowed."""

import math
from collections.abc import Collection
from typing import Any

from vae_keras.saving.allowed import (
    ACTIVATIONS,
    CLASSES,
    COMPILE_KEYS,
    DTYPES,
    FUNCTION_MODULES,
    SPECIAL,
)
from vae_keras.saving.calls import check_calls
from vae_keras.saving.refused import Refused

_PACKAGE = "vae_keras"
_NAMING = ("module", "class_name", "registered_name")
# Values of an input that a model may declare: 64 Mi, a colour image of 4,700 x 4,700.
_MAX_INPUT = 1 << 26


def check_config(config: object, names: Collection[str] = ()) -> None:
    """Raise `Refused` unless a config names only what may be built.

    Keras looks up every object with a `class_name`, and every string that is a registered name.
    Each must be on the list of `allowed.py`, a class of this package, or in `names`.

    Args:
        config: The content of `config.json`.
        names: Names of classes and functions that the user allows. Defaults to none.

    Raises:
        Refused: If the config names another class or function, is of a legacy format, or holds
            values that no model needs.
    """
    import keras

    if not isinstance(config, dict) or "class_name" not in config:
        raise Refused("config.json describes no model")
    registered = frozenset(keras.saving.get_custom_objects()).difference(names)
    stack: list[object] = [config]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                _check_object(value, names, registered)
                if value.get("compile_config"):
                    _check_compile(value["compile_config"], outermost=value is config)
            stack.extend(_not_yet_checked(value))
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str) and value in registered:
            raise _not_allowed(value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise Refused("config.json holds NaN or an infinite number")
        elif isinstance(value, int) and abs(value) >= 1 << 63:
            raise Refused("config.json holds an integer of more than 64 bits")
    check_calls(config)


def _not_yet_checked(value: dict[str, Any]) -> list[object]:
    """Return the values in an object that `_check_object` does not check."""
    if "class_name" not in value:
        return list(value.values())
    checked = (*_NAMING, "config") if value["class_name"] == "function" else _NAMING
    return [inner for key, inner in value.items() if key not in checked]


def _check_object(
    value: dict[str, Any], names: Collection[str], registered: frozenset[str]
) -> None:
    name, inner = value["class_name"], value.get("config")
    if not isinstance(name, str):
        raise Refused(f"config.json names a class {name!r}")
    if name in SPECIAL:
        _check_special(name, inner)
    elif name.startswith("__"):
        raise _not_allowed(name)
    elif "module" not in value or not isinstance(value["module"], str | None):
        raise Refused(f"config.json is of a legacy format: {name!r} has no module")
    elif name == "function":
        _check_function(value, names)
    elif not _may_be_built(value, names) or name in registered:
        raise _not_allowed(_name_of(value))
    elif not isinstance(inner, dict):
        raise Refused(f"the config of {name!r} must be an object")
    elif any(separator in str(inner.get("name")) for separator in "/\\"):
        raise Refused(f"a part of the model is named {str(inner['name'])[:80]!r}, like a path")
    elif not isinstance(value.get("shared_object_id"), int | None):
        raise Refused("config.json shares an object that has no number")
    elif name == "InputLayer":
        _check_input(inner)


def _check_special(name: str, inner: object) -> None:
    if not isinstance(inner, dict) or set(inner) != SPECIAL[name]:
        raise Refused(f"the config of {name!r} must hold what Keras writes")
    if "dtype" in inner and inner["dtype"] not in DTYPES:
        raise Refused(f"{name!r} must be of numbers, and is of {str(inner['dtype'])[:40]!r}")


def _check_function(value: dict[str, Any], names: Collection[str]) -> None:
    name, registered = value.get("config"), value.get("registered_name")
    if not isinstance(name, str) or not isinstance(registered, str | None):
        raise Refused("config.json names a function that has no name")
    if name in names or registered in names:
        return
    built_in = value["module"] in FUNCTION_MODULES and name in ACTIVATIONS
    if not built_in or registered not in (None, name, "function"):
        is_own = registered in (None, name, "function")
        raise _not_allowed(f"{value['module']}.{name}" if is_own else str(registered))


def _may_be_built(value: dict[str, Any], names: Collection[str]) -> bool:
    import keras

    module, name = value["module"], value["class_name"]
    registered = value.get("registered_name")
    if not isinstance(registered, str | None):
        return False
    if name in names or registered in names:
        return True
    if registered == f"{_PACKAGE}>{name}":
        found = keras.saving.get_registered_object(registered)
        # Other code can register classes under this package's name as well.
        return isinstance(found, type) and found.__module__.split(".")[0] == _PACKAGE
    return (module, name) in CLASSES and registered in (None, name)


def _check_input(inner: dict[str, Any]) -> None:
    shape = inner.get("batch_shape")
    if not isinstance(shape, list) or len(shape) > 8:
        raise Refused("an input has no shape")
    if math.prod(n for n in shape if isinstance(n, int)) > _MAX_INPUT:
        raise Refused(f"an input of shape {tuple(shape)}, more than {_MAX_INPUT} values")


def _check_compile(config: object, *, outermost: bool) -> None:
    if not outermost:
        raise Refused("a part of the model is compiled by itself")
    if not isinstance(config, dict) or not set(config) <= COMPILE_KEYS:
        raise Refused("the model is compiled with arguments that `compile` does not have")


def _name_of(value: dict[str, Any]) -> str:
    registered = value.get("registered_name")
    if registered and registered != value["class_name"]:
        return str(registered)
    return f"{value['module']}.{value['class_name']}"


def _not_allowed(name: str) -> Refused:
    short = name.rpartition(">")[2].rpartition(".")[2][:80]
    return Refused(
        f"it names `{name[:200]}`, which this package does not load by itself; a class or function "
        f"that you know and trust: load(path, custom_objects={{{short!r}: {short}}})"
    )
