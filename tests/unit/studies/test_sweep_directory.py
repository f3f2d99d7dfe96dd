import json
import os
import shutil

import pytest

from vae_keras import RunDirectory, preset
from vae_keras.errors import RunDirectoryError
from vae_keras.studies.sweep_directory import clear_unfinished, planned_runs
from vae_keras.studies.sweep_settings import sweep_points

POINTS = sweep_points(preset("default"), {"seed": (0, 1)})


def begin(path, **changes):
    """Leave what a training leaves before it is finished."""
    run = RunDirectory(path)
    run.create()
    run.write_config(POINTS[0].config.replace(**changes))
    return run


@pytest.fixture
def place(tmp_path):
    return tmp_path / "sweep" / "runs" / "seed=0"


def plans(tmp_path):
    return planned_runs(POINTS, tmp_path / "sweep")


def test_a_new_sweep(tmp_path, place):
    found = plans(tmp_path)
    assert [plan.directory.path for plan in found] == [place, place.with_name("seed=1")]
    assert not any(plan.done for plan in found)
    assert not (tmp_path / "sweep").exists()  # nothing is made by asking


def test_a_finished_run_is_done(tmp_path, place):
    begin(place).write_metrics({"test": {}, "training": {}})
    assert [plan.done for plan in plans(tmp_path)] == [True, False]
    clear_unfinished(plans(tmp_path)[0])
    assert (place / "metrics.json").exists()


def test_an_unfinished_run_is_removed(tmp_path, place):
    run = begin(place)
    run.figures.mkdir()
    (run.figures / "a.png").write_bytes(b"")
    plan = plans(tmp_path)[0]
    assert not plan.done
    assert place.exists()  # nothing is removed by asking
    clear_unfinished(plan)
    assert not place.exists()
    clear_unfinished(plan)  # nothing to remove


def test_numbers_of_an_interrupted_training_do_not_finish_it(tmp_path, place):
    begin(place).write_metrics({"test": {"loss": 1.0}})  # as `evaluate` writes them
    assert not plans(tmp_path)[0].done


@pytest.mark.parametrize("finished", [False, True])
def test_a_run_of_other_settings_is_kept(tmp_path, place, finished):
    run = begin(place, epochs=3)
    if finished:
        run.write_metrics({"test": {}, "training": {}})
    with pytest.raises(RunDirectoryError, match=r"seed=0, a run with epochs=3 in place of 60$"):
        plans(tmp_path)
    assert run.config.exists()


def test_what_is_no_run_is_kept(tmp_path, place):
    place.mkdir(parents=True)
    (place / "notes.txt").write_text("mine")
    with pytest.raises(RunDirectoryError, match="must be new or empty"):
        plans(tmp_path)
    assert (place / "notes.txt").exists()
    shutil.rmtree(place)
    place.write_text("a file")
    with pytest.raises(RunDirectoryError, match="must be a directory"):
        plans(tmp_path)


@pytest.mark.parametrize("content", ["{", json.dumps({"epoch": 3})])
def test_settings_that_cannot_be_read(tmp_path, place, content):
    place.mkdir(parents=True)
    (place / "config.json").write_text(content)
    with pytest.raises(RunDirectoryError, match=r"hold runs of this sweep only. .*seed=0 \(`confi"):
        plans(tmp_path)
    assert (place / "config.json").exists()


def test_a_directory_that_cannot_be_removed(tmp_path, place, monkeypatch):
    begin(place)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(RunDirectoryError, match=r"made again. .*seed=0 \(Permission denied\)"):
        clear_unfinished(plans(tmp_path)[0])


def test_a_link_is_not_followed(tmp_path, place):
    elsewhere = begin(tmp_path / "elsewhere").path
    place.parent.mkdir(parents=True)
    os.symlink(elsewhere, place)
    with pytest.raises(RunDirectoryError, match=r"made again.*symbolic link"):
        clear_unfinished(plans(tmp_path)[0])
    assert (elsewhere / "config.json").exists()
