"""The main job: what `train.py` and the notebooks both do."""

import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from vae_keras.backend.parallel import device_names, distribute, process_number
from vae_keras.callbacks import Checkpoint
from vae_keras.checkpoints.directory import CheckpointDirectory
from vae_keras.config.config import Config
from vae_keras.data import ImageDataset
from vae_keras.errors import RunDirectoryError
from vae_keras.models import ImageModel, check_batch_size, execution_facts
from vae_keras.runs.build import build_model_for, load_data
from vae_keras.runs.callbacks import warmup_epochs
from vae_keras.runs.console import (
    parameter_count,
    plain_console,
    print_closing_table,
    print_model_summary,
    step_by_step,
)
from vae_keras.runs.directory import RunDirectory, check_before_training
from vae_keras.runs.evaluate import measure, metrics_of
from vae_keras.runs.figures import write_figures
from vae_keras.runs.fit import Trained, train
from vae_keras.runs.reading import is_finished, read_metrics
from vae_keras.runs.report import write_report
from vae_keras.runs.resume import check_same_config, note_environment
from vae_keras.saving.load import load


def train_and_evaluate(
    config: Config,
    run_directory: RunDirectory,
    *,
    resume: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    console: Console | None = None,
) -> dict[str, Any]:
    """Train a model, evaluate it, and write everything to a run directory.

    Data and settings are checked before anything is written. Ctrl-C saves the model so far and
    raises `KeyboardInterrupt` again. Until the run is finished the directory holds checkpoints:
    the same call with `resume=True` continues from the last one, and ends with the same metrics as
    a run that was not interrupted.

    Args:
        config: The settings.
        run_directory: Where the files go; must be new or empty, unless `resume` is set.
        resume: Whether to continue the run of these settings that is in the directory. If there
            is none, it is begun; if it is finished, its metrics are returned. Defaults to `False`.
        callbacks: More Keras callbacks, say those of Weights & Biases or MLflow.
        console: Where progress is printed. Defaults to the standard output.

    Returns:
        What `metrics.json` holds.

    Raises:
        VAEKerasError: If settings, data or the directory are invalid.
        RunDirectoryError: If another process works in the directory, or it cannot be written.
        TrainingDivergedError: If a term of the loss became infinite or not a number.
    """
    check_before_training(config, run_directory, resume=resume)
    return train_checked(config, run_directory, resume=resume, callbacks=callbacks, console=console)


def train_checked(
    config: Config,
    run_directory: RunDirectory,
    *,
    resume: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    console: Console | None = None,
) -> dict[str, Any]:
    """Do what `train_and_evaluate` does once `check_before_training` has passed.

    The command line calls the two itself, as the check comes before the backend is loaded.
    """
    console = console or plain_console()
    if not (config.distribute and process_number()):
        return _run(config, run_directory, callbacks, console, resume=resume)
    # All processes run the same code. Only the files of process 0 are kept; the others write to a
    # temporary directory.
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = RunDirectory(Path(folder) / "run")
        kept = run_directory.checkpoint if resume else None
        return _run(config, elsewhere, callbacks, Console(quiet=True), kept=kept)


def _run(
    config: Config,
    run_directory: RunDirectory,
    callbacks: Sequence[keras.callbacks.Callback],
    console: Console,
    *,
    resume: bool = False,
    kept: Path | None = None,
) -> dict[str, Any]:
    """Load, build, train, evaluate. `kept` is where another process keeps the checkpoints."""
    if resume and run_directory.is_begun():
        check_same_config(config, run_directory)
        if is_finished(run_directory):
            return _finished_before(run_directory, console)
    dataset = load_data(config)
    with ExitStack() as stack:
        with distribute() if config.distribute else nullcontext(1) as devices:
            check_batch_size(config.batch_size, devices)
            vae = build_model_for(config, dataset)
            stack.enter_context(run_directory.held())
            # Another process may have begun or finished the run since the first look.
            if not resume:
                run_directory.check_free()
            elif is_finished(run_directory):
                return _finished_before(run_directory, console)
            stack.enter_context(_resume_hint(run_directory, console))
            trained = _trained(vae, config, dataset, run_directory, callbacks, console, kept)
            run_directory.write_model(vae)
        if config.distribute:  # evaluate on one device, as the model will be used
            vae = load(run_directory.path)
        metrics = _evaluated(vae, config, dataset, run_directory, trained, console)
    print_closing_table(metrics, config, run_directory, console)
    return metrics


def _finished_before(run_directory: RunDirectory, console: Console) -> dict[str, Any]:
    console.print(
        f"The run in {run_directory.path} is finished: there is nothing to continue.",
        highlight=False,
        soft_wrap=True,
    )
    return read_metrics(run_directory)


@contextmanager
def _resume_hint(run_directory: RunDirectory, console: Console) -> Iterator[None]:
    """Print how to continue a run that the user, or a full disk, has stopped."""
    try:
        yield
    except (KeyboardInterrupt, RunDirectoryError) as error:
        stopped = isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, OSError)
        if stopped and run_directory.is_begun():
            console.print(
                f"Continue with: vae-keras train --resume {run_directory.path}",
                style="bold",
                highlight=False,
                soft_wrap=True,
            )
        raise


