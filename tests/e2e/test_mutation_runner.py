"""The runner of mutation testing, on a package of two functions."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"

SOURCE = '''
"""A toy."""
LIMIT = 3


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def capped(a: int) -> int:
    if a < 0:
        raise ValueError("`a` must be >= 0. Received: " + str(a))
    return a if a < LIMIT else LIMIT


def twice(a: int) -> int:
    while a < 10:
        a += a
    return a
'''
TESTS = """
from vae_keras.math import add, capped, twice


def test_add():
    assert add(1, 2) == 3


def test_capped():
    assert [capped(1), capped(5)] == [1, 3]


def test_twice():
    assert twice(3) == 12
"""
RUN = """
import sys
from pathlib import Path
import mutation
mutation.ROOT, mutation.SUBJECTS, mutation.LOOK = Path(sys.argv.pop(1)), ("math.py",), ()
mutation.TESTS, mutation.SLACK = ("tests/unit/test_math.py",), 1.0
mutation.main()
"""


@pytest.fixture
def run(tmp_path):
    pytest.importorskip("mutmut")
    files = {
        "vae_keras/__init__.py": "",
        "vae_keras/math.py": SOURCE,
        "tests/unit/test_math.py": TESTS,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def start(*options):
        paths = [str(tmp_path), str(TOOLS), os.environ.get("PYTHONPATH", "")]
        done = subprocess.run(
            [sys.executable, "-c", RUN, tmp_path, "--results", tmp_path / "found.jsonl", *options],
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(paths),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
        )
        assert done.returncode == 0, done.stderr
        return done

    start.folder = tmp_path
    return start


@pytest.mark.thorough
def test_mutants_die_live_and_hang(run):
    done = run("--survivors")
    rows = [json.loads(line) for line in (run.folder / "found.jsonl").read_text().splitlines()]
    status = {f"{row['scope']}: {row['change']}": row["status"] for row in rows}
    assert status["add: a + b -> a - b"] == "killed"
    assert status[": LIMIT = 3 -> LIMIT = None"] == "killed"
    # 0 is not among the values tested, and at the limit both are the same.
    assert status["capped: < 0 -> <= 0"] == "survived"
    assert status["capped: < LIMIT -> <= LIMIT"] == "survived"
    assert status["twice: a += a -> a -= a"] == "too slow"
    assert not [change for change in status if "Received" in change]
    assert sum(value == "too slow" for value in status.values()) == 2
    survived = sum(value == "survived" for value in status.values())
    assert f"| {survived} | {1 - survived / len(rows):.1%} |" in done.stdout
    assert "capped: < 0 -> <= 0" in done.stdout
