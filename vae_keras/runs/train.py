"""The main job: what `train.py` and the notebooks both do."""

import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from vae_keras.backend.parallel import distribute, process_number
from vae_keras.callbacks import Checkpoint
from vae_keras.checkpoints.directory import CheckpointDirectory
from vae_keras.config.config import Config
from vae_keras.config.presets import check_members
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
from vae_keras.runs.directory import RunDirectory
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
    callbacks: Sequence[Any] = (),
    console: Console | None = None,
) -> dict[str, Any]:
    """Train a model, judge it, and leave everything in a run directory.

    Data and settings are checked before anything is written. Ctrl-C saves the model so far and
    raises `KeyboardInterrupt` again. Until all is done the directory holds checkpoints, from which
    the same call with `resume=True` goes on, to the numbers of a run that was not interrupted.

    Args:
        config: The settings.
        run_directory: Where to; must be new or empty, unless `resume` is set.
        resume: Whether to go on with a run of these settings: one that is not there is begun, and
            of one that is finished the numbers are returned. Defaults to `False`.
        callbacks: More Keras callbacks, say those of Weights & Biases or MLflow.
        console: Where progress is printed. Defaults to the standard output.

    Returns:
        What `metrics.json` holds.

    Raises:
        VAEKerasError: If settings, data or the directory make no sense.
        RunDirectoryError: If another process works in the directory, or it cannot be written.
        TrainingDivergedError: If a term of the loss became infinite or not a number.
    """
    console = console or plain_console()
    if not (config.distribute and process_number()):
        return _run(config, run_directory, callbacks, console, resume=resume)
    # Several processes have to do the same. What the others write, no one reads.
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = RunDirectory(Path(folder) / "run")
        kept = run_directory.checkpoint if resume else None
        return _run(config, elsewhere, callbacks, Console(quiet=True), kept=kept)


def _run(
    config: Config,
    run_directory: RunDirectory,
    callbacks: Sequence[Any],
    console: Console,
    *,
    resume: bool = False,
    kept: Path | None = None,
) -> dict[str, Any]:
    """Do it all. Where `kept` is given the checkpoints are there, and those of another process."""
    check_members(config)
    if not (resume and run_directory.is_begun()):
        run_directory.check_free()
    else:
        check_same_config(config, run_directory)
        if is_finished(run_directory):
            return _finished_before(run_directory, console)
    dataset = load_data(config)
    with ExitStack() as stack:
        with distribute() if config.distribute else nullcontext(1) as devices:
            check_batch_size(config.batch_size, devices)
            vae = build_model_for(config, dataset)
            stack.enter_context(run_directory.held())
            # Another process may have been quicker.
            if not resume:
                run_directory.check_free()
            elif is_finished(run_directory):
                return _finished_before(run_directory, console)
            stack.enter_context(_saying_how_to_go_on(run_directory, console))
            trained = _trained(vae, config, dataset, run_directory, callbacks, console, kept)
            run_directory.write_model(vae)
        if config.distribute:  # from now on on one device, as it will be used
            vae = load(run_directory.path)
        metrics = _evaluated(vae, config, dataset, run_directory, trained, console)
    print_closing_table(metrics, run_directory, console)
    return metrics


def _finished_before(run_directory: RunDirectory, console: Console) -> dict[str, Any]:
    console.print(
        f"The run in {run_directory.path} is finished: there is nothing to go on with.",
        highlight=False,
        soft_wrap=True,
    )
    return read_metrics(run_directory)


@contextmanager
def _saying_how_to_go_on(run_directory: RunDirectory, console: Console) -> Iterator[None]:
    """Say it where the user, or a disk without room, has put an end to a run."""
    try:
        yield
    except (KeyboardInterrupt, RunDirectoryError) as error:
        stopped = isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, OSError)
        if stopped and run_directory.is_begun():
            console.print(
                f"It goes on with: vae-keras train --resume {run_directory.path}",
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
    callbacks: Sequence[Any],
    console: Console,
    kept: Path | None,
) -> Trained:
    begun = run_directory.is_begun()
    if not begun:
        run_directory.write_config(config)
    note_environment(run_directory, _environment(vae, dataset))
    console.print(f"Data: {_described(dataset)}", highlight=False, soft_wrap=True)
    if dataset.notice:
        console.print(dataset.notice, style="bold yellow", highlight=False, soft_wrap=True)
    print_model_summary(vae, console)
    checkpoint = (Checkpoint if kept is None else _OthersCheckpoint)(
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
        callbacks=[*callbacks, *([_SayWhere(checkpoint, console)] if begun else [])],
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
    history = trained.history
    warm = warmup_epochs(config, len(dataset.train))
    with step_by_step("Evaluating on the test set", console) as say:
        evaluation = measure(vae, dataset, progress=say)
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
            "train_images_for_evaluation": dataset.train.bounded_size,
        },
    }
    run_directory.write_arrays(evaluation.arrays)
    with step_by_step("Drawing the figures and the report", console):
        write_figures(run_directory, vae, dataset, history, evaluation)
        run_directory.write_metrics(metrics)
        write_report(run_directory, vae, dataset)
    CheckpointDirectory(run_directory.checkpoint).remove()  # with that the run counts as done
    return metrics


class _OthersCheckpoint(Checkpoint):
    """The checkpoints of process 0, for the others, which only read them."""

    def save(self, *_: Any, **__: Any) -> None:
        """Nothing."""


class _SayWhere(keras.callbacks.Callback):
    """Says where training goes on, once it is known."""

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
        self.console.print(f"Going on after {epochs} epochs{within}.", highlight=False)


def _environment(vae: ImageModel, dataset: ImageDataset) -> dict[str, Any]:
    return {
        "backend": keras.backend.backend(),
        "dtype_policy": vae.dtype_policy.name,
        "devices": _devices(),
        "training": execution_facts(vae),
        "data": {
            "source": dataset.source,
            "sha256": dataset.checksum,
            "notice": dataset.notice,
        },
    }


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
