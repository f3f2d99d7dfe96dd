"""Encode, decode, reconstruct and sample beside Keras' usual way, `predict` on the two halves.

    python benchmarks/inference.py --presets conv mlp_400x2 --images 10000 --rounds 9

The contenders take turns in one process, so that a machine whose speed drifts slows all. Prints
images a second (median), the ratio to `predict` with its default batch of 32 and with the batch of
this package, each with its quartiles over the rounds, and the latency of one image.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import keras
import numpy as np

import vae_keras
from vae_keras.models.inference.batches import INFERENCE_BATCH_SIZE

KERAS_BATCH = 32
ONE_IMAGE_CALLS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", nargs="+", default=["default", "conv", "mlp_400x2"])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    print(f"Keras {keras.__version__}, {keras.backend.backend()}; {arguments.images:,} images")
    for preset in arguments.presets:
        measure(preset, arguments.images, arguments.rounds)


def measure(preset: str, count: int, rounds: int) -> None:
    """Print the table of one preset."""
    shape = (64, 64, 3) if preset == "resnet_64" else (28, 28, 1)
    vae = vae_keras.build_model(vae_keras.preset(preset), shape)
    x = np.random.default_rng(0).integers(0, 256, (count, *shape)).astype("uint8")
    low, high = vae.likelihood.data_range
    scaled = (x / np.float32(255) * (high - low) + low).astype("float32")
    codes = vae.encode(x)
    # The decoder gives the likelihood's parameters, not always the expected image.
    decoder = keras.Model(vae.decoder.inputs, vae.likelihood.mean(vae.decoder.outputs[0]))
    tasks: dict[str, dict[str, Callable[[], np.ndarray]]] = {
        "encode": {"ours": lambda: vae.encode(x)},
        "decode": {"ours": lambda: vae.decode(codes)},
        "reconstruct": {"ours": lambda: vae.reconstruct(x)},
        "sample": {"ours": lambda: vae.sample(count, seed=0)},
    }
    for size in (KERAS_BATCH, INFERENCE_BATCH_SIZE):

        def encode(size: int = size) -> np.ndarray:
            outputs = vae.encoder.predict(scaled, batch_size=size, verbose=0)
            return outputs[0] if isinstance(outputs, list) else outputs

        def decode(codes: np.ndarray, size: int = size) -> np.ndarray:
            return decoder.predict(codes, batch_size=size, verbose=0)

        name = f"predict, {size}"
        tasks["encode"][name] = encode
        tasks["decode"][name] = lambda decode=decode: decode(codes)
        tasks["reconstruct"][name] = lambda encode=encode, decode=decode: decode(encode())
    check(tasks)
    print(f"\n{preset}\n{'':14}{'images/s':>10}  ours / predict, {KERAS_BATCH} (quartiles)", end="")
    print(f"    ours / predict, {INFERENCE_BATCH_SIZE}")
    for task, contenders in tasks.items():
        times = timed(contenders, rounds)
        line = f"{task:14}{count / statistics.median(times['ours']):10,.0f}"
        for name in [name for name in contenders if name != "ours"]:
            ratios = [
                theirs / ours for ours, theirs in zip(times["ours"], times[name], strict=True)
            ]
            line += f"  {quartiles(ratios):28}"
        print(line)
    print_latency(vae, x[:1], scaled[:1])


def check(tasks: dict[str, dict[str, Callable[[], np.ndarray]]]) -> None:
    """Run everything once, which compiles it; all contenders must compute the same."""
    for contenders in tasks.values():
        ours = contenders["ours"]()
        for name, run in contenders.items():
            if name != "ours" and not np.allclose(run(), ours, atol=1e-4):
                raise SystemExit(f"{name} computes something else")


def timed(contenders: dict[str, Callable[[], np.ndarray]], rounds: int) -> dict[str, list[float]]:
    """Return seconds of each contender in each round, one after the other in turning order."""
    names = [*contenders]
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for place in range(len(names)):
            name = names[(place + number) % len(names)]
            start = time.perf_counter()
            contenders[name]()
            times[name].append(time.perf_counter() - start)
    return times


def print_latency(vae: vae_keras.VAE, image: np.ndarray, scaled: np.ndarray) -> None:
    contenders = {
        "vae.encode": lambda: vae.encode(image),
        "vae.reconstruct": lambda: vae.reconstruct(image),
        "encoder.predict": lambda: vae.encoder.predict(scaled, verbose=0),
    }
    for run in contenders.values():
        run()
    times = timed(contenders, ONE_IMAGE_CALLS)
    for name, seconds in times.items():
        ordered = sorted(1000 * one for one in seconds)
        print(
            f"one image, {name:16} {ordered[len(ordered) // 2]:7.2f} ms (median), "
            f"{ordered[int(0.95 * len(ordered))]:7.2f} ms (95 % are faster)"
        )


def quartiles(values: list[float]) -> str:
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]
    return f"{statistics.median(ordered):.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
