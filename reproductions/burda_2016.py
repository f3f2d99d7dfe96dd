"""Replay the one-layer experiment of Burda et al. (2016), arXiv:1509.00519, table 1.

Dynamically binarised MNIST, all 60,000 training images; 784-200-200-50, tanh; Adam with epsilon
1e-4, batches of 20; stage i = 0..7 runs 3^i epochs at the learning rate 1e-3 * 10^(-i/7): 9.8
million updates in all. After each stage the negative log-likelihood of the 10,000 test images, one
fixed binary draw of them, is estimated with importance samples. Published, after all eight stages
and with 5,000 samples: 86.76 (VAE), 85.54 (IWAE, K = 5), 84.78 (K = 50).

    python reproductions/burda_2016.py OUT --models vae iwae_5 --stages 4 --samples 500

Run again with the same OUT, it continues where it stopped, with more stages if asked for. Models
can be run by several processes at once. OUT gets `results.json`, one file for each model, and
`curve.png`: the estimate against the number of updates.
"""

import argparse
import json
import os
import time
from pathlib import Path

PUBLISHED = {"vae": 86.76, "iwae_5": 85.54, "iwae_50": 84.78}
BATCH_SIZE = 20
STEPS_AN_EXECUTION = 100
EPOCHS_BETWEEN_CHECKPOINTS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", nargs="+", default=["vae", "iwae_5"], choices=list(PUBLISHED))
    parser.add_argument("--stages", type=int, default=4, choices=range(1, 9), metavar="1..8")
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="of TensorFlow; 0 lets it choose")
    parser.add_argument("--train-size", type=int, default=60_000, help="fewer for a trial")
    parser.add_argument("--test-size", type=int, default=10_000, help="fewer for a trial")
    arguments = parser.parse_args()
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow" and arguments.threads:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
        tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    for model in arguments.models:
        run(model, arguments)
    draw(arguments.out)


def run(name: str, arguments: argparse.Namespace) -> None:
    """Run the stages of one model that are not done yet."""
    import keras
    import numpy as np

    import vae_keras

    folder = arguments.out / name
    folder.mkdir(parents=True, exist_ok=True)
    state = _read(folder / "state.json", {"stage": 0, "epoch": 0, "updates": 0, "seconds": 0.0})
    results = _read(folder / "results.json", [])
    data = vae_keras.load_dataset("mnist", validation_size=0)
    images = data.train.images[: arguments.train_size]
    test = data.test.images[: arguments.test_size]
    # Another order after each restart; the noise of the model continues from its file.
    keras.utils.set_random_seed(arguments.seed + state["updates"])
    vae = (
        vae_keras.load(folder / "model.keras")
        if state["updates"]
        else _new_model(name, images, arguments.seed)
    )
    _compile_for_speed(vae)
    while state["stage"] < arguments.stages:
        stage = state["stage"]
        epochs = 3**stage
        vae.optimizer.learning_rate = 1e-3 * 10 ** (-stage / 7)
        while state["epoch"] < epochs:
            block = min(EPOCHS_BETWEEN_CHECKPOINTS, epochs - state["epoch"])
            began = time.monotonic()
            history = vae.fit(images, batch_size=BATCH_SIZE, epochs=block, verbose=0).history
            state["seconds"] += time.monotonic() - began
            state["epoch"] += block
            state["updates"] += block * (-(-len(images) // BATCH_SIZE))
            print(
                f"{name} stage {stage}, epoch {state['epoch']}/{epochs}: "
                f"loss {history['loss'][-1]:.3f}, {state['seconds']:.0f} s of training",
                flush=True,
            )
            if not np.isfinite(history["loss"][-1]):
                raise SystemExit(f"{name}: the loss is {history['loss'][-1]}")
            _save(vae, state, folder)
        estimate = vae.log_likelihood(test, samples=arguments.samples, seed=arguments.seed)
        results = [row for row in results if row["stage"] != stage]
        results.append(
            {
                "model": name,
                "stage": stage,
                "updates": state["updates"],
                "nll": -estimate.mean,
                "standard_error": estimate.standard_error,
                "mean_sampling_error": float(estimate.sampling_error.mean()),
                "samples": arguments.samples,
                "negative_elbo": -float(np.mean(vae.elbo(test, seed=arguments.seed))),
                "train_loss": history["loss"][-1],
                "seconds": round(state["seconds"], 1),
                "seed": arguments.seed,
                "backend": keras.backend.backend(),
                "train_images": len(images),
                "test_images": len(test),
            }
        )
        print(f"{name} stage {stage}: NLL {-estimate.mean:.2f}", flush=True)
        _write(folder / "results.json", results)
        state.update(stage=stage + 1, epoch=0)
        _save(vae, state, folder)


def _new_model(name, images, seed):
    from vae_keras import build_model, preset

    config = preset("burda_2016", seed=seed)
    if name != "vae":
        samples = int(name.removeprefix("iwae_"))
        config = config.replace(
            objective="importance_weighted", objective_options={"samples": samples}
        )
    return build_model(config, images.shape[1:], images=images)


def _compile_for_speed(vae):
    """Take many steps in one call where the backend can."""
    import keras

    if keras.backend.backend() == "tensorflow":
        vae.compile(vae.optimizer, steps_per_execution=STEPS_AN_EXECUTION)


def draw(out: Path) -> None:
    """Draw the estimates of all models against the number of updates, and gather them."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = [row for path in sorted(out.glob("*/results.json")) for row in _read(path, [])]
    _write(out / "results.json", rows)
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for number, name in enumerate(sorted({row["model"] for row in rows})):
        mine = [row for row in rows if row["model"] == name]
        color = f"C{number}"
        label = name.replace("_", ", K = ").replace("vae", "VAE").replace("iwae", "IWAE")
        label = label.replace("iVAE", "IWAE")
        axes.errorbar(
            [row["updates"] for row in mine],
            [row["nll"] for row in mine],
            [row["standard_error"] for row in mine],
            marker="o",
            capsize=3,
            color=color,
            label=label,
        )
        axes.axhline(PUBLISHED[name], color=color, linestyle=":", linewidth=1)
        axes.annotate(
            f"published, 9.8 million updates: {PUBLISHED[name]}",
            (1, PUBLISHED[name]),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8,
            color=color,
        )
    axes.set_xscale("log")
    axes.set_xlabel("updates")
    axes.set_ylabel("negative log-likelihood, nats")
    axes.legend(frameon=False)
    axes.set_title("Burda et al. (2016), one stochastic layer, test set", loc="left")
    figure.savefig(out / "curve.png", dpi=150)


def _save(vae, state, folder):
    """Write model and state, each beside and renamed; the state last, as it says what is done."""
    beside = folder / "beside.keras"
    vae.save(beside)
    beside.replace(folder / "model.keras")
    _write(folder / "state.json", state)


def _read(path, otherwise):
    return json.loads(path.read_text()) if path.exists() else otherwise


def _write(path, values):
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(values, indent=1))
    beside.replace(path)


if __name__ == "__main__":
    main()
