"""Measure the candidates for the default architecture: cost and validation loss.

Each candidate is trained with a few seeds and a rate that falls along half a cosine; the test set
is never touched. Finished runs stay in the results file, so an interrupted measurement continues.
Then all are timed in turn. MFLOP are those of one image and training step.

    python benchmarks/default_architecture.py --epochs 10 --seeds 3 --results candidates.json
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from comparison.flops import training_flop

from vae_keras.config.config import Config
from vae_keras.config.presets import preset
from vae_keras.io.files import write_json
from vae_keras.runs.build import build_model, load_data
from vae_keras.runs.callbacks import training_callbacks
from vae_keras.runs.console import parameter_count

# Without normalisation the higher rate is unstable or worse; each gets the one that suits it.
PLAIN = {"normalization": "none", "learning_rate": 1e-3}
NORMALIZED = {"normalization": "layer", "learning_rate": 3e-3}
MLP = {"architecture": "mlp", "encoder_units": (512, 256, 256), "activation": "silu"}
CONV = {"architecture": "conv", "filters": (32, 64)}
CONV_DENSE = {
    **CONV,
    "kernel_size": 4,
    "decoder_kernel_size": 4,
    "encoder_units": (256, 256),
    "decoder_units": (256, 256, 512),
    "activation": "silu",
}
CANDIDATES: dict[str, dict[str, Any]] = {
    "conv 32-64": {**CONV, **PLAIN},
    "mlp 512-256-256": {**MLP, **PLAIN},
    "mlp 512-256-256, layer norm": {**MLP, **NORMALIZED},
    "conv 32-64, dense": {**CONV_DENSE, **PLAIN},
    "conv 32-64, dense, layer norm": {**CONV_DENSE, **NORMALIZED},
    "conv 16-32, dense, layer norm": {**CONV_DENSE, **NORMALIZED, "filters": (16, 32)},
}


def candidate_config(name, *, seed, epochs):
    blank = dataclasses.replace(Config(), warmup_epochs=preset("default").warmup_epochs)
    return blank.replace(**CANDIDATES[name], seed=seed, epochs=epochs)


def quality(config):
    """Train and return what the validation images say."""
    data = load_data(config)
    vae = build_model(config, data.image_shape)
    # The rate falls along half a cosine, so that a short run ends settled; no plateau rule.
    steps = config.epochs * -(-len(data.train) // config.batch_size)
    vae.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate, steps
    )
    without_plateau = [c for c in training_callbacks(config) if "Plateau" not in type(c).__name__]
    history = vae.fit(
        data.train.images,
        batch_size=config.batch_size,
        epochs=config.epochs,
        validation_data=(data.validation.images,),
        callbacks=without_plateau,
        verbose=0,
    ).history
    return {
        "parameters": parameter_count(vae),
        "mflop": round(training_flop(vae.encoder, vae.decoder) / 1e6, 1),
        "val_loss": min(history["val_loss"][config.warmup_epochs :]),
    }


def seconds_per_epoch(names, *, rounds=4, steps=215):
    """Time training of all candidates in turn, round after round; medians, seconds an epoch."""
    images = load_data(Config()).train.images
    part = images[: steps * Config().batch_size]
    models = {
        name: build_model(candidate_config(name, seed=0, epochs=1), images.shape[1:])
        for name in names
    }
    seconds = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name, vae in models.items():
            began = time.monotonic()
            vae.fit(part, batch_size=Config().batch_size, verbose=0)
            if turn:  # the first turn compiles
                seconds[name].append((time.monotonic() - began) * len(images) / len(part))
    return {name: float(np.median(values)) for name, values in seconds.items()}


def print_table(results, names):
    seconds = seconds_per_epoch(names)
    print("| architecture | parameters | MFLOP | s an epoch | validation loss (seeds) |")
    print("| --- | --- | --- | --- | --- |")
    for name in names:
        runs = [run for key, run in results.items() if key.startswith(f"{name} | ")]
        losses = [run["val_loss"] for run in runs]
        print(
            f"| {name} | {runs[0]['parameters']:,} | {runs[0]['mflop']} | {seconds[name]:.1f} "
            f"| {np.mean(losses):.2f} ± {np.std(losses, ddof=int(len(losses) > 1)):.2f} "
            f"({len(losses)}) |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(CANDIDATES), choices=list(CANDIDATES))
    parser.add_argument("--results", type=Path, default=Path("candidates.json"))
    options = parser.parse_args()
    results = json.loads(options.results.read_text()) if options.results.exists() else {}
    for seed in range(options.seeds):
        for name in options.only:
            key = f"{name} | {options.epochs} epochs, seed {seed}"
            if key not in results:
                results[key] = quality(candidate_config(name, seed=seed, epochs=options.epochs))
                print(key, results[key], flush=True)
                write_json(options.results, results)
    print_table(results, options.only)


if __name__ == "__main__":
    main()
