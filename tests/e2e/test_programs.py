"""Programs beside the package are not run here, but each has to start as its users start it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "reproductions", "tools", "tests/robustness")
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]
PROGRAMS = [path for path in FILES if '__name__ == "__main__"' in path.read_text()]
# One process for all, since most of them import Keras. Each sees the folders that
# `python PROGRAM` shows it, and imports what lies beside it anew.
CHILD = """
import contextlib, io, json, runpy, sys, traceback
from pathlib import Path

found, before = {}, list(sys.path)
for program in map(Path, sys.argv[1:]):
    sys.path[:], sys.argv = [str(program.parent), *before], [str(program), "--help"]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if any(file.startswith(f"{Path(other).parent}/") for other in found):
            del sys.modules[name]
    printed, code = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        try:
            runpy.run_path(str(program), run_name="__main__")
        except SystemExit as exit:
            code = exit.code
        except BaseException:
            code = traceback.format_exc()
    found[str(program)] = [code, printed.getvalue()]
print(json.dumps(found))
"""


@pytest.mark.thorough
def test_every_program_starts():
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *PROGRAMS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == len(PROGRAMS) >= 20
    for program, (code, printed) in found.items():
        assert code in (0, None), f"{program}: {code}"
        assert printed.startswith("usage: "), program
