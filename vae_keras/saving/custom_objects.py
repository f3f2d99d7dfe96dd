"""Classes and functions of a user's own that a model file may name."""

from collections.abc import Mapping
from typing import Any

from vae_keras.errors import ArgumentError


def custom_names(custom_objects: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a file may name beside the package's own, by every name it may use.

    Args:
        custom_objects: Classes and functions by name; a registered one by the name it has without
            its package.

    Raises:
        ArgumentError: If it is no such mapping, or a name is taken by something else.
    """
    import keras

    if custom_objects is None:
        return {}
    if not isinstance(custom_objects, Mapping) or not all(
        isinstance(name, str) and callable(value) for name, value in custom_objects.items()
    ):
        raise ArgumentError(
            "`custom_objects` must hold classes and functions by name, as "
            "{'SquaredMeans': SquaredMeans}. "
            f"Received: custom_objects={custom_objects!r}"
        )
    names = dict(custom_objects)
    for value in custom_objects.values():
        names[keras.saving.get_registered_name(value)] = value
    for name, value in names.items():
        # Keras takes what is registered under a name before what it is given.
        registered = keras.saving.get_registered_object(name)
        if registered is not None and registered is not value:
            raise ArgumentError(
                f"`custom_objects` must not hold another {name!r} than the one that is registered "
                f"with Keras. Received: {value!r}, registered: {registered!r}"
            )
    return names
