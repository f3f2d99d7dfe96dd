"""The main job: what `train.py` and the notebooks both do."""

import platform
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import keras
from rich.console import Console

from vae_keras.building import build_model_for, load_data
from vae_keras.callbacks import (
    HistoryFile,
    ReconstructionImages,
    StopOnDivergence,
    TensorBoardLog,
    TrainingProgress,
)
from vae_keras.config import Config
from vae_keras.data import ImageDataset
from vae_keras.distribution import distribute, process_number
from vae_keras.errors import TrainingDivergedError
from vae_keras.figures import write_figures
from vae_keras.inference import load
from vae_keras.measuring import measure, metrics_of
from vae_keras.models import ImageModel, check_batch_size, labels_for
from vae_keras.presets import check_members
from vae_keras.run import RunDirectory
from vae_keras.run_report import write_report
from vae_keras.steering import training_callbacks, warmup_epochs
from vae_keras.summaries import (
    parameter_count,
    plain_console,
    print_closing_table,
    print_model_summary,
    step_by_step,
)

FOLLOWED_IMAGES = 10


def train_and_evaluate(
    config: Config,
    run_directory: RunDirectory,
    *,
    callbacks: Sequence[Any] = (),
    console: Console | None = None,
) -> dict[str, Any]:
    """Train a model, judge it, and leave everything in a run directory.

    Data and settings are checked before anything is written. Ctrl-C saves the model so far and
    raises `KeyboardInterrupt` again.

    Args:
        config: The settings.
        run_directory: Where to; must be new or empty.
        callbacks: More Keras callbacks, say those of Weights & Biases or MLflow.
        console: Where progress is printed. Defaults to the standard output.

    Returns:
        What `metrics.json` holds.

    Raises:
        VAEKerasError: If settings, data or the directory make no sense.
        TrainingDivergedError: If a term of the loss became infinite or not a number.
    """
    console = console or plain_console()
    if not (config.distribute and process_number()):
        return _trained_and_evaluated(config, run_directory, callbacks, console)
    # Several processes have to do the same. What the others write, no one reads.
    with tempfile.TemporaryDirectory() as folder:
        return _trained_and_evaluated(config, RunDirectory(folder), callbacks, Console(quiet=True))


def _trained_and_evaluated(
    config: Config, run_directory: RunDirectory, callbacks: Sequence[Any], console: Console
) -> dict[str, Any]:
    check_members(config)
    run_directory.check_free()
    dataset = load_data(config)
    with distribute() if config.distribute else nullcontext(1) as devices:
        check_batch_size(config.batch_size, devices)
        vae = build_model_for(config, dataset)
        run_directory.create()
        run_directory.write_config(config)
        _write_environment(run_directory, vae, dataset)
        console.print(f"Data: {_described(dataset)}", highlight=False, soft_wrap=True)
        if dataset.notice:
            console.print(dataset.notice, style="bold yellow", highlight=False, soft_wrap=True)
        print_model_summary(vae, console)

        began = time.monotonic()
        history = _fit(vae, config, dataset, run_directory, console, callbacks)
        seconds = time.monotonic() - began
        run_directory.write_model(vae)

    if config.distribute:  # from now on on one device, as it will be used
        vae = load(run_directory.path)
    warm = warmup_epochs(config, len(dataset.train))
    with step_by_step("Evaluating on the test set", console) as say:
        evaluation = measure(vae, dataset, progress=say)
    metrics = {
        **metrics_of(evaluation, history, config),
        "training": {
            "epochs": len(history["loss"]),
            "seconds": round(seconds, 1),
            "best_val_loss": min(history.get("val_loss", [])[warm:], default=None),
            "train_images": len(dataset.train),
            "parameters": parameter_count(vae),
            "peak_memory_mib": _peak_memory(),
        },
        "data": {
            "source": dataset.source,
            "notice": dataset.notice,
            "train_images_for_evaluation": dataset.train.bounded_size,
        },
    }
    run_directory.write_arrays(evaluation.arrays)
    with step_by_step("Drawing the figures and the report", console):
        write_figures(run_directory, vae, dataset, history, evaluation)
        run_directory.write_metrics(metrics)  # late: with it a run counts as done
        write_report(run_directory, vae, dataset)
    print_closing_table(metrics, run_directory, console)
    return metrics


def _fit(
    vae: ImageModel,
    config: Config,
    dataset: ImageDataset,
    run_directory: RunDirectory,
    console: Console,
    others: Sequence[Any],
) -> dict[str, list[float]]:
    validated = len(dataset.validation) > 0
    followed = dataset.validation if validated else dataset.train
    validation = (dataset.validation.images, labels_for(vae, dataset.validation.labels))
    progress = TrainingProgress(console)
    steering = training_callbacks(config, validated=validated, train_images=len(dataset.train))
    diverged = next(one for one in steering if isinstance(one, StopOnDivergence))
    diverged.warn = False  # the error below says it
    images = followed.images[:FOLLOWED_IMAGES]
    label = labels_for(vae, followed.labels, slice(FOLLOWED_IMAGES))
    callbacks = [
        *steering,
        HistoryFile(run_directory.history),
        ReconstructionImages(images, run_directory.epoch_figures, label=label),
        TensorBoardLog(run_directory.tensorboard, images, label=label),
        progress,
        *others,
    ]
    try:
        history = vae.fit(
            dataset.train.images,
            labels_for(vae, dataset.train.labels),
            batch_size=config.batch_size,
            epochs=config.epochs,
            validation_data=validation if validated else None,
            callbacks=callbacks,
            verbose=0,
        ).history
    except KeyboardInterrupt:
        console.print("Interrupted. Saving the model so far ...", style="bold", highlight=False)
        run_directory.write_model(vae)
        console.print(
            f"The model so far is in {run_directory.model}",
            style="bold",
            highlight=False,
            soft_wrap=True,
        )
        raise
    finally:
        progress.close()
    if diverged.message:
        raise TrainingDivergedError(f"{diverged.message} The run is in {run_directory.path}")
    return history


def _write_environment(run_directory: RunDirectory, vae: ImageModel, dataset: ImageDataset) -> None:
    run_directory.write_environment(
        backend=keras.backend.backend(),
        dtype_policy=vae.dtype_policy.name,
        devices=_devices(),
        data={"source": dataset.source, "sha256": dataset.checksum, "notice": dataset.notice},
    )


def _devices() -> list[str]:
    if keras.backend.backend() == "torch":  # not known to `keras.distribution`
        import torch

        count = torch.cuda.device_count()
        return [torch.cuda.get_device_name(number) for number in range(count)] or ["cpu"]
    return [str(device) for device in keras.distribution.list_devices()]


def _described(dataset: ImageDataset) -> str:
    size = " x ".join(map(str, dataset.image_shape))
    counts = f"{len(dataset.train):,} + {len(dataset.validation):,} + {len(dataset.test):,}"
    return (
        f"{dataset.name}, {counts} images (train, validation, test) of {size}, "
        f"from {dataset.source}"
    )


def _peak_memory() -> float | None:
    """Return the most memory the process has held, in MiB; `None` where no one counts it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if platform.system() == "Darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)
