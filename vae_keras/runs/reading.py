"""What a run directory holds, read back, with one wording for what is missing or damaged."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from vae_keras.checkpoints.directory import CheckpointDirectory
from vae_keras.config.config import Config, read_config
from vae_keras.data import ImageDataset
from vae_keras.errors import ArgumentError, RunDirectoryError, VAEKerasError, unknown_name
from vae_keras.evaluation import Evaluation
from vae_keras.io.bounded import check_unpacked, open_regular, open_zip
from vae_keras.io.json import read_json
from vae_keras.models import ImageModel
from vae_keras.runs.build import load_data
from vae_keras.runs.directory import RunDirectory

_MAX_TABLE = 1 << 16  # bytes: names and places of a few hundred arrays
_MAX_HISTORY = 64 << 20  # bytes; an epoch takes about 200


def check_finished(run: RunDirectory) -> None:
    """Raise `RunDirectoryError` unless the run has its model and its metrics."""
    if not run.model.is_file():
        raise RunDirectoryError(
            f"`run` must be a finished run. Received: {run.path}, with no {run.model.name}: its "
            "training has not finished"
        )
    if not run.metrics.is_file():
        raise RunDirectoryError(
            f"`run` must have been evaluated; `vae-keras evaluate {run.path}` does it. "
            f"Received: {run.path}, with no {run.metrics.name}"
        )


def is_finished(run: RunDirectory) -> bool:
    """Tell whether a run was begun in a directory and is finished, report included."""
    if not run.is_begun() or not run.metrics.is_file():
        return False
    # The command `evaluate` writes this file too, for a model whose training was interrupted.
    return "training" in read_metrics(run) and not CheckpointDirectory(run.checkpoint).files()


def run_settings(run: RunDirectory) -> Config:
    """Return the settings of a run."""
    return read_config(run.config)


def read_metrics(run: RunDirectory) -> dict[str, Any]:
    """Return what `metrics.json` holds.

    Raises:
        RunDirectoryError: If it is missing or damaged.
    """
    return _read_json(run, run.metrics)


def read_environment(run: RunDirectory) -> dict[str, Any]:
    """Return what `environment.json` holds; empty if there is none."""
    return _read_json(run, run.environment) if run.environment.is_file() else {}


def read_history(run: RunDirectory) -> dict[str, list[float]]:
    """Return what `history.csv` holds, a list for each metric; empty if there is none.

    Raises:
        RunDirectoryError: If it is damaged.
    """
    if not run.history.is_file():
        return {}
    try:
        _check_size(run.history)
        with open(run.history, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        names = [name for name in (rows[0] if rows else ()) if name != "epoch"]
        return {name: [float(row[name]) for row in rows] for name in names}
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise _damaged(run, run.history, error) from error


def read_arrays(run: RunDirectory) -> dict[str, np.ndarray]:
    """Return the arrays that the evaluation left; empty if there are none.

    Raises:
        RunDirectoryError: If the file is damaged.
    """
    if not run.evaluation.is_file():
        return {}
    try:
        return _arrays(run.evaluation)
    except Exception as error:  # whatever zipfile and NumPy find wrong with it
        raise _damaged(run, run.evaluation, error) from error


def read_evaluation(run: RunDirectory) -> Evaluation:
    """Return the evaluation of a finished run as `evaluate` returned it."""
    metrics = read_metrics(run)
    evaluation = Evaluation()
    evaluation.update(metrics.get("test", {}))
    evaluation.by_class = metrics.get("by_class", {})
    evaluation.by_dimension = metrics.get("by_dimension", {})
    evaluation.arrays = read_arrays(run)
    return evaluation


def run_config(model: str) -> Config | None:
    """Return the settings of the run that a model lies in; `None` if it lies in none.

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


def run_data(model: str, config: Config | None, *, otherwise: str) -> ImageDataset:
    """Load the data of the run that a model lies in.

    Args:
        model: A run directory or a `.keras` file.
        config: What `run_config` returned for it.
        otherwise: Start of the message if there is no run: what would be needed then.

    Raises:
        ArgumentError: If the model lies in no run directory.
    """
    if config is None:
        raise ArgumentError(
            f"{otherwise} for a model outside its run directory. "
            f"Received: model={model!r}, with no config.json beside it"
        )
    return load_data(config)


def class_names(model: str) -> tuple[str, ...] | None:
    """Return the names of the classes of a model's run, `None` if they cannot be read."""
    try:
        return run_data(model, run_config(model), otherwise="Names must be known").class_names
    except VAEKerasError:
        return None


def class_number(vae: ImageModel, model: str, label: str | None) -> int | None:
    """Return the number of the class that a user means by its name or number.

    Args:
        vae: The model.
        model: Where it was loaded from.
        label: Name or number. In the user's own data a class whose name is this number comes
            before the class with this number.

    Raises:
        ArgumentError: If the model takes no labels, or has no such class.
    """
    if label is None:
        return None
    if not vae.num_classes:
        vae.check_label(label, 1)  # raises the error for a model without labels
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


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > _MAX_HISTORY:
        raise ValueError(f"{size} bytes, more than {_MAX_HISTORY}")


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Read arrays, once what they unpack to is known to be in proportion to the file."""
    with open_regular(path) as file:
        with open_zip(file, _MAX_TABLE) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        check_unpacked(path, path.stat().st_size, unpacked)
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}


def _read_json(run: RunDirectory, path: Path) -> dict[str, Any]:
    try:
        values = read_json(path)
    except (OSError, ValueError) as error:
        raise _damaged(run, path, error) from error
    if not isinstance(values, dict):
        raise _damaged(run, path, "no JSON object")
    return values


def _damaged(run: RunDirectory, path: Path, why: object) -> RunDirectoryError:
    return RunDirectoryError(
        f"`run` must hold a readable {path.name}. Received: {run.path} ({why})"
    )
