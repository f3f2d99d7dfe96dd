"""Time a training step of two versions of the package, in turn.

    git worktree add /tmp/before OLD_COMMIT
    python benchmarks/step_time.py /tmp/before . --rounds 15

Each checkout gets a process of its own, which builds and compiles a preset once; then the two train
100 steps each in turn, so that a machine whose speed drifts slows both. Prints the medians and the
ratio of each round, by the wall clock and by the processor's time.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

STEPS = 100
CHILD = """
import sys, time
import keras, numpy as np
import vae_keras
assert vae_keras.__file__.startswith(sys.argv[1]), vae_keras.__file__
config, steps = vae_keras.preset(sys.argv[2]), 100
"""
# Trains the preset `config` for `steps` steps whenever it is told to, once it has compiled.
LOOP = """
shape = (28, 28, 1)
x = np.random.default_rng(0).integers(0, 256, (steps * config.batch_size, *shape)).astype("uint8")
vae = vae_keras.build_model(config, shape)
for _ in range(2):
    vae.fit(x, batch_size=config.batch_size, verbose=0)
print("ready", flush=True)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    vae.fit(x, batch_size=config.batch_size, verbose=0)
    print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    children = [start(path, arguments.preset) for path in (arguments.before, arguments.after)]
    for child in children:
        answer(child, "ready")
    rounds = []
    for number in range(arguments.rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        times = {which: timed(children[which]) for which in order}
        rounds.append((times[0], times[1]))
    for child in children:
        child.stdin.close()
        child.wait()
    for clock, name in enumerate(("wall", "processor")):
        before = [1000 * one[clock] / STEPS for one, _ in rounds]
        after = [1000 * one[clock] / STEPS for _, one in rounds]
        ratios = sorted(b / a for a, b in zip(before, after, strict=True))
        print(
            f"{name}: before {statistics.median(before):.2f} ms a step, "
            f"after {statistics.median(after):.2f}; after / before "
            f"{statistics.median(ratios):.3f} (median of {len(ratios)}, quartiles "
            f"{ratios[len(ratios) // 4]:.3f} to {ratios[-1 - len(ratios) // 4]:.3f})"
        )


def start(path: Path, preset: str) -> subprocess.Popen:
    """Start a process that trains with the package of one checkout when it is told to."""
    path = path.resolve()
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + LOOP, str(path), preset],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd=path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def timed(child: subprocess.Popen) -> tuple[float, float]:
    """Have the steps trained; return seconds of wall clock and of the processor."""
    child.stdin.write("go\n")
    child.stdin.flush()
    wall, cpu = answer(child).split()
    return float(wall), float(cpu)


def answer(child: subprocess.Popen, expected: str | None = None) -> str:
    """Return the child's next line."""
    line = child.stdout.readline().strip()
    if not line or (expected and line != expected):
        raise SystemExit("a child process failed; see above")
    return line


if __name__ == "__main__":
    main()
