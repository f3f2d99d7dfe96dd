"""Compare this package with what people write by hand: Keras subclass, PyTorch, JAX, pythae.

    python benchmarks/compare.py --output /tmp/compared
    python benchmarks/compare.py --architectures conv --measure training --rounds 15
    python benchmarks/compare.py --against benchmarks/results/0.1.0-two-cpu-cores.json

Each contender is a process of its own; they are timed in turn, round after round. Writes
`compared.json` and `compared.md` and prints the latter; what the contenders print goes to
`compared.log`. Peers that cannot be imported are skipped, by name. See `benchmarks/README.md`.
"""

import argparse
import dataclasses
import datetime
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import IO

from comparison.against import differences, regressions
from comparison.contenders import ENTRIES, OURS
from comparison.figures import all_figures, disagreeing
from comparison.machine import machine
from comparison.measures import MEASURES, Amounts, Comparison, say
from comparison.peak import measured_peak
from comparison.processes import Setting
from comparison.table import markdown

# Sized for two CPU cores: a timing of this package takes a few seconds. The targets are those of
# 10,000 training images of Fashion-MNIST, some epochs in.
DEFAULTS = {
    "conv": {"images": 10_000, "epochs": 2, "inference_images": 10_000, "target": 258.0},
    "mlp_400x2": {"images": 10_000, "epochs": 4, "inference_images": 10_000, "target": 258.0},
    "stable_conv": {"images": 640, "epochs": 2, "inference_images": 1_000, "target": 60.0},
}
AGREEMENT = {"conv": (10_000, 4), "mlp_400x2": (10_000, 4), "stable_conv": (1_280, 4)}
# Share of the loss after so short a training, whose weights began elsewhere.
TOLERANCES = {"conv": 0.05, "mlp_400x2": 0.05, "stable_conv": 0.15}
SEED = 0
VALIDATION_IMAGES = 2_000


def main() -> int:
    arguments = parsed()
    if arguments.read:
        result = json.loads(arguments.read.read_text())
    else:
        arguments.output.mkdir(parents=True, exist_ok=True)
        with (arguments.output / "compared.log").open("w+") as log:
            result = measured(arguments, log)
        written = arguments.output / "compared.json"
        written.write_text(json.dumps(result, indent=1) + "\n")
        written.with_suffix(".md").write_text(markdown(result))
        say(f"written: {written} and {written.with_suffix('.md').name}")
    print(markdown(result), end="")
    wrong = [
        f"{architecture}, {line}"
        for architecture, one in result["architectures"].items()
        for line in one["disagreeing"]
    ]
    for line in wrong:
        print(f"does not do the same: {line}")
    fell = compared_with(arguments.against, result) if arguments.against else []
    return 1 if wrong or fell else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    names = list(DEFAULTS)
    peers = [name for name in ENTRIES if name != OURS]
    add("--architectures", nargs="+", default=names, choices=names)
    add("--measure", nargs="+", default=list(MEASURES), choices=MEASURES)
    add("--peers", nargs="*", default=peers, choices=peers, help="all by default")
    add("--backend", default=os.environ.get("KERAS_BACKEND", "tensorflow"), help="of this package")
    add("--rounds", type=positive, default=7, help="timings of each contender")
    add("--starts", type=positive, default=3, help="fresh processes for the first step")
    add("--batch-size", type=positive, default=128)
    add("--inference-batch-size", type=positive, default=500)
    add("--images", type=positive, help="training images of an epoch")
    add("--epochs", type=positive, help="epochs of one timing")
    add("--inference-images", type=positive, help="images of one timing of reconstruction")
    add("--agreement-images", type=positive, help="images of an epoch of the agreement check")
    add("--agreement-epochs", type=positive, help="its epochs")
    add("--target", type=float, help="validation loss to train to, nats")
    add("--cap", type=float, default=900.0, help="seconds of training towards it, at most")
    add("--data", help="folder with Fashion-MNIST's files; found without it where it can be")
    add("--peak-seconds", type=float, default=2.0, help="for each product; 0 leaves them out")
    add("--output", type=Path, default=Path("runs/compared"), help="folder of the result")
    add("--against", type=Path, help="a result to compare the ratios with; fails if one fell")
    add("--read", type=Path, help="show or compare this result instead of measuring")
    arguments = parser.parse_args()
    if arguments.backend not in ("tensorflow", "jax", "torch"):
        parser.error(f"--backend must be tensorflow, jax or torch, not {arguments.backend}")
    for path in (arguments.against, arguments.read):
        if path and not path.is_file():
            parser.error(f"there is no file {path}")
    return arguments


