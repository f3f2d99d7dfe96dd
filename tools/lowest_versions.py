"""Do the lowest versions that `pyproject.toml` allows work?

    python tools/lowest_versions.py

Installs them and this package into an environment of their own, then loads the models that have to
load for ever, trains for an epoch from the command line, and saves and loads. Ends with 1 if
anything fails. It takes less than two minutes of processor time, and a download at first.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = (
    "tests/unit/saving/test_model_format.py",
    "tests/unit/saving/test_model_weights.py",
    "tests/unit/saving/test_load.py",
    "tests/unit/models/test_autoencoder.py",
)


def floors() -> list[str]:
    """Return the dependencies, each pinned to its lowest version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = []
    for requirement in project["dependencies"]:
        found = re.fullmatch(r"([\w.-]+)>=([\w.]+)", requirement)
        if found is None:
            raise SystemExit(f"{requirement} must be NAME>=VERSION, the lowest that works")
        pinned.append(f"{found[1]}=={found[2]}")
    return pinned


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a command; end with its output if it fails."""
    start = time.perf_counter()
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "VAE_KERAS_OFFLINE": "1",
    }
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True
    )
    print(f"{time.perf_counter() - start:6.1f} s  {' '.join(map(str, command))[:120]}", flush=True)
    if done.returncode:
        raise SystemExit(done.stdout[-6000:] + done.stderr[-6000:])


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    pinned = floors()
    with tempfile.TemporaryDirectory(prefix="vae_keras_lowest_") as folder:
        home = Path(folder)
        run(sys.executable, "-m", "venv", home / "venv")
        python = home / "venv" / "bin" / "python"
        # Compiling what is never imported would take longer than anything else here.
        pip = (python, "-m", "pip", "install", "--quiet", "--no-compile")
        run(*pip, *pinned, "pytest>=8.3", "setuptools>=77")
        run(*pip, "--no-deps", "--no-build-isolation", "-e", ROOT)
        run(python, "-m", "pip", "check")
        train = "train --dataset digits --architecture mlp --epochs 1 --run-dir run"
        run(home / "venv" / "bin" / "vae-keras", *train.split(), cwd=home)
        run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)
    print(f"The lowest versions work: {', '.join(pinned)}")


if __name__ == "__main__":
    main()
