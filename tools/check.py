"""Run the checks of the project: lint, format, types, import layering, tests.

    python tools/check.py
    python tools/check.py --all

The tests are those that tell whether the package works; `--all` adds the thorough ones. Whatever
else is given goes to pytest. Fails if one of the checks fails.
"""

import argparse
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

# A process starts a backend and holds a gigabyte or two: more of them than this do not pay.
WORKERS = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "worksteal")
STATIC = {
    "lint": [BIN / "ruff", "check", "."],
    "format": [BIN / "ruff", "format", "--check", "."],
    "types": [BIN / "mypy"],
    "import layering": [BIN / "lint-imports"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="the thorough tests too")
    arguments, for_pytest = parser.parse_known_args()
    only = () if arguments.all else ("-m", "not thorough")
    failed: list[str] = []
    # Beside the tests, which leave a core idle when they begin and when they end.
    static = threading.Thread(target=run_static, args=(failed,))
    static.start()
    tests = [sys.executable, "-m", "pytest", *WORKERS, *only, *for_pytest]
    began = time.monotonic()
    # pytest's exit code 5, no test collected, is a failure like any other.
    code = subprocess.run(tests, cwd=ROOT, check=False).returncode
    static.join()
    report("tests", code, began, failed)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def run_static(failed: list[str]) -> None:
    """Run the checks that start no backend, one after the other."""
    for name, command in STATIC.items():
        began = time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        report(name, done.returncode, began, failed, done.stdout if done.returncode else "")


def report(name: str, code: int, began: float, failed: list[str], output: str = "") -> None:
    """Print how a check ended, at once and in one piece."""
    if code:
        failed.append(name)
    line = f"== {name}: {'failed' if code else 'passed'}, {time.monotonic() - began:.0f} s"
    print(f"\n{output}{line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
