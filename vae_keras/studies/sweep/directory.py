"""Where the runs of a sweep lie, and which of them are done already."""

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
    """A run of a sweep with its place.

    Args:
        point: Its settings.
        directory: Where it goes, or is.
        done: Whether a run of these very settings has finished there.
    """

    point: SweepPoint
    directory: RunDirectory
    done: bool


def planned_runs(points: Sequence[SweepPoint], directory: str | Path) -> list[PlannedRun]:
    """Find out what there is to do; changes nothing.

    Args:
        points: The runs.
        directory: Directory of the sweep; the runs lie under `runs/` in it.

    Raises:
        RunDirectoryError: If something else is where a run is to go, or it cannot be written.
    """
    plans = []
    for point in points:
        run = RunDirectory(Path(directory) / "runs" / point.name)
        if not _is_ours(run, point):
            run.check_free()
        plans.append(PlannedRun(point, run, is_finished(run)))
    return plans


def _is_ours(run: RunDirectory, point: SweepPoint) -> bool:
    """Whether a run of these settings was begun there.

    Raises:
        RunDirectoryError: If it was begun with others.
    """
    if not os.path.lexists(run.config):  # also where the name is too long, which `check_free` says
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
