import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from vae_keras import Config, RunDirectory
from vae_keras.config.config import read_config
from vae_keras.errors import RunDirectoryError
from vae_keras.runs import directory as run


def test_a_new_or_empty_directory_is_free(tmp_path):
    RunDirectory(tmp_path / "a" / "b").check_free()
    assert not (tmp_path / "a").exists()  # asking makes nothing
    RunDirectory(tmp_path).check_free()


def test_held_makes_the_directory_and_lets_go_of_it(tmp_path):
    directory = RunDirectory(tmp_path / "a" / "b")
    with directory.held():
        assert directory.checkpoint.is_dir()
        with pytest.raises(RunDirectoryError, match=f"b, in use by process {os.getpid()} on .* si"):
            RunDirectory(directory.path).held().__enter__()
    assert list(directory.path.iterdir()) == []


def test_what_a_killed_process_left_does_not_count(tmp_path):
    directory = RunDirectory(tmp_path)
    directory.checkpoint.mkdir()
    for name in (".config.123.part.json", "checkpoint/lock", "checkpoint/.epoch_0.12.part.npz"):
        (tmp_path / name).write_text("x")
    directory.check_free()
    with directory.held():
        assert not (tmp_path / ".config.123.part.json").exists()
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "epoch_0001_batch_000000.npz").write_text("x")
    with pytest.raises(RunDirectoryError, match="must be new or empty"):
        directory.check_free()


def test_what_holds_something_is_not_overwritten(tmp_path):
    (tmp_path / "model.keras").write_text("x")
    with pytest.raises(RunDirectoryError, match=r"`run_dir` must be new or empty.* Received: "):
        RunDirectory(tmp_path).check_free()


def test_a_file_is_no_directory(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(RunDirectoryError, match=r"`run_dir` must be a directory. .*\(a file\)"):
        RunDirectory(file).check_free()
    with pytest.raises(RunDirectoryError, match=r"`run_dir` must be writable. .*file is not\)"):
        RunDirectory(file / "below" / "it").check_free()


def test_a_name_that_the_file_system_refuses(tmp_path):
    with pytest.raises(RunDirectoryError, match=r"`run_dir` must be .*File name too long"):
        RunDirectory(tmp_path / ("x" * 300)).check_free()


def test_an_unwritable_place(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(RunDirectoryError, match=r"`run_dir` must be writable. Received: .*is not"):
        RunDirectory(tmp_path / "new").check_free()


def test_a_directory_that_cannot_be_made(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RunDirectoryError, match=r"must be writable. .* Read-only file system"):
        RunDirectory(tmp_path / "new").held().__enter__()


def test_the_backend_of_a_run(tmp_path):
    directory = RunDirectory(tmp_path)
    assert directory.begun_with_backend() is None
    for text in ("{", "[]", "{}", "[" * 100_000):
        directory.environment.write_text(text)
        assert directory.begun_with_backend() is None
    directory.environment.write_text('{"backend": "jax"}')
    assert directory.begun_with_backend() == "jax"


def test_config_is_written_to_be_replayed(tmp_path):
    directory = RunDirectory(tmp_path)
    config = Config(latent_dim=5, filters=(4, 8))
    directory.write_config(config)
    assert read_config(directory.config) == config


def test_environment(tmp_path):
    directory = RunDirectory(tmp_path)
    directory.write_environment(backend="tensorflow", devices=["cpu:0"])
    facts = json.loads(directory.environment.read_text())
    assert set(facts) == {
        "python",
        "platform",
        "processors",
        "packages",
        "git_commit",
        "command",
        "libc",
        "processor",
        "threads",
        "gpu",
        "variables",
        "backend",
        "devices",
    }
    import keras
    import numpy as np

    assert facts["packages"]["keras"] == keras.__version__
    assert facts["packages"]["numpy"] == np.__version__
    assert facts["devices"] == ["cpu:0"]


def test_commit_is_that_of_the_checkout(monkeypatch):
    commit = run.environment()["git_commit"]
    assert commit is None or len(commit) == 40

    def no_git(*arguments, **options):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert run.environment()["git_commit"] is None


def test_new_run_path_is_unique(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda form: "20250102-030405")
    config = Config(dataset="mnist", preset="conv", latent_dim=20)
    first = run.new_run_path(config, tmp_path)
    assert first == tmp_path / "mnist-conv-z20-20250102-030405"
    first.mkdir()
    second = run.new_run_path(config, tmp_path)
    second.mkdir()
    assert second.name == first.name + "-2"
    assert run.new_run_path(config, tmp_path).name == first.name + "-3"
    own = run.new_run_path(Config(data="/some/photos.npz"), tmp_path)
    assert own.name.startswith("photos-default-z2-")
