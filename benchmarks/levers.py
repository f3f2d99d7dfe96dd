"""What each lever of training speed is worth: the same preset trained in several ways, in turn.

    python benchmarks/levers.py --preset conv --rounds 9
    KERAS_BACKEND=jax python benchmarks/levers.py --preset mlp_400x2

Each way is a process of its own, which compiles once; then all train an epoch each in turn, in an
order that changes, so that a machine whose speed drifts slows all. Prints medians and the ratio of
each round to the defaults; below 1 is faster than they are.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys

from step_time import LOOP, answer, timed

WAYS = {
    "tensorflow": {
        "defaults": "",
        "one step a call": "settings = {'steps_per_execution': 1}",
        "100 steps a call": "settings = {'steps_per_execution': 100}",
        "XLA": "settings = {'jit_compile': True}",
        "Keras' own Adam": "import contextlib, vae_keras.models.fitting.steps.tensorflow as t; "
        "t.fused_adam = contextlib.nullcontext",
    },
    "jax": {
        "defaults": "",
        "20 steps a call": "settings = {'steps_per_execution': 20}",
        "a loop on the device": "settings = {'steps_per_execution': 20}; "
        "import vae_keras.models.fitting.steps.jax_arrays as j; j.pays_off = lambda size: True",
    },
    "torch": {"defaults": "", "compiled": "settings = {'jit_compile': True}"},
}
CHILD = """
import sys, time
import keras, numpy as np
import vae_keras
settings = {}
exec(sys.argv[2])
config = vae_keras.preset(sys.argv[1]).replace(**settings)
steps = int(sys.argv[3])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="default")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=80, help="training steps of an epoch")
    arguments = parser.parse_args()
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    children = {
        name: subprocess.Popen(
            [sys.executable, "-c", CHILD + LOOP, arguments.preset, code, str(arguments.steps)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, code in WAYS[backend].items()
    }
    for child in children.values():
        answer(child, "ready")
    rounds = []
    for _ in range(arguments.rounds):
        names = random.sample(list(children), len(children))
        rounds.append({name: timed(children[name]) for name in names})
    print(f"{arguments.preset}, {backend}, load {os.getloadavg()[0]:.1f}, ms a step:")
    for name, child in children.items():
        wall, cpu = ([one[name][clock] for one in rounds] for clock in (0, 1))
        ratios = [one[name][0] / one["defaults"][0] for one in rounds]
        of_cpu = [one[name][1] / one["defaults"][1] for one in rounds]
        print(
            f"  {name:<22} wall {1000 * statistics.median(wall) / arguments.steps:7.2f}"
            f"  processor {1000 * statistics.median(cpu) / arguments.steps:7.2f}"
            f"  ratio {statistics.median(ratios):.2f} (processor {statistics.median(of_cpu):.2f})"
        )
        child.stdin.close()
        child.wait()


if __name__ == "__main__":
    main()
