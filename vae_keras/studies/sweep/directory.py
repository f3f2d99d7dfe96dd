"""The directories of a sweep's runs, and which of the runs are already done."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vae_keras.config.config import read_config
from vae_keras.errors import ArgumentError, RunDirectoryError
from vae_keras.runs.directory import RunDirectory
from vae_keras.runs.reading import is_finished
from vae_keras.studies.sweep.grid import SweepPoint


@dataclass(frozen=True)
class PlannedRun:
    """A run of a sweep with its directory.

    Args:
        point: The run's settings.
        directory: The run's directory.
        done: Whether a run with exactly these settings has finished there.
    """

    point: SweepPoint
    directory: RunDirectory
    done: bool


def planned_runs(points: Sequence[SweepPoint], directory: str | Path) -> list[PlannedRun]:
    """Find out which runs are to be trained; change nothing.

    Args:
        points: The runs.
        directory: Directory of the sweep; its runs are in `runs/`.

    Raises:
        RunDirectoryError: If the directory of a run holds anything else, or cannot be written.
    """
    plans = []
    for point in points:
        run = RunDirectory(Path(directory) / "runs" / point.name)
        if not _is_ours(run, point):
            run.check_free()
        plans.append(PlannedRun(point, run, is_finished(run)))
    return plans


def _is_ours(run: RunDirectory, point: SweepPoint) -> bool:
    """Return whether a run with these settings was begun in the directory.

    Raises:
        RunDirectoryError: If a run with other settings was begun there.
    """
    if not os.path.lexists(run.config):  # or its name is too long, of which `check_free` tells
        return False
    try:
        found = read_config(run.config)
    except ArgumentError as error:
        raise RunDirectoryError(
            f"`output` must hold runs of this sweep only. Received: {run.path} ({error})"
        ) from error
    if found == point.config:
        return True
    values, wanted = found.to_dict(), point.config.to_dict()
    differ = [name for name in wanted if values[name] != wanted[name]]
    raise RunDirectoryError(
        "`output` must hold runs of this sweep only; choose another for other settings. "
        f"Received: {run.path}, a run with "
        + ", ".join(f"{name}={values[name]!r} in place of {wanted[name]!r}" for name in differ)
    )
