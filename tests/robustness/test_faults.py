"""The short form of `run_faults.py`: runs that are killed, or whose disk fails, lose nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("run_faults.py")
SHORT = ["killed, writing a checkpoint", "killed, saving the model"]
SHORT += ["bits of the newest checkpoint flipped", "disk full (ENOSPC at the n-th call)"]


@pytest.mark.thorough
def test_nothing_is_lost(tmp_path):
    command = [sys.executable, PROGRAM, "--kills", "4", "--others", "1"]
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