def positive(text: str) -> int:
    """Read an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def measured(arguments: argparse.Namespace, log: IO[str]) -> dict:
    """Measure everything that was asked for; return the result as JSON values."""
    import vae_keras

    say("the machine's highest rate") if arguments.peak_seconds else None
    peak = measured_peak(arguments.peak_seconds) if arguments.peak_seconds else None
    result = {
        "format": 1,
        "version": vae_keras.__version__,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
        "settings": {
            "backend": arguments.backend,
            "batch_size": arguments.batch_size,
            "inference_batch_size": arguments.inference_batch_size,
            "seed": SEED,
        },
        "peak": peak,
        "contenders": {},
        "architectures": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        result["settings"]["data"] = write_images(Path(folder), arguments.data)
        for architecture in arguments.architectures:
            say(f"{architecture}:")
            setting = Setting(
                task(architecture, arguments),
                Path(folder) / "train.npy",
                Path(folder) / "validation.npy",
                arguments.backend,
                log,
            )
            amounts = amounts_of(architecture, arguments)
            comparison = Comparison([OURS, *arguments.peers], setting, amounts)
            try:
                comparison.run(arguments.measure)
            except SystemExit:
                log.seek(0)
                sys.stderr.write(log.read()[-4000:])
                raise
            ours = comparison.descriptions[OURS]
            figures = all_figures(
                comparison.samples,
                amounts,
                flop=ours["flop"],
                batch_size=arguments.batch_size,
                peak=peak["gflops"] if peak else None,
            )
            result["architectures"][architecture] = {
                "parameters": ours["parameters"],
                "flop": ours["flop"],
                "amounts": dataclasses.asdict(amounts),
                "load": comparison.load,
                "skipped": comparison.skipped,
                "figures": figures,
                "disagreeing": disagreeing(figures, TOLERANCES[architecture]),
            }
            for name, one in comparison.descriptions.items():
                kept = {key: one[key] for key in ("versions", "device", "backend")}
                result["contenders"][name] = kept
    return result


def task(architecture: str, arguments: argparse.Namespace) -> dict:
    """Return the settings of a preset that all contenders share."""
    from vae_keras import preset

    config = preset(architecture)
    return {
        "architecture": architecture,
        "latent_dim": config.latent_dim,
        "likelihood": config.likelihood,
        "learning_rate": config.learning_rate,
        "epsilon": config.adam_epsilon,
        "batch_size": arguments.batch_size,
        "inference_batch_size": arguments.inference_batch_size,
        "seed": SEED,
    }


def amounts_of(architecture: str, arguments: argparse.Namespace) -> Amounts:
    """Return how much is done: the architecture's own amounts, or what the flags say."""
    images, epochs = AGREEMENT[architecture]
    amounts = {
        **DEFAULTS[architecture],
        "agreement_images": images,
        "agreement_epochs": epochs,
        "rounds": arguments.rounds,
        "starts": arguments.starts,
        "cap": arguments.cap,
    }
    given = {key: getattr(arguments, key) for key in amounts}
    return Amounts(**{**amounts, **{key: one for key, one in given.items() if one is not None}})


def write_images(folder: Path, path: str | None) -> str:
    """Write Fashion-MNIST's training and validation images; return where they were found."""
    import numpy as np

    from vae_keras.data import load_dataset

    data = load_dataset("fashion_mnist", path, validation_size=0)
    train, validation = data.train.images, data.test.images[:VALIDATION_IMAGES]
    if len(train) > 10_000 + VALIDATION_IMAGES:  # not the part that travels with the package
        train, validation = train[:-VALIDATION_IMAGES], train[-VALIDATION_IMAGES:]
    np.save(folder / "train.npy", train)
    np.save(folder / "validation.npy", validation)
    return f"Fashion-MNIST, {data.source}"


def compared_with(path: Path, result: dict) -> list[str]:
    """Print how the ratios stand beside a result that was kept; return those that fell."""
    old = json.loads(path.read_text())
    fell, compared = regressions(old, result)
    print(f"\nBeside {path.name}, {compared} ratios:")
    for line in differences(old, result):
        print(f"  differs: {line}")
    for line in fell:
        print(f"  fell: {line}")
    if not compared:
        raise SystemExit(f"{path} and this result have no ratio in common")
    if not fell:
        print("  none fell")
    return fell


if __name__ == "__main__":
    sys.exit(main())
