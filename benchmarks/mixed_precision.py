"""Compare the loss that mixed precision reaches with that of float32.

Each architecture is trained on Fashion-MNIST under each policy, several seeds each, with a rate
that falls along half a cosine; the loss is that of 2,000 validation images at the final KL weight.
Each seed's ratio to float32 is printed with their mean and its standard error, and beside it the
ratio of two float32 runs that differ in nothing but the noise: what chance alone does. Fails where
a mean is further from 1 than 0.5 % and twice its standard error together allow.

Finished trainings stay in the results file, so that an interrupted measurement continues.

    python benchmarks/mixed_precision.py --results mixed.json
"""

import argparse
import json
import statistics
import time
import warnings
from pathlib import Path

import keras
import numpy as np

from vae_keras.config.config import Config
from vae_keras.io.files import write_json
from vae_keras.runs.build import build_model, load_data

POLICIES = ("float32", "mixed_float16", "mixed_bfloat16")
ARCHITECTURES = {
    "mlp": {"architecture": "mlp", "encoder_units": (128, 64)},
    "conv": {"architecture": "conv", "filters": (8, 16)},
}
# Of a float32 run that is one more draw from the same distribution.
OTHER_NOISE = 1000
LIMIT = 0.005


def config_of(arguments: argparse.Namespace, architecture: str, policy: str, seed: int) -> Config:
    return Config(
        **ARCHITECTURES[architecture],
        likelihood=arguments.likelihood,
        latent_dim=8,
        precision=policy,
        seed=seed,
        train_size=arguments.images,
        validation_size=2000,
        epochs=arguments.epochs,
        learning_rate=2e-3,
    )


def trained(config: Config, *, other_noise: bool) -> dict[str, float]:
    """Train once; return the validation loss, and that of the same weights in float32."""
    data = load_data(config)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`precision`")  # slow on a CPU, as is known
        vae = build_model(config, data.image_shape)
    if other_noise:
        vae.sampling.seed_generator.state.assign(vae.sampling.seed_generator.state + OTHER_NOISE)
    steps = config.epochs * -(-len(data.train) // config.batch_size)
    vae.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate, steps
    )
    began = time.monotonic()
    history = vae.fit(
        data.train.images, batch_size=config.batch_size, epochs=config.epochs, verbose=0
    ).history
    seconds = time.monotonic() - began
    own = vae.evaluate(data.validation.images, return_dict=True, verbose=0)["loss"]
    plain = build_model(config.replace(precision="float32"), data.image_shape)
    plain.set_weights(vae.get_weights())
    return {
        "val_loss": float(own),
        "val_loss_in_float32": float(
            plain.evaluate(data.validation.images, return_dict=True, verbose=0)["loss"]
        ),
        "train_loss": float(history["loss"][-1]),
        "seconds": round(seconds, 1),
    }


def summary(results: dict[str, dict[str, float]], architecture: str, seeds: int) -> bool:
    """Print the ratios of one architecture; return whether all policies are near enough."""
    fine = True
    for policy in ("float32, other noise", *POLICIES[1:]):
        ratios = [
            results[f"{architecture} {policy} {seed}"]["val_loss"]
            / results[f"{architecture} float32 {seed}"]["val_loss"]
            for seed in range(seeds)
        ]
        mean = statistics.mean(ratios)
        error = statistics.stdev(ratios) / np.sqrt(seeds) if seeds > 1 else float("nan")
        each = ", ".join(f"{ratio:.4f}" for ratio in ratios)
        print(f"{architecture}, {policy}: {mean:.4f} +- {error:.4f} of float32's loss ({each})")
        if policy in POLICIES:
            fine &= abs(mean - 1) <= LIMIT + 2 * np.nan_to_num(error)
    losses = [results[f"{architecture} float32 {seed}"]["val_loss"] for seed in range(seeds)]
    print(
        f"{architecture}, float32: {statistics.mean(losses):.2f} nats ({min(losses):.2f} to ",
        end="",
    )
    print(f"{max(losses):.2f})")
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--architectures", nargs="+", default=list(ARCHITECTURES))
    parser.add_argument("--likelihood", default="bernoulli")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--images", type=int, default=6000)
    arguments = parser.parse_args()
    settings = {
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        **{name: getattr(arguments, name) for name in ("likelihood", "epochs", "images")},
    }
    kept = {"settings": settings, "runs": {}}
    if arguments.results.exists():
        kept = json.loads(arguments.results.read_text())
        if kept["settings"] != settings:
            raise SystemExit(f"{arguments.results} has other settings: {kept['settings']}")
    for seed in range(arguments.seeds):
        for architecture in arguments.architectures:
            for name in ("float32", "float32, other noise", *POLICIES[1:]):
                key, policy = f"{architecture} {name} {seed}", name.partition(",")[0]
                if key in kept["runs"]:
                    continue
                config = config_of(arguments, architecture, policy, seed)
                kept["runs"][key] = trained(config, other_noise=name != policy)
                write_json(arguments.results, kept)
                print(key, kept["runs"][key], flush=True)
    fine = [summary(kept["runs"], one, arguments.seeds) for one in arguments.architectures]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    raise SystemExit(main())