def _trained(
    vae: ImageModel,
    config: Config,
    dataset: ImageDataset,
    run_directory: RunDirectory,
    callbacks: Sequence[keras.callbacks.Callback],
    console: Console,
    kept: Path | None,
) -> Trained:
    """Write down what is trained on what, then train."""
    begun = run_directory.is_begun()
    if not begun:
        run_directory.write_config(config)
    note_environment(run_directory, _training_facts(vae, dataset))
    console.print(f"Data: {_describe_data(dataset)}", highlight=False, soft_wrap=True)
    if dataset.prepared:
        console.print(f"Images: {dataset.prepared}", highlight=False, soft_wrap=True)
    if dataset.notice:
        console.print(dataset.notice, style="bold yellow", highlight=False, soft_wrap=True)
    if shown := _shown_channels(dataset.image_shape[-1]):
        console.print(shown, style="bold yellow", highlight=False, soft_wrap=True)
    print_model_summary(vae, console, min(config.batch_size, len(dataset.train)))
    checkpoint = (Checkpoint if kept is None else _ReadOnlyCheckpoint)(
        kept or run_directory.checkpoint,
        every_epochs=config.checkpoint_epochs,
        every_minutes=config.checkpoint_minutes,
        lock=False,
    )
    return train(
        vae,
        config,
        dataset,
        run_directory,
        checkpoint=checkpoint,
        callbacks=[*callbacks, *([_AnnounceResume(checkpoint, console)] if begun else [])],
        console=console,
    )


def _evaluated(
    vae: ImageModel,
    config: Config,
    dataset: ImageDataset,
    run_directory: RunDirectory,
    trained: Trained,
    console: Console,
) -> dict[str, Any]:
    """Measure the trained model, write metrics, figures and report, and mark the run as done."""
    history = trained.history
    warm = warmup_epochs(config, len(dataset.train))
    with step_by_step("Evaluating on the test set", console) as log:
        evaluation = measure(vae, dataset, progress=log)
    metrics = {
        **metrics_of(evaluation, history, config),
        "training": {
            "epochs": len(history["loss"]),
            "seconds": round(trained.seconds, 1),
            "best_val_loss": min(history.get("val_loss", [])[warm:], default=None),
            "train_images": len(dataset.train),
            "parameters": parameter_count(vae),
            "peak_memory_mib": _peak_memory(),
        },
        "data": {
            "source": dataset.source,
            "notice": dataset.notice,
            "prepared": dataset.prepared,
            "train_images_for_evaluation": dataset.train.bounded_size,
        },
    }
    run_directory.write_arrays(evaluation.arrays)
    with step_by_step("Drawing the figures and the report", console):
        write_figures(run_directory, vae, dataset, history, evaluation)
        run_directory.write_metrics(metrics)
        write_report(run_directory, vae, dataset)
    CheckpointDirectory(run_directory.checkpoint).remove()  # the run now counts as finished
    return metrics


class _ReadOnlyCheckpoint(Checkpoint):
    """Resumes from the checkpoints of process 0, in the other processes, and saves none."""

    def save(self, *_: Any, **__: Any) -> None:
        """Save nothing: process 0 does."""


class _AnnounceResume(keras.callbacks.Callback):
    """Prints after which epoch and batch a training continues, in its first epoch."""

    def __init__(self, checkpoint: Checkpoint, console: Console) -> None:
        super().__init__()
        self.checkpoint, self.console = checkpoint, console
        self._said = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._said or self.checkpoint.resumed is None:
            return
        self._said = True
        epochs, batches = self.checkpoint.resumed
        within = f" and {batches} batches" if batches else ""
        self.console.print(f"Continuing after {epochs} epochs{within}.", highlight=False)


def _training_facts(vae: ImageModel, dataset: ImageDataset) -> dict[str, Any]:
    """Return what `environment.json` holds besides versions and machine."""
    return {
        "backend": keras.backend.backend(),
        "dtype_policy": vae.dtype_policy.name,
        "devices": device_names(),
        "training": execution_facts(vae),
        "data": {
            "source": dataset.source,
            "sha256": dataset.checksum,
            "notice": dataset.notice,
            "prepared": dataset.prepared,
        },
    }


def _shown_channels(channels: int) -> str:
    """Return what the pictures of a run show of images that are neither grey nor in colour."""
    if channels in (1, 3):
        return ""
    shown = "the mean of the two" if channels == 2 else "the first three"
    return (
        f"The images have {channels} channels: figures and pictures show {shown}, and the report "
        "has no explorer."
    )


def _describe_data(dataset: ImageDataset) -> str:
    size = " x ".join(map(str, dataset.image_shape))
    counts = f"{len(dataset.train):,} + {len(dataset.validation):,} + {len(dataset.test):,}"
    return (
        f"{dataset.name}, {counts} images (train, validation, test) of {size}, "
        f"from {dataset.source}"
    )


def _peak_memory() -> float | None:
    """Return the most memory that the process has held, in MiB; `None` where it is not reported."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if platform.system() == "Darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)
