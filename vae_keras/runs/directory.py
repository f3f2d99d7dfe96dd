"""The run directory: where each thing of a run lies, and how it is written."""

import itertools
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_keras.checkpoints.lock import LOCK, OWNER, only_one
from vae_keras.config.config import Config
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


class RunDirectory:
    """One run's files: `config.json`, `history.csv`, `model.keras`, `figures/` and so on.

    Args:
        path: The directory. Nothing is written before `create`.

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
            return None  # whoever needs the whole file says what is wrong with it

    def is_begun(self) -> bool:
        """Tell whether a training was begun here."""
        return os.path.lexists(self.config)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the directory if it is missing, and be the one process that works in it.

        Raises:
            RunDirectoryError: If it cannot be made, or another process, which the message names,
                works in it.
        """
        with only_one(self.checkpoint, what="A run directory"):
            for folder in (self.path, self.checkpoint, self.figures, self.epoch_figures):
                remove_leftovers(folder)
            yield

    def check_free(self) -> None:
        """Raise `RunDirectoryError` if the directory holds something or cannot be made.

        What a process left that was killed before it had written the settings does not count.
        """
        try:
            self._check_free()
        except RunDirectoryError:
            raise
        except OSError as error:  # a name too long, a folder that may not be looked into
            raise RunDirectoryError(
                f"`run_dir` must be writable. Received: {self.path} ({error.strerror})"
            ) from error

    def _check_free(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise RunDirectoryError(
                f"`run_dir` must be a directory. Received: {self.path} (a file)"
            )
        if self.path.is_dir() and not all(map(self._is_nothing, self.path.iterdir())):
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

    def _is_nothing(self, path: Path) -> bool:
        if path == self.checkpoint:
            return path.is_dir() and all(
                is_leftover(name) or name in (LOCK, OWNER) for name in os.listdir(path)
            )
        return is_leftover(path.name)

    def write_config(self, config: Config) -> None:
        """Write the settings; `train.py --config` replays them."""
        write_json(self.config, config.to_dict())

    def write_environment(self, **facts: Any) -> None:
        """Write what a number may depend on: versions, machine, git commit, and `facts`."""
        write_json(self.environment, {**environment(), **facts})

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        """Write the final numbers."""
        write_json(self.metrics, metrics)

    def write_arrays(self, arrays: "dict[str, np.ndarray]") -> None:
        """Write what the pictures of the evaluation are drawn from."""
        import numpy as np

        with written_beside(self.evaluation) as beside:
            np.savez_compressed(beside, **arrays)  # type: ignore[arg-type]

    def write_figure(self, figure: Any, name: str) -> None:
        """Write one picture under `figures/`."""
        save_figure(figure, self.figures / f"{name}.png")

    def write_model(self, vae: Any) -> None:
        """Write the model, and its two halves for use without the other."""
        for model, path in (
            (vae, self.model),
            (vae.encoder, self.encoder),
            (vae.decoder, self.decoder),
        ):
            with written_beside(path) as beside:
                model.save(beside)


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
