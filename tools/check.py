"""Run every check of the project: lint, format, types, import layering, tests.

`python tools/check.py` runs them all and fails if one of them fails; arguments go to pytest.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

# A process starts a backend and holds a gigabyte or two: more of them than this do not pay.
WORKERS = ("--numprocesses", "auto", "--maxprocesses", "4")

CHECKS = (
    ("lint", [BIN / "ruff", "check", "."]),
    ("format", [BIN / "ruff", "format", "--check", "."]),
    ("types", [BIN / "mypy"]),
    ("import layering", [BIN / "lint-imports"]),
    ("tests", [sys.executable, "-m", "pytest", *WORKERS, *sys.argv[1:]]),
)


def main() -> int:
    failed = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        began = time.monotonic()
        # pytest's exit code 5, no test collected, is a failure like any other.
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
