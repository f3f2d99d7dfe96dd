"""Runs that are killed, whose disk fails or whose clock jumps; and the harness that does it."""

import csv
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from faults.configurations import CONFIGURATIONS, flags, settings_of
from faults.damage import DAMAGES, checkpoints
from faults.injections import FAULTS, NOTHING, SEVERAL, SMALL_DISK, planned
from faults.numbers import differences, left_behind
from faults.processes import arguments
from faults.table import complaints, markdown, summed

from vae_keras.cli import main as cli
from vae_keras.config.config import read_config
from vae_keras.config.presets import preset

ROBUSTNESS = Path(__file__).parents[2] / "tests" / "robustness"
# Eight of them, a few seconds each.
SHORT = ["killed, training", "killed, writing a checkpoint", "killed, saving the model"]
SHORT += ["killed, drawing figures", "Ctrl-C", "bits of the newest checkpoint flipped"]
SHORT += ["disk full (ENOSPC at the n-th call)", "disk fails (EIO at the n-th call)"]


@pytest.mark.slow
def test_nothing_is_lost(tmp_path):
    command = [sys.executable, ROBUSTNESS / "run_faults.py", "--kills", "5", "--others", "1"]
    command += ["--configurations", "vae", "--no-small-disk", "--faults", *SHORT]
    command += ["--folder", tmp_path / "runs", "--output", tmp_path / "faults.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "faults.json").read_text())
    *_, total = result["table"]
    assert {name: total[name] for name in ("runs", "lost", "different")} == {
        "runs": len(SHORT),
        "lost": 0,
        "different": 0,
    }
    assert total["injected"] >= len(SHORT)
    assert f"| all | {len(SHORT)} | {total['injected']} | 0 | 0 |" in done.stdout
    assert not list((tmp_path / "runs" / "runs").iterdir())  # kept only where something is wrong


# What must be seen.


@pytest.fixture
def two(run, tmp_path):
    """The same finished run twice."""
    paths = [tmp_path / name for name in ("one", "other")]
    for path in paths:
        shutil.copytree(run.path, path)
    return paths


def test_equal_runs(two):
    assert differences(*two) == []
    assert left_behind(*two) == []


def with_weights(path, change):
    """Rewrite the weights of a `.keras` file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    weights = path.with_suffix(".h5")
    weights.write_bytes(members["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        change(file)
    members["model.weights.h5"] = weights.read_bytes()
    weights.unlink()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def datasets(path, word):
    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as content:
        names = []
        with h5py.File(content) as file:
            file.visititems(
                lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
            )
    return [name for name in names if word in name]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("model.keras", "layers"),
        ("model.keras", "optimizer"),
        ("model.keras", "seed"),
        ("encoder.keras", "layers"),
        ("decoder.keras", "layers"),
    ],
)
def test_one_bit_of_a_model(two, name, word):
    found = datasets(two[1] / name, word)
    assert found, "the file lacks a part"
    for dataset in found[:1] + found[-1:]:

        def flip(file, dataset=dataset):
            values = np.array(file[dataset][()])
            values.reshape(-1).view("uint8")[0] ^= 1
            file[dataset][()] = values

        with_weights(two[1] / name, flip)
        (line,) = differences(*two)
        assert line.startswith(f"{name}: {dataset}: 1 of ")
        with_weights(two[1] / name, flip)
        assert differences(*two) == []


def test_a_variable_that_is_gone(two):
    (name, *_) = datasets(two[1] / "model.keras", "optimizer")
    with_weights(two[1] / "model.keras", lambda file: file.pop(name))
    assert differences(*two) == [f"model.keras: {name} is missing"]


def rewritten(path, change):
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def test_metrics(two):
    path = two[1] / "metrics.json"
    rewritten(path, lambda metrics: metrics["training"].update(seconds=1e6, peak_memory_mib=1))
    assert differences(*two) == []
    rewritten(
        path, lambda metrics: metrics["test"].update(mse=metrics["test"]["mse"] * (1 + 1e-15))
    )
    (line,) = differences(*two)
    assert line.startswith("metrics.json: test.mse: 0.")
    rewritten(path, lambda metrics: metrics.pop("by_class"))
    assert any("metrics.json: by_class" in line for line in differences(*two))


@pytest.mark.parametrize("change", ["seconds", "value", "row"])
def test_history(two, change):
    path = two[1] / "history.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if change == "row":
        rows.pop(1)  # what a resumed run may have lost
    elif change == "value":
        rows[-1]["val_loss"] = repr(np.nextafter(float(rows[-1]["val_loss"]), 0))
    else:
        rows[0]["seconds"] = "99"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    found = differences(*two)
    assert len(found) == (0 if change == "seconds" else 1)
    assert all(line.startswith("history.csv: ") for line in found)


def test_evaluation(two):
    path = two[1] / "evaluation.npz"
    with np.load(path) as file:
        arrays = {name: file[name].copy() for name in file}
    name = next(name for name, values in arrays.items() if values.dtype.kind == "f" and values.size)
    arrays[name].flat[-1] = np.nextafter(arrays[name].flat[-1], np.inf)
    np.savez(path, **arrays)
    (line,) = differences(*two)
    assert line.startswith(f"evaluation.npz: {name}: 1 of {arrays[name].size} values differ")


def test_files_that_are_missing_or_left(two):
    (two[1] / "model.keras").write_bytes(b"half of it")
    (two[1] / "metrics.json").unlink()
    (two[1] / ".model.123.part.keras").touch()
    (two[1] / "tensorboard" / "another").touch()
    found = differences(*two)
    assert [line.partition(":")[0] for line in found] == ["model.keras", "metrics.json"]
    assert left_behind(*two) == [".model.123.part.keras", "-metrics.json"]


# The faults themselves.

CHILD = """
import json, os, signal, sys, time
from faults.files import Files
Files({run!r}, json.loads({fault!r}), lambda event: print(json.dumps(event), flush=True)).install()
from pathlib import Path
run = Path({run!r})
(run / "checkpoint").mkdir(parents=True)
for number in range(3):
    beside = run / "checkpoint" / f".a{{number}}.1.part.npz"
    with beside.open("wb") as file:
        file.write(b"x" * 1000)
    beside.replace(run / "checkpoint" / f"a{{number}}.npz")
(run / "history.csv").write_text("1,2")
Path({run!r} + "-outside").write_text("as ever")
"""


def child(tmp_path, **fault):
    """Let a process write three checkpoints and a history, with a fault."""
    code = CHILD.format(run=str(tmp_path / "run"), fault=json.dumps(fault or None))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "run").rglob("*.*")}
    return done, events, sizes


def test_without_a_fault(tmp_path):
    done, events, sizes = child(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert sizes == {"a0.npz": 1000, "a1.npz": 1000, "a2.npz": 1000, "history.csv": 3}
    assert events == [{"phase": "training"}, *({"checkpoint": f"a{n}.npz"} for n in range(3))]
    assert (tmp_path / "run-outside").read_text() == "as ever"


@pytest.mark.parametrize(
    ("when", "left"), [("before", 0), ("half", 500), ("after", 1000)], ids=lambda value: str(value)
)
def test_killed_at_the_second_write(tmp_path, when, left):
    fault = {"call": "write", "place": "checkpoint", "nth": 2, "do": "signal", "signal": 9}
    done, events, sizes = child(tmp_path, **fault, when=when)
    assert done.returncode == -signal.SIGKILL
    assert events[-1] == {"hit": "write checkpoint", "phase": "training"}
    assert sizes == {"a0.npz": 1000, ".a1.1.part.npz": left}


@pytest.mark.parametrize("call", ["create", "write", "close", "replace"])
def test_a_call_that_fails(tmp_path, call):
    fault = {"call": call, "place": "checkpoint", "nth": 3, "do": "error", "errno": 5}
    done, events, sizes = child(tmp_path, **fault)
    assert "OSError: [Errno 5] Input/output error" in done.stderr
    assert events[-1]["hit"] == f"{call} checkpoint"
    assert {"a0.npz", "a1.npz"} <= set(sizes) and "a2.npz" not in sizes


def test_a_full_disk(tmp_path):
    fault = {"call": "any", "place": "any", "nth": 5, "do": "error", "errno": 28, "lasting": True}
    done, _, sizes = child(tmp_path, **fault)  # after three `mkdir` and one `create`
    assert "No space left on device" in done.stderr
    assert sizes == {".a0.1.part.npz": 500}


def test_a_clock_that_jumps():
    code = (
        "import time\n"
        "from faults.child import _Clock\n"
        "one, steady = time.time(), time.monotonic()\n"
        "clock = _Clock({'training': -1e6}); clock.phase('training')\n"
        "print(round((one - time.time()) / 1e4), time.strftime('%j') == "
        "time.strftime('%j', time.localtime(one - 1e6)), time.monotonic() >= steady)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["100", "True", "True"]


@pytest.fixture
def begun(tmp_path):
    """A run directory with two checkpoints, the newest the older one by its name in the listing."""
    run = tmp_path / "run"
    (run / "checkpoint").mkdir(parents=True)
    for name in ("epoch_0009_batch_000003.npz", "epoch_0010_batch_000000.npz"):
        (run / "checkpoint" / name).write_bytes(bytes(range(256)) * 8)
    (run / "checkpoint" / ".epoch_0011_batch_000000.1.part.npz").touch()
    return run


@pytest.mark.parametrize("name", DAMAGES)
def test_damage(begun, name):
    before = [path.read_bytes() for path in checkpoints(begun)]
    moments = [path.stat().st_mtime for path in checkpoints(begun)]
    run = DAMAGES[name](begun, random.Random(3))
    after = [path.read_bytes() for path in checkpoints(run)]
    assert (run != begun) == (name == "moved") and not (run != begun and begun.exists())
    if name == "newest removed":
        assert after == before[:1]
    elif name in ("moved", "older by the clock"):
        assert after == before
        assert (checkpoints(run)[1].stat().st_mtime < moments[0] - 1e7) == (name != "moved")
    else:
        assert (after[0] != before[0]) == (name == "all cut")
        assert after[1] != before[1]


# The list and the table.


def test_the_list_is_that_of_the_seed():
    settings = {"seed": 3, "configurations": list(CONFIGURATIONS), "small_disk": True}
    few, many = (planned(kills=kills, others=2, **settings) for kills in (20, 100))
    assert planned(kills=20, others=2, **settings) == few
    by_key = {one.key: one for one in many}
    assert all(by_key[one.key] == one for one in few)
    assert {one.fault for one in many} == set(FAULTS)
    kills = [one for one in many if one.fault.startswith("killed")]
    assert (len(kills), len([one for one in few if one.fault.startswith("killed")])) == (100, 20)
    assert all(len(one.attempts) == (3 if one.fault == SEVERAL else 1) for one in kills)
    assert len({one.configuration for one in many}) == len(CONFIGURATIONS)
    assert [one for one in many if not one.attempts] == [
        one for one in many if one.fault == NOTHING
    ]
    other = planned(kills=20, others=2, **{**settings, "seed": 4, "small_disk": False})
    assert not {one.seed for one in other} & {one.seed for one in few}
    assert SMALL_DISK not in {one.fault for one in other}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_flags_are_the_settings(name, tmp_path):
    settings = settings_of(name, tmp_path)
    typed = cli._parse("train", flags(settings)).settings
    assert typed == preset("default", **settings)
    (tmp_path / "run").mkdir()
    assert arguments(tmp_path / "run", settings) == [
        *["--run-dir", str(tmp_path / "run")],
        *flags(settings),
    ]
    (tmp_path / "run" / "config.json").write_text(json.dumps(typed.to_dict()))
    assert read_config(tmp_path / "run") == typed
    assert arguments(tmp_path / "run", settings) == ["--resume", str(tmp_path / "run")]
    assert arguments(tmp_path / "run", settings, begin=True)[0] == "--run-dir"


def result(fault, **changes):
    one = {"fault": fault, "key": f"{fault}, 1", "configuration": "vae", "planned": 1}
    one |= {"injected": 1, "lost": None, "different": [], "processes": [{"hit": "here"}]}
    return {**one, **changes}


def test_table():
    results = [
        result("Ctrl-C"),
        result("Ctrl-C", different=["history.csv: [1].loss: 1 and 2", "another"]),
        result("Ctrl-C", injected=0, processes=[{"hit": None}]),
        result("killed, training", injected=3, lost="exit code 2: a reason"),
    ]
    rows = {row["fault"]: row for row in summed(results)}
    assert list(rows) == ["killed, training", "Ctrl-C", "all"]
    assert rows["all"] == {"fault": "all", "runs": 4, "injected": 5, "lost": 1, "different": 2}
    assert "| Ctrl-C | 3 | 2 | 0 | 2 |\n" in markdown(results)
    assert [line.partition(":")[0] for line in complaints(results)] == [
        "differs",
        "not hit",
        "lost",
    ]
    assert re.search(r"2, say history.csv: \[1\].loss: 1 and 2", "\n".join(complaints(results)))
