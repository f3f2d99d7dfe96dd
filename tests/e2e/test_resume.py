"""An interrupted run continues; what cannot be continued is refused in one line."""

import csv
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from vae_keras import RunDirectory, train_and_evaluate
from vae_keras.cli.main import main
from vae_keras.config.config import read_config
from vae_keras.errors import ArgumentError, RunDirectoryError
from vae_keras.runs.reading import is_finished
from vae_keras.runs.report import run_report
from vae_keras.runs.resume import check_same_config, note_environment

pytestmark = pytest.mark.thorough


class Crash(Exception):
    """The process ends."""


class CrashAt(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise Crash


def rows(directory):
    with open(directory.history, newline="") as file:
        return [{**row, "seconds": 0} for row in csv.DictReader(file)]


def same_numbers(one, other):
    """Compare what is a number, and not a time or a size of memory.

    `evaluate` may have added to the second in another test.
    """
    other["test"] = {name: other["test"][name] for name in one["test"]}
    for metrics in (one, other):
        for name in ("seconds", "peak_memory_mib"):
            metrics["training"].pop(name)
    assert one == other


@pytest.fixture(scope="module")
def interrupted(run, tmp_path_factory):
    """The run of the other tests, interrupted before its last epoch."""
    path = tmp_path_factory.mktemp("resume") / "run"
    config = read_config(run.path).replace(checkpoint_epochs=1)
    with pytest.raises(Crash):
        train_and_evaluate(config, RunDirectory(path), callbacks=[CrashAt(2)])
    assert not is_finished(RunDirectory(path))
    return path


@pytest.fixture
def begun(interrupted, tmp_path):
    return RunDirectory(shutil.copytree(interrupted, tmp_path / "run"))


def test_the_command_ends_with_the_same_numbers(run, begun, capsys):
    assert main(["train", "--resume", str(begun.path)]) == 0
    assert "Continuing after 2 epochs." in capsys.readouterr().out
    assert rows(begun) == rows(run.directory)
    expected = json.loads(run.directory.metrics.read_text())
    same_numbers(json.loads(begun.metrics.read_text()), expected)
    with np.load(begun.evaluation) as found, np.load(run.directory.evaluation) as arrays:
        assert set(found.files) == set(arrays.files)
        for name in arrays.files:
            np.testing.assert_array_equal(found[name], arrays[name], err_msg=name)
    assert not begun.checkpoint.exists()
    assert set(path.name for path in begun.path.iterdir()) == set(
        path.name for path in run.path.iterdir()
    )
    assert len(json.loads(begun.environment.read_text())["resumed"]) == 1
    # And once more: there is nothing left to do.
    before = begun.report.stat().st_mtime_ns
    assert main(["train", "--resume", str(begun.path)]) == 0
    assert "is finished: there is nothing to continue" in capsys.readouterr().out
    assert begun.report.stat().st_mtime_ns == before


def test_the_call_of_a_notebook_begins_and_goes_on(run, begun):
    config = read_config(begun.path)
    metrics = train_and_evaluate(config, begun, resume=True)
    same_numbers(metrics, json.loads(run.directory.metrics.read_text()))
    assert train_and_evaluate(config, begun, resume=True)["test"] == metrics["test"]


def test_other_settings_are_refused(begun):
    config = read_config(begun.path)
    check_same_config(config, begun)
    with pytest.raises(ArgumentError, match=r"Received: latent_dim=7 in place of 2$"):
        train_and_evaluate(config.replace(latent_dim=7), begun, resume=True)


def test_without_resume_it_is_refused(begun, tiny, capsys):
    assert main(["train", *tiny, "--run-dir", str(begun.path)]) == 2
    assert "`run_dir` must be new or empty" in capsys.readouterr().err


def test_other_data_are_refused(begun, capsys):
    facts = json.loads(begun.environment.read_text())
    facts["data"]["sha256"] = "0" * 64
    begun.environment.write_text(json.dumps(facts))
    assert main(["train", "--resume", str(begun.path)]) == 2
    assert "The data must be those that the run" in capsys.readouterr().err


def test_another_environment_is_named(begun):
    facts = json.loads(begun.environment.read_text())
    now = {name: facts[name] for name in ("backend", "data", "devices")}
    facts["packages"]["numpy"] = "1.0"
    begun.environment.write_text(json.dumps(facts))
    with pytest.warns(UserWarning, match=r"in another environment .*numpy \S+ in place of 1.0"):
        note_environment(begun, now)
    noted = json.loads(begun.environment.read_text())
    assert noted["packages"]["numpy"] == "1.0"
    assert noted["resumed"][-1]["packages"]["numpy"] == np.__version__


def test_a_second_process_is_refused_by_name(begun, capsys):
    with begun.held():
        assert main(["train", "--resume", str(begun.path)]) == 2
    assert "in use by process" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume", "nowhere"], "`run` must be a run directory. Received: nowhere, not there"),
        (["--resume"], "`--resume` must be given with a run directory and nothing else"),
        (["--resume", "a", "--epochs", "3"], "Received: --resume a --epochs 3"),
        (["--epochs", "3", "--resume=a"], "Received: --epochs 3 --resume=a"),
        (["--resume", "--epochs"], "`--resume` must be given with a run directory"),
        (["--resume", "."], "with no config.json in it"),
    ],
)
def test_what_cannot_be_gone_on_with(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_run_without_checkpoints_begins_anew(begun):
    shutil.rmtree(begun.checkpoint)
    metrics = train_and_evaluate(read_config(begun.path), begun, resume=True)
    assert metrics["training"]["epochs"] == 3


def test_checkpoints_of_another_run_are_refused(begun, interrupted):
    config = read_config(begun.path).replace(kl_weight=0.5)
    begun.write_config(config)
    with pytest.raises(RunDirectoryError, match="must hold checkpoints of this training"):
        train_and_evaluate(config, begun, resume=True)


def test_a_figure_that_cannot_be_read_is_named(run, monkeypatch):
    read = Path.read_bytes

    def failing(path):
        if path.suffix == ".png":
            raise OSError(5, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", failing)
    with pytest.raises(RunDirectoryError, match=r"png` must be readable. Received: Input/output"):
        run_report(run.directory)
