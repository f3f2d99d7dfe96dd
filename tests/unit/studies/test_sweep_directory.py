import json
import shutil

import pytest

from vae_keras import RunDirectory, preset
from vae_keras.errors import RunDirectoryError
from vae_keras.studies.sweep.directory import planned_runs
from vae_keras.studies.sweep.grid import sweep_points

POINTS = sweep_points(preset("default"), {"seed": (0, 1)})


def begin(path, **changes):
    """Leave what a training leaves before it is finished."""
    run = RunDirectory(path)
    run.path.mkdir(parents=True, exist_ok=True)
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


def test_an_unfinished_run_is_not(tmp_path, place):
    run = begin(place)
    assert not plans(tmp_path)[0].done
    run.write_metrics({"test": {}, "training": {}})  # killed while the report was written
    run.checkpoint.mkdir()
    (run.checkpoint / "epoch_0001_batch_000000.npz").write_bytes(b"")
    assert not plans(tmp_path)[0].done


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
