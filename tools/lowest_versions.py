"""Does the wheel work, alone, with the lowest versions that `pyproject.toml` allows?

    python tools/lowest_versions.py

Builds the wheel and checks it as `tools/wheel.py` does, installs it into a fresh environment with
nothing but its dependencies, each at its lowest version, and from an empty directory trains,
reports, loads and reconstructs. Then loads the models of every earlier format. Ends with 1 if
anything fails. It takes four minutes of processor time, and a download at first.
"""

import argparse
import re
import sys
import tempfile
import tomllib
from pathlib import Path

import wheel
from wheel import ROOT, run

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


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    pinned = floors()
    with tempfile.TemporaryDirectory(prefix="vae_keras_lowest_") as folder:
        environment, home, output = (Path(folder) / name for name in ("venv", "home", "dist"))
        home.mkdir()
        built = wheel.build(output)
        run(sys.executable, "-m", "venv", environment, cwd=home)
        python = environment / "bin" / "python"
        # Compiling what is never imported would take longer than anything else here.
        pip = (python, "-m", "pip", "install", "--quiet", "--no-compile")
        run(*pip, built, *pinned, cwd=home, name="pip install the wheel, lowest versions")
        run(python, "-m", "pip", "check", cwd=home)
        wheel.use(environment, home)
        run(*pip, "pytest>=8.3", cwd=home)
        run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, cwd=ROOT)
    print(f"The wheel works with the lowest versions: {', '.join(pinned)}")


if __name__ == "__main__":
    main()
