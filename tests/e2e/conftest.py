"""One tiny run, trained once by the command line, that the tests look at from all sides."""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from vae_keras import RunDirectory
from vae_keras.cli.main import main

REPOSITORY = Path(__file__).parents[2]
TINY = [
    *["--dataset", "digits", "--train-size", "64", "--batch-size", "32"],
    *["--architecture", "mlp", "--encoder-units", "8", "--learning-rate", "0.01"],
    *["--epochs", "3", "--warmup-epochs", "1"],
]


@dataclass(frozen=True)
class FinishedRun:
    """A run directory, and what its training printed."""

    directory: RunDirectory
    output: str

    @property
    def path(self) -> Path:
        return self.directory.path


@pytest.fixture(scope="session", autouse=True)
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No network, no cache of the user's, no window, a terminal of the usual width."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_KERAS_OFFLINE", "1")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        patch.setenv("MPLBACKEND", "Agg")
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        patch.setenv("COLUMNS", "80")
        # TensorFlow complains when a process builds many models, as this one does.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(REPOSITORY), *sys.path]))
        yield


@pytest.fixture(scope="session")
def tiny() -> list[str]:
    """Settings of a training that takes a moment."""
    return list(TINY)


@pytest.fixture(scope="session")
def script() -> list[str]:
    """The command that starts the repository's `train.py` in a new process."""
    return [sys.executable, str(REPOSITORY / "train.py")]


@pytest.fixture(scope="session")
def run(offline: None, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A finished run, in a directory whose name a console could take for markup."""
    path = tmp_path_factory.mktemp("runs") / "run [a] :car:"
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        assert main(["train", *TINY, "--run-dir", str(path)]) == 0
    return FinishedRun(RunDirectory(path), output.getvalue())


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs a command that must go well, and returns what it prints."""

    def execute(*arguments: object) -> str:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        output, errors = capsys.readouterr()
        assert (code, errors) == (0, "")
        return output

    return execute
