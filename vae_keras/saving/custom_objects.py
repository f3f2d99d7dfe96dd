"""The classes and functions of the user's own that a model file may name."""

from collections.abc import Mapping
from typing import Any

from vae_keras.errors import ArgumentError


def custom_names(custom_objects: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the classes and functions that the user allows, by each name that a file may use.

    Args:
        custom_objects: Classes and functions by name, without the prefix of the package that they
            are registered with. `None` is an empty mapping.

    Raises:
        ArgumentError: If it is not such a mapping, or something else is registered under a name.
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
        # For Keras a registered object takes precedence over `custom_objects`.
        registered = keras.saving.get_registered_object(name)
        if registered is not None and registered is not value:
            raise ArgumentError(
                f"`custom_objects` must not hold another {name!r} than the one that is registered "
                f"with Keras. Received: {value!r}, registered: {registered!r}"
            )
    return names
