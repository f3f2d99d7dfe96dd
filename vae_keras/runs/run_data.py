"""What a command knows of the run that a model lies in: settings, data, names of classes."""

from pathlib import Path
from typing import Any

from vae_keras.runs.build import load_data
from vae_keras.config.config import (Config, read_config)
from vae_keras.data import ImageDataset
from vae_keras.errors import ArgumentError, VAEKerasError, unknown_name


def run_config(model: str) -> Config | None:
    """Return the settings of the run that a model lies in; `None` outside of one.

    Args:
        model: A run directory or a `.keras` file.
    """
    path = run_path(model) / "config.json"
    return read_config(path) if path.exists() else None


def run_path(model: str) -> Path:
    """Return the directory that a model lies in.

    Args:
        model: A run directory or a `.keras` file.
    """
    return Path(model) if Path(model).is_dir() else Path(model).parent


def run_data(model: str, *, otherwise: str) -> ImageDataset:
    """Load the data of the run that a model lies in.

    Args:
        model: A run directory or a `.keras` file.
        otherwise: What must be where there is no run: the start of the message.

    Raises:
        ArgumentError: If the model lies in no run directory.
    """
    config = run_config(model)
    if config is None:
        raise ArgumentError(
            f"{otherwise} for a model outside its run directory. "
            f"Received: model={model!r}, with no config.json beside it"
        )
    return load_data(config)


def class_names(model: str) -> tuple[str, ...] | None:
    """Return the names of the classes of a model's run, `None` where they cannot be had."""
    try:
        return run_data(model, otherwise="Names must be known").class_names
    except VAEKerasError:
        return None


def class_number(vae: Any, model: str, label: str | None) -> int | None:
    """Return the number of the class that a user means by its name or number.

    Args:
        vae: The model.
        model: Where it was loaded from.
        label: Name or number. In the user's own data a name that is a number goes first.

    Raises:
        ArgumentError: If the model takes no labels, or has no such class.
    """
    if label is None:
        return None
    if not vae.num_classes:
        vae.check_label(label, 1)  # says so
    config = run_config(model)
    numbers = tuple(map(str, range(vae.num_classes)))
    names = numbers
    if config is not None and (config.data is not None or not label.isdecimal()):
        names = class_names(model) or numbers
    if label in names:
        return names.index(label)
    if label.isdecimal() and int(label) < vae.num_classes:
        return int(label)
    raise unknown_name("label", label, names)
