"""The run directory: where each file of a run is, and how it is written."""

import itertools
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_keras.backend.parallel import process_number
from vae_keras.checkpoints.lock import LOCK, OWNER, only_one
from vae_keras.config.config import Config
from vae_keras.config.presets import check_members
from vae_keras.errors import RunDirectoryError
from vae_keras.io.files import (
    is_leftover,
    remove_leftovers,
    save_figure,
    write_json,
    written_beside,
)
from vae_keras.runs.environment import environment

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import FigureBase

    from vae_keras.models import ImageModel


class RunDirectory:
    """One run's files: `config.json`, `history.csv`, `model.keras`, `figures/` and so on.

    Args:
        path: The directory. It is made when the run is `held`; nothing is written before.

    Example:
        >>> run = RunDirectory("runs/first")
        >>> run.model
        PosixPath('runs/first/model.keras')
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.environment = self.path / "environment.json"
        self.history = self.path / "history.csv"
        self.metrics = self.path / "metrics.json"
        self.evaluation = self.path / "evaluation.npz"
        self.report = self.path / "report.html"
        self.model = self.path / "model.keras"
        self.encoder = self.path / "encoder.keras"
        self.decoder = self.path / "decoder.keras"
        self.figures = self.path / "figures"
        self.epoch_figures = self.figures / "epochs"
        self.tensorboard = self.path / "tensorboard"
        self.checkpoint = self.path / "checkpoint"

    def begun_with_backend(self) -> str | None:
        """Return the Keras backend of the run, `None` if it is not known."""
        try:
            return json.loads(self.environment.read_text(encoding="utf-8"))["backend"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None  # `read_environment`, which needs the whole file, reports the error

    def is_begun(self) -> bool:
        """Tell whether a training was begun here."""
        return os.path.lexists(self.config)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the directory if it is missing, and keep other processes from working in it.

        Raises:
            RunDirectoryError: If it cannot be made, or another process works in it; the message
                names that one.
        """
        with only_one(self.checkpoint, what="A run directory"):
            for folder in (self.path, self.checkpoint, self.figures, self.epoch_figures):
                remove_leftovers(folder)
            yield

    def check_free(self) -> None:
        """Raise `RunDirectoryError` if the directory holds something or cannot be made.

        The leftovers of a process that was killed before it wrote the settings do not count.
        """
        try:
            self._check_free()
        except RunDirectoryError:
            raise
        except OSError as error:  # the name is too long, or a folder may not be read
            raise RunDirectoryError(
                f"`run_dir` must be writable. Received: {self.path} ({error.strerror})"
            ) from error

    def _check_free(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise RunDirectoryError(
                f"`run_dir` must be a directory. Received: {self.path} (a file)"
            )
        if self.path.is_dir() and not all(map(self._is_leftover, self.path.iterdir())):
            raise RunDirectoryError(
                f"`run_dir` must be new or empty, so that no run is overwritten. "
                f"Received: {self.path}, which exists"
            )
        parent = next(
            folder for folder in (self.path, *self.path.absolute().parents) if folder.exists()
        )
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            raise RunDirectoryError(
                f"`run_dir` must be writable. Received: {self.path} ({parent} is not)"
            )

    def _is_leftover(self, path: Path) -> bool:
        if path == self.checkpoint:
            return path.is_dir() and all(
                is_leftover(name) or name in (LOCK, OWNER) for name in os.listdir(path)
            )
        return is_leftover(path.name)

    def write_config(self, config: Config) -> None:
        """Write the settings; `train.py --config` replays them."""
        write_json(self.config, config.to_dict())

    def write_environment(self, **facts: Any) -> None:
        """Write what a result may depend on: versions, machine, git commit, and `facts`."""
        write_json(self.environment, {**environment(), **facts})

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        """Write the final metrics."""
        write_json(self.metrics, metrics)

    def write_arrays(self, arrays: "dict[str, np.ndarray]") -> None:
        """Write the arrays that the figures of the evaluation are drawn from."""
        import numpy as np

        with written_beside(self.evaluation) as beside:
            np.savez_compressed(beside, **arrays)  # type: ignore[arg-type]

    def write_figure(self, figure: "FigureBase", name: str) -> None:
        """Write one figure under `figures/`."""
        save_figure(figure, self.figures / f"{name}.png")

    def write_model(self, vae: "ImageModel") -> None:
        """Write the model, and its encoder and decoder for use on their own."""
        for model, path in (
            (vae, self.model),
            (vae.encoder, self.encoder),
            (vae.decoder, self.decoder),
        ):
            with written_beside(path) as beside:
                model.save(beside)


def check_before_training(
    config: Config, run_directory: RunDirectory, *, resume: bool = False
) -> None:
    """Raise what can be known to be wrong before anything is loaded: members and directory.

    Args:
        config: The settings.
        run_directory: Where the run goes.
        resume: Whether a run that was begun there continues.

    Raises:
        ArgumentError: If a member that `config` names does not exist.
        RunDirectoryError: If the directory holds something else, or cannot be made.
    """
    check_members(config)
    writes = not (config.distribute and process_number())  # of several processes the first alone
    if writes and not (resume and run_directory.is_begun()):
        run_directory.check_free()


def open_run(path: str | Path) -> RunDirectory:
    """Return the run directory at a path.

    Raises:
        RunDirectoryError: If there is none: it does not exist, is a file, or has no `config.json`.
    """
    run = RunDirectory(path)
    if not run.path.exists():
        raise RunDirectoryError(f"`run` must be a run directory. Received: {path}, not there")
    if not run.path.is_dir():
        raise RunDirectoryError(f"`run` must be a run directory. Received: {path}, a file")
    if not run.config.is_file():
        raise RunDirectoryError(
            f"`run` must be a run directory, as `train` makes them. "
            f"Received: {path}, with no {run.config.name} in it"
        )
    return run


def new_run_path(config: Config, root: str | Path = "runs") -> Path:
    """Return the path of a run that does not exist yet: data set, model, code size and time."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    name = Path(config.data).stem if config.data else config.dataset
    wanted = f"{name}-{config.preset}-z{config.latent_dim}-{stamp}"
    names = itertools.chain([wanted], (f"{wanted}-{number}" for number in itertools.count(2)))
    return next(path for path in (Path(root) / name for name in names) if not path.exists())
