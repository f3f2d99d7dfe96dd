"""What a run directory holds, read back; one wording for what is missing."""

import csv
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from vae_keras.io.json import read_json
from vae_keras.checkpoints.directory import CheckpointDirectory
from vae_keras.config.config import (Config, read_config)
from vae_keras.io.bounded import (check_unpacked, open_regular)
from vae_keras.errors import RunDirectoryError
from vae_keras.evaluation import Evaluation
from vae_keras.saving import BoundedFile
from vae_keras.runs.directory import RunDirectory

_MAX_HISTORY = 64 << 20  # bytes; an epoch takes about 200


def check_finished(run: RunDirectory) -> None:
    """Raise `RunDirectoryError` unless the run has its model and its numbers."""
    if not run.model.is_file():
        raise RunDirectoryError(
            f"`run` must be a finished run. Received: {run.path}, with no {run.model.name}: its "
            "training has not come to its end"
        )
    if not run.metrics.is_file():
        raise RunDirectoryError(
            f"`run` must have been evaluated; `vae-keras evaluate {run.path}` does it. "
            f"Received: {run.path}, with no {run.metrics.name}"
        )


def is_finished(run: RunDirectory) -> bool:
    """Tell whether a training was begun in a directory and has come to its end, with its report."""
    if not run.is_begun() or not run.metrics.is_file():
        return False
    # `evaluate` writes the file too, of a model whose training was interrupted.
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
    """Return what `environment.json` holds, nothing where there is none."""
    return _read_json(run, run.environment) if run.environment.is_file() else {}


def read_history(run: RunDirectory) -> dict[str, list[float]]:
    """Return what `history.csv` holds, a list for each metric; nothing where there is none.

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
    """Return the arrays that the evaluation left; nothing where there are none.

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


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > _MAX_HISTORY:
        raise ValueError(f"{size} bytes, more than {_MAX_HISTORY}")


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Read arrays, once what they unpack to is known to be in proportion to the file."""
    with open_regular(path) as file:
        bounded = BoundedFile(file)
        with zipfile.ZipFile(bounded) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        check_unpacked(path, path.stat().st_size, unpacked)
        bounded.unbounded()
        bounded.seek(0)
        with np.load(bounded, allow_pickle=False) as arrays:
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
