"""Train twice, each time in a process of its own, and compare every bit.

    python reproductions/determinism.py
    python reproductions/determinism.py --change threads=1 --change jit_compile=true

Compared are the weights, the optimizer's state, the history, every number of the evaluation, every
array it was made from, samples and estimates of the log-likelihood. Without `--change` all have to
be equal, or it fails. With it the second process is another in that respect, a setting or
`threads`, the number of processors that it may use, and it prints how far that goes: the largest
difference of each group, relative to the largest value.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

BACKENDS = ("tensorflow", "jax", "torch")
SETTINGS: dict[str, dict[str, Any]] = {
    "mlp": {"architecture": "mlp", "encoder_units": (64, 32), "normalization": "layer"},
    "conv": {"architecture": "conv", "filters": (8, 16), "normalization": "batch"},
}
COMMON = {"dataset": "digits", "epochs": 2, "batch_size": 64, "latent_dim": 3, "warmup_epochs": 1}


def child(settings: dict[str, Any], output: str) -> None:
    """Train, judge, and write every number as an array."""
    import keras

    from vae_keras.catalog import STANDARD_ERROR, metric
    from vae_keras.config.config import from_dict
    from vae_keras.runs.build import build_model_for, load_data
    from vae_keras.runs.callbacks import training_callbacks
    from vae_keras.runs.evaluate import measure

    config = from_dict(settings)
    data = load_data(config)
    vae = build_model_for(config, data)
    history = vae.fit(
        data.train.images,
        batch_size=config.batch_size,
        epochs=config.epochs,
        validation_data=(data.validation.images,),
        callbacks=training_callbacks(config, train_images=len(data.train)),
        verbose=0,
    ).history
    evaluation = measure(vae, data, samples=64)
    # A classifier trained for the occasion judges samples; TensorFlow has other kernels for it.
    judged = {
        name
        for name in evaluation
        if metric(name.removesuffix(STANDARD_ERROR)).section == "samples"
    }
    images = data.test.images[:16]
    arrays = {
        "weights": vae.get_weights(),
        "optimizer": [keras.ops.convert_to_numpy(one) for one in vae.optimizer.variables],
        "history": [np.asarray(values) for _, values in sorted(history.items())],
        "evaluation": [np.asarray(evaluation[name]) for name in sorted(set(evaluation) - judged)],
        "metrics of samples": [np.asarray(evaluation[name]) for name in sorted(judged)],
        "evaluation arrays": [value for _, value in sorted(evaluation.arrays.items())],
        "samples": [vae.sample(8, seed=0), vae.uncertainty(images, samples=3)],
        "log-likelihood": [np.asarray(vae.log_likelihood(images, samples=10).nats)],
    }
    flat = {f"{name}/{n:03}": one for name, some in arrays.items() for n, one in enumerate(some)}
    np.savez(output, **flat)


def trained(backend: str, settings: dict[str, Any], threads: int | None, output: Path) -> Any:
    """Run `child` in a process and return what it wrote, in groups."""
    few = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}

    def limit() -> None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])

    subprocess.run(
        [sys.executable, __file__, "--child", json.dumps(settings), str(output)],
        env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "KERAS_BACKEND": backend, **few},
        preexec_fn=None if threads is None else limit,  # with one Python forks, and JAX minds
        check=True,
    )
    groups: dict[str, list[np.ndarray]] = {}
    with np.load(output) as arrays:
        for name in sorted(arrays):
            groups.setdefault(name.partition("/")[0], []).append(arrays[name])
    return groups


def differences(first: Any, second: Any) -> dict[str, float]:
    """Return, for each group that is not the same to the bit, the largest relative difference."""
    found = {}
    for name, mine in first.items():
        theirs = second[name]
        pairs = list(zip(mine, theirs, strict=True))
        if all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs):
            continue
        apart = [
            np.max(np.abs(np.nan_to_num(a - b)), initial=0.0) / max(np.abs(a).max(), 1e-30)
            for a, b in pairs
            if a.shape == b.shape and np.issubdtype(a.dtype, np.floating)
        ]
        found[name] = float(max(apart, default=float("inf")))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--child", nargs=2, metavar=("SETTINGS", "OUTPUT"), help=argparse.SUPPRESS)
    installed = [name for name in BACKENDS if importlib.util.find_spec(name)]
    parser.add_argument("--backends", nargs="+", default=installed)
    parser.add_argument("--models", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--change", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--train-size", type=int, default=512)
    parser.add_argument("--deterministic", action="store_true")
    arguments = parser.parse_args()
    if arguments.child:
        child(json.loads(arguments.child[0]), arguments.child[1])
        return 0
    changes = [change.partition("=")[::2] for change in arguments.change] or [("", "")]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for backend in arguments.backends:
            for model in arguments.models:
                settings = {**COMMON, **SETTINGS[model], "train_size": arguments.train_size}
                settings["deterministic"] = arguments.deterministic
                first = trained(backend, settings, None, Path(folder) / "first.npz")
                for name, value in changes:
                    changed = dict(settings)
                    if name not in ("", "threads"):
                        changed[name] = json.loads(value)
                    threads = int(value) if name == "threads" else None
                    second = trained(backend, changed, threads, Path(folder) / "second.npz")
                    apart = differences(first, second)
                    what = f"with {name}={value}" if name else "twice"
                    told = ", ".join(f"{group} by {by:.1e}" for group, by in apart.items())
                    print(f"{backend}, {model}, {what}: {told or 'equal to the bit'}", flush=True)
                    failed |= bool(apart) and not name
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
