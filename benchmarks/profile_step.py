"""Where a training step's time goes on TensorFlow: its operations by kind, from its profiler.

    python benchmarks/profile_step.py --preset conv

Operations run side by side on several cores, so that their times add up to more than the step's.
"""

import argparse
import collections
import glob
import os
import re
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_NOT_ONE = r"Iterator|:(Stateful|Stateless)?(PartitionedCall|While|If)$|^\w+: "  # hold others
KINDS = {  # the first that fits
    "convolutions, backward": r"gradient_tape.*Conv2D",
    "convolutions, forward": r"/(conv2d[^/]*)/(Relu|convolution|BiasAdd|swish).*Conv2D",
    "transposed convolutions, forward": r"conv_transpose.*Conv2D",
    "matrix products": r"MatMul",
    "optimizer": r"/adam/|ApplyAdam",
    "input (gather)": r"Gather",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="conv")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--top", type=int, default=12, help="single operations to list")
    arguments = parser.parse_args()

    import numpy as np
    import tensorflow as tf

    import vae_keras

    config = vae_keras.preset(arguments.preset)
    vae = vae_keras.build_model(config, (28, 28, 1))
    images = np.random.default_rng(0).integers(
        0, 256, (arguments.steps * config.batch_size, 28, 28, 1)
    )
    images = images.astype("uint8")
    for _ in range(2):
        vae.fit(images, batch_size=config.batch_size, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            began = time.perf_counter()
            vae.fit(images, batch_size=config.batch_size, verbose=0)
            wall = time.perf_counter() - began
        times = operations(folder)
    per_step = {name: 1e3 * seconds / arguments.steps for name, seconds in times.items()}
    kinds: collections.Counter = collections.Counter()
    for name, milliseconds in per_step.items():
        kind = next((kind for kind, form in KINDS.items() if re.search(form, name)), "the rest")
        kinds[kind] += milliseconds
    total = sum(per_step.values())
    print(f"{arguments.preset}: {1e3 * wall / arguments.steps:.2f} ms a step under the profiler")
    print(f"{total:.2f} ms of operations, load {os.getloadavg()[0]:.1f}")
    for kind, milliseconds in kinds.most_common():
        print(f"  {milliseconds:8.2f} ms  {milliseconds / total:4.0%}  {kind}")
    print("the longest:")
    for name, milliseconds in collections.Counter(per_step).most_common(arguments.top):
        print(f"  {milliseconds:8.2f} ms  {name[-100:]}")


def operations(folder: str) -> collections.Counter:
    """Return the seconds of each operation within the training function."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    (path,) = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)
    space = xplane_pb2.XSpace()
    with open(path, "rb") as file:
        space.ParseFromString(file.read())
    times: collections.Counter = collections.Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                if re.search(r"[^:]:_?[A-Z]\w+$", name) and not re.search(_NOT_ONE, name):
                    times[name] += event.duration_ps / 1e12
    return times


if __name__ == "__main__":
    main()
