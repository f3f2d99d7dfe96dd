"""The short form of `robustness/run_malformed.py`: a file of each kind, and its own checks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from malformed.canary import Canary
from malformed.table import faults

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "robustness" / "run_malformed.py"
MODEL = ROOT / "tests" / "fixtures" / "models" / "format_0" / "autoencoder.keras"


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="watches folders as Linux does")


@pytest.mark.slow
def test_one_file_of_each_kind(tmp_path):
    line = [sys.executable, PROGRAM, "--output", tmp_path, "--model", MODEL, "--each", "1"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    rows = json.loads((tmp_path / "table.json").read_text())
    assert len(rows) >= 100
    assert sum(row["refused"] for row in rows) > 0.7 * sum(row["files"] for row in rows)
    # What is there is not done again.
    again = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert again.returncode == 0
    assert again.stdout == done.stdout


def test_the_canary_sees_who_reads_and_who_writes(tmp_path):
    canary = Canary(tmp_path / "a" / "canary")
    near = tmp_path / "a" / "b" / "c"
    near.mkdir(parents=True)
    assert canary.touched(near) == ""
    (canary.folder / "secret.txt").read_text()
    assert canary.touched(near) == "the folder of secrets was read"
    assert canary.touched(near) == ""
    (canary.folder / "executed").touch()
    assert canary.touched(near) == "written: executed"
    (tmp_path / "climbed.txt").touch()
    assert str(tmp_path / "climbed.txt") in canary.touched(near)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"touched": "written: x"}, ["one: written: x"]),
        ({"executed": "os.system"}, ["one: os.system"]),
        ({"outcome": "other error", "message": "KeyError"}, ["one: other error: KeyError"]),
        ({"outcome": "killed", "message": "after 30 s"}, ["one: killed: after 30 s"]),
        ({"seconds": 3.0, "processor": 2.5}, ["one: 3.0 s"]),
        ({"seconds": 3.0, "processor": 0.5}, []),
        ({"mib": 2000.0}, ["one: 2000 MiB"]),
        ({"command": "unclear", "message": "two lines"}, ["one: command: unclear: two lines"]),
    ],
)
def test_what_counts_as_a_fault(change, expected):
    one = {"name": "one", "kind": "a kind", "outcome": "refused", "seconds": 0.1}
    one |= {"processor": 0.1, "mib": 1.0, "touched": "", "executed": "", **change}
    assert faults([one], most_seconds=2, most_mib=1024) == expected
