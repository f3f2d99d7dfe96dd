"""Build the wheel and the source distribution, and try the wheel as a user would.

    python tools/wheel.py
    python tools/wheel.py --output dist

Builds both from the files that git tracks, checks their metadata and their contents, installs the
wheel with its dependencies into a fresh environment, and uses it there from an empty directory.
Ends with 1 if anything fails. `tools/lowest_versions.py` does the same with the lowest versions of
the dependencies.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TRAIN = (
    "train --dataset digits --architecture mlp --latent-dim 2 --epochs 1 --train-size 512"
    " --run-dir run"
)
# A process of its own: what the training left behind is the directory and nothing else.
LOAD = """
import sys
from pathlib import Path

import numpy as np

import vae_keras

home = Path(vae_keras.__file__)
assert Path(sys.prefix) in home.parents, f"imported from {home}"
vae = vae_keras.load("run")
images = vae_keras.load_dataset("digits").test.images
reconstructions = vae.reconstruct(images[:10])
assert reconstructions.shape == images[:10].shape, reconstructions.shape
assert np.isfinite(reconstructions).all()
"""

# What git tracks and the source distribution leaves out: MANIFEST.in says why.
NOT_IN_SDIST = re.compile(
    r"(notebooks|\.ci|\.github)/"
    r"|\.(gitignore|git-blame-ignore-revs|pre-commit-config\.yaml)$"
)
MADE_FOR_SDIST = re.compile(r"PKG-INFO|setup\.cfg|vae_keras\.egg-info/.*")


def run(*command: str | Path, cwd: Path, name: str = "") -> None:
    """Run a command and print how long it took; end with its output if it fails."""
    start = time.perf_counter()
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "VAE_KERAS_OFFLINE": "1",
    }
    environment.pop("PYTHONPATH", None)
    words = [*map(str, command)]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
    print(f"{time.perf_counter() - start:6.1f} s  {name or ' '.join(words)[:120]}", flush=True)
    if done.returncode:
        raise SystemExit(done.stdout[-6000:] + done.stderr[-6000:])


def tracked_files() -> list[str]:
    """Return the files of the checkout that git tracks."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def build(output: Path) -> Path:
    """Build both distributions into a folder, check them, and return the path of the wheel."""
    files = tracked_files()
    with tempfile.TemporaryDirectory(prefix="vae_keras_source_") as folder:
        # A copy: files that git ignores and earlier builds left behind must not get in.
        for name in files:
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
        run(
            *(sys.executable, "-m", "build", "--outdir", output),
            cwd=Path(folder),
            name="build the source distribution, and the wheel from it",
        )
    (wheel,), (sdist,) = output.glob("*.whl"), output.glob("*.tar.gz")
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist, cwd=output)
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = {Path(name).name for name in archive.namelist() if "/licenses/" in name}
    compare(wheel.name, inside, {name for name in files if name.startswith("vae_keras/")})
    compare(f"licences of {wheel.name}", licences, {"LICENSE", "LICENSE-fashion-mnist"})
    with tarfile.open(sdist) as archive:
        members = {member.name for member in archive.getmembers() if member.isfile()}
    inside = {name.partition("/")[2] for name in members}
    compare(
        sdist.name,
        {name for name in inside if not MADE_FOR_SDIST.fullmatch(name)},
        {name for name in files if not NOT_IN_SDIST.match(name)},
    )
    for path in (wheel, sdist):
        print(f"{path.stat().st_size / 2**20:6.2f} MiB  {path.name}", flush=True)
    return wheel


def compare(name: str, found: set[str], expected: set[str]) -> None:
    """End with the difference if a distribution does not hold exactly what is expected."""
    missing, unexpected = sorted(expected - found), sorted(found - expected)
    if missing or unexpected:
        raise SystemExit(f"{name}: missing {missing}, unexpected {unexpected}")


def use(environment: Path, home: Path) -> None:
    """Train, report, load and reconstruct with the package installed in an environment.

    Args:
        environment: The virtual environment.
        home: An empty directory outside the checkout, to work in.
    """
    command = environment / "bin" / "vae-keras"
    run(command, *TRAIN.split(), cwd=home, name="vae-keras train")
    (home / "run" / "report.html").unlink()
    run(command, "report", "run", cwd=home)
    if not (home / "run" / "report.html").is_file():
        raise SystemExit("vae-keras report wrote no report.html")
    python = environment / "bin" / "python"
    run(python, "-c", LOAD, cwd=home, name="load and reconstruct in a new process")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, help="folder to keep both in; must hold no others")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vae_keras_wheel_") as folder:
        output = (arguments.output or Path(folder) / "dist").resolve()
        output.mkdir(parents=True, exist_ok=True)
        wheel = build(output)
        environment, home = Path(folder) / "venv", Path(folder) / "home"
        home.mkdir()
        run(sys.executable, "-m", "venv", environment, cwd=home)
        pip = (environment / "bin" / "python", "-m", "pip")
        run(*pip, "install", "--quiet", "--no-compile", wheel, cwd=home, name="pip install")
        run(*pip, "check", cwd=home)
        use(environment, home)
    print(f"The wheel works: {wheel.name}")


if __name__ == "__main__":
    main()
