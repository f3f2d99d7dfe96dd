"""What it takes until the first answer: import, help, load, first and second call.

    python benchmarks/start_up.py --rounds 7 --backend tensorflow

Each figure is the median over child processes, which take turns; the backend's own import, which
no package on Keras can be faster than, stands beside them. Seconds by the wall clock and of the
processor: on a busy machine the second are the steadier.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAVE = """
import sys, numpy as np, vae_keras
vae = vae_keras.build_model(vae_keras.preset(sys.argv[1]), (28, 28, 1))
vae.fit(np.zeros((8, 28, 28, 1), "uint8"), verbose=0)
vae.save(sys.argv[2])
from PIL import Image
Image.new("L", (28, 28)).save(sys.argv[3])
"""
ANSWER = """
import json, sys, time
steps, names = [(time.perf_counter(), time.process_time())], []
def step(name):
    names.append(name)
    steps.append((time.perf_counter(), time.process_time()))
import keras
keras.ops.zeros(1)
step("import keras and its backend")
import vae_keras.models
step("import vae_keras.models")
vae = vae_keras.load(sys.argv[1], compile=sys.argv[2] == "compile")
step("load" if sys.argv[2] == "compile" else "load(compile=False)")
import numpy as np
image = np.zeros((1, 28, 28, 1), "uint8")
vae.encode(image)
step("first encode")
vae.encode(image)
step("second encode")
pairs = zip(names, steps, steps[1:])
print(json.dumps({name: (b[0] - a[0], b[1] - a[1]) for name, a, b in pairs}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--backend", default=os.environ.get("KERAS_BACKEND", "tensorflow"))
    arguments = parser.parse_args()
    os.environ.update(KERAS_BACKEND=arguments.backend, TF_CPP_MIN_LOG_LEVEL="3")
    with tempfile.TemporaryDirectory() as folder:
        model, image = (str(Path(folder, name)) for name in ("model.keras", "one.png"))
        run(SAVE, arguments.preset, model, image)
        command = [
            sys.executable,
            "-c",
            "from vae_keras.cli.main import main; raise SystemExit(main())",
        ]
        output = str(Path(folder, "codes.csv"))
        whole = {
            "python": [sys.executable, "-c", "pass"],
            "import vae_keras": [sys.executable, "-c", "import vae_keras"],
            "vae-keras --help": [*command, "--help"],
            "vae-keras train --help": [*command, "train", "--help"],
            f"import {arguments.backend}": [sys.executable, "-c", f"import {arguments.backend}"],
            "import keras": [sys.executable, "-c", "import keras"],
            "vae-keras encode MODEL one.png": [
                *command,
                "encode",
                model,
                image,
                "--output",
                output,
            ],
        }
        times: dict[str, list[tuple[float, float]]] = {}
        for _ in range(arguments.rounds):
            for name, line in whole.items():
                times.setdefault(f"process: {name}", []).append(timed(line))
            for kind in ("compile", "weights"):
                for name, pair in json.loads(run(ANSWER, model, kind)).items():
                    times.setdefault(f"in one process: {name}", []).append(tuple(pair))
    print(f"preset {arguments.preset}, {arguments.backend}; medians of {arguments.rounds}\n")
    print(f"{'':48}{'seconds':>9}{'processor':>11}")
    for name, pairs in times.items():
        wall, processor = (statistics.median(one) for one in zip(*pairs, strict=True))
        print(f"{name:48}{wall:9.3f}{processor:11.3f}")


def run(code: str, *arguments: str) -> str:
    """Return what a child process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], stdout=-1, stderr=-3, check=True, text=True
    )
    return done.stdout.splitlines()[-1] if done.stdout else ""


def timed(line: list[str]) -> tuple[float, float]:
    """Run a command; return seconds of the wall clock and of the processor."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used


if __name__ == "__main__":
    main()
