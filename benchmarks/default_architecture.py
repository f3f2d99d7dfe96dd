"""Measure the candidates for the default architecture: cost and validation loss.

Each candidate is trained with the settings of the default preset but for its architecture, a few
seeds each; the test set is never touched. Finished runs are kept in the results file, so that an
interrupted measurement goes on.

    python benchmarks/default_architecture.py --epochs 12 --seeds 3 --results candidates.json
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np

from vae_keras.experiment import build_model, load_data, training_callbacks
from vae_keras.files import write_json
from vae_keras.presets import preset

DEEP = {"encoder_units": (256, 256), "decoder_units": (256, 256, 512), "activation": "silu"}
WIDE = {"kernel_size": 4, "decoder_kernel_size": 4, "filters": (32, 64)}
NARROW = {**WIDE, "filters": (16, 32)}
MLP = {"architecture": "mlp", "encoder_units": (512, 256, 256), "activation": "silu"}
CANDIDATES = {
    "conv 32-64": {"architecture": "conv", "filters": (32, 64), **dict.fromkeys(DEEP)},
    "mlp 512-256-256": MLP,
    "mlp 512-256-256, layer norm": {**MLP, "normalization": "layer"},
    "conv 32-64, dense": {**WIDE, **DEEP, "normalization": "none"},
    "conv 32-64, dense, layer norm": {**WIDE, **DEEP, "normalization": "layer"},
    "conv 16-32, dense, layer norm": {**NARROW, **DEEP, "normalization": "layer"},
}
CANDIDATES["conv 32-64"] |= {"normalization": None, "kernel_size": 3, "decoder_kernel_size": 4}


def candidate_config(name, *, seed, epochs, learning_rate):
    base = preset("default").replace(seed=seed, epochs=epochs, learning_rate=learning_rate)
    return base.replace(**CANDIDATES[name])


def gflop_per_step(vae):
    """GFLOP of one image and training step: two a multiplication, three passes."""
    total = 0
    for layer in [*vae.encoder.layers, *vae.decoder.layers]:
        if isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Conv2DTranspose):
            total += int(np.prod(layer.input.shape[1:3]) * np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Conv2D):
            total += int(np.prod(layer.output.shape[1:3]) * np.prod(layer.kernel.shape))
    return 2 * 3 * total / 1e9


def measure(config):
    data = load_data(config)
    vae = build_model(config, data.image_shape)
    # The rate falls along half a cosine, so that a short run ends settled; no plateau rule.
    steps = config.epochs * -(-len(data.train) // config.batch_size)
    vae.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate, steps
    )
    steering = [c for c in training_callbacks(config) if "Plateau" not in type(c).__name__]
    began = time.monotonic()
    history = vae.fit(
        data.train.images,
        batch_size=config.batch_size,
        epochs=config.epochs,
        validation_data=(data.validation.images,),
        validation_batch_size=500,
        callbacks=steering,
        verbose=0,
    ).history
    return {
        "parameters": vae.encoder.count_params() + vae.decoder.count_params(),
        "mflop": round(gflop_per_step(vae) * 1e3, 1),
        "seconds_per_epoch": round((time.monotonic() - began) / config.epochs, 1),
        "val_loss": min(history["val_loss"][config.warmup_epochs :]),
    }


def print_table(results):
    print("| architecture | parameters | MFLOP | s an epoch | validation loss (seeds) |")
    print("| --- | --- | --- | --- | --- |")
    for name in CANDIDATES:
        runs = [run for key, run in results.items() if key.startswith(f"{name} | ")]
        if runs:
            losses = [run["val_loss"] for run in runs]
            seconds = np.median([run["seconds_per_epoch"] for run in runs])
            print(
                f"| {name} | {runs[0]['parameters']:,} | {runs[0]['mflop']} | {seconds:.1f} "
                f"| {np.mean(losses):.2f} ± {np.std(losses, ddof=len(losses) > 1):.2f} "
                f"({len(losses)}) |"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--only", nargs="*", default=list(CANDIDATES), choices=list(CANDIDATES))
    parser.add_argument("--results", type=Path, default=Path("candidates.json"))
    options = parser.parse_args()
    results = json.loads(options.results.read_text()) if options.results.exists() else {}
    for seed in range(options.seeds):
        for name in options.only:
            key = f"{name} | {options.epochs} epochs, rate {options.learning_rate}, seed {seed}"
            if key not in results:
                config = candidate_config(
                    name, seed=seed, epochs=options.epochs, learning_rate=options.learning_rate
                )
                results[key] = measure(config)
                print(key, results[key], flush=True)
                write_json(options.results, results)
    print_table(results)


if __name__ == "__main__":
    main()
