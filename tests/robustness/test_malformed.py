"""The short form of `run_malformed.py`: one file of each kind is refused, or harmless."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("run_malformed.py")
MODEL = Path(__file__).parents[1] / "fixtures" / "models" / "format_0" / "autoencoder.keras"


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="watches folders as Linux does")
def test_one_file_of_each_kind(tmp_path):
    command = [sys.executable, PROGRAM, "--output", tmp_path, "--model", MODEL, "--each", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    rows = json.loads((tmp_path / "table.json").read_text())
    assert len(rows) >= 100
    assert sum(row["refused"] for row in rows) > 0.7 * sum(row["files"] for row in rows)
