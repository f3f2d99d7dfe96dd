"""Presets, and the members of each axis, by name.

A member is found by its file: `likelihoods/squared_error.py` makes `squared_error` a member and
holds `SquaredError`; `architectures/conv.py` holds `conv`. A new member is a new file.
"""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from vae_keras.config.config import Config
from vae_keras.config.preset_table import PRESETS
from vae_keras.errors import unknown_name

_SHARED_FILES = ("base", "blocks")
# From the setting that names a member to the folder of its axis.
FOLDERS = {
    "architecture": "architectures",
    "likelihood": "likelihoods",
    "prior": "priors",
    "objective": "objectives",
    "regularizer": "regularizers",
}
_SETTINGS = {folder: setting for setting, folder in FOLDERS.items()}


def preset(name: str, **changes: Any) -> Config:
    """Return the settings of a preset, some of them changed.

    Args:
        name: One of `PRESETS`.
        **changes: Settings to override.

    Raises:
        ArgumentError: If there is no such preset or setting, or a value is invalid.

    Example:
        >>> preset("default", latent_dim=16, epochs=10)
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name].replace(**changes) if changes else PRESETS[name]


def member_names(axis: str) -> tuple[str, ...]:
    """Return the names of the members of an axis, without loading any of them.

    Args:
        axis: Name of the folder, say `"likelihoods"`.
    """
    # By file and not by import, because the `__init__` of an axis loads a backend.
    folder = Path(__file__).parents[1] / axis
    names = {module.name for module in pkgutil.iter_modules([str(folder)])}
    return tuple(sorted(names.difference(_SHARED_FILES)))


def check_member(axis: str, name: str) -> None:
    """Raise `ArgumentError`, with the nearest names, unless the axis has such a member."""
    names = member_names(axis)
    if name not in names:
        raise unknown_name(_SETTINGS[axis], name, names)


def check_members(config: Config) -> None:
    """Raise `ArgumentError` if a member that `config` names does not exist; loads no backend."""
    for setting, axis in FOLDERS.items():
        check_member(axis, getattr(config, setting))


def member(axis: str, name: str) -> Any:
    """Load a member of an axis by its name.

    Raises:
        ArgumentError: If there is no member of that name; the message has the nearest names.

    Example:
        >>> member("likelihoods", "squared_error")()
    """
    check_member(axis, name)
    importlib.import_module(f"vae_keras.{axis}.{name}")
    module = importlib.import_module(f"vae_keras.{axis}")
    wanted = name.replace("_", "")
    return next(
        getattr(module, public)
        for public in module.__all__
        if public.lower().replace("_", "") == wanted
    )
