"""Training in a run: `fit` with callbacks that steer it, record it and keep checkpoints."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
from rich.console import Console

from vae_keras.callbacks import (
    Checkpoint,
    HistoryFile,
    ReconstructionImages,
    StopOnDivergence,
    TensorBoardLog,
    TrainingProgress,
)
from vae_keras.config.config import Config
from vae_keras.data import ImageDataset
from vae_keras.errors import TrainingDivergedError
from vae_keras.io.interrupts import keep_interrupts
from vae_keras.models import ImageModel, labels_for
from vae_keras.runs.callbacks import training_callbacks
from vae_keras.runs.directory import RunDirectory

FOLLOWED_IMAGES = 10


@dataclass(frozen=True)
class Trained:
    """What training leaves besides the model.

    Attributes:
        history: What `fit` recorded, a list for each metric, from the first epoch on.
        seconds: Time that training took. Of an interrupted training, what lies between its last
            checkpoint and the interruption is not counted.
    """

    history: dict[str, list[float]]
    seconds: float


def train(
    vae: ImageModel,
    config: Config,
    dataset: ImageDataset,
    run_directory: RunDirectory,
    *,
    checkpoint: Checkpoint,
    callbacks: Sequence[keras.callbacks.Callback],
    console: Console,
) -> Trained:
    """Train a model, from its last checkpoint on if there is one.

    Ctrl-C saves the model so far and raises `KeyboardInterrupt` again.

    Args:
        vae: The model.
        config: The settings.
        dataset: The data.
        run_directory: Where history, figures and log go.
        checkpoint: The callback that keeps the checkpoints.
        callbacks: More Keras callbacks.
        console: Where progress is printed.

    Raises:
        TrainingDivergedError: If a term of the loss became infinite or not a number. The last good
            weights are saved as the model.
    """
    validated = len(dataset.validation) > 0
    followed = dataset.validation if validated else dataset.train
    validation = (dataset.validation.images, labels_for(vae, dataset.validation.labels))
    progress = TrainingProgress(console)
    from_config = training_callbacks(config, validated=validated, train_images=len(dataset.train))
    diverged = next(one for one in from_config if isinstance(one, StopOnDivergence))
    diverged.warn = False  # the error below has its message
    images = followed.images[:FOLLOWED_IMAGES]
    label = labels_for(vae, followed.labels, slice(FOLLOWED_IMAGES))
    try:
        with keep_interrupts():
            history = vae.fit(
                dataset.train.images,
                labels_for(vae, dataset.train.labels),
                augment=config.augment,
                batch_size=config.batch_size,
                epochs=config.epochs,
                validation_data=validation if validated else None,
                callbacks=[
                    *from_config,
                    HistoryFile(run_directory.history),
                    ReconstructionImages(images, run_directory.epoch_figures, label=label),
                    TensorBoardLog(run_directory.tensorboard, images, label=label),
                    progress,
                    *callbacks,
                    checkpoint,
                ],
                verbose=0,
            ).history
    except KeyboardInterrupt:
        progress.close()
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
        kept = _keep_last_good(vae, from_config, checkpoint, run_directory)
        raise TrainingDivergedError(f"{diverged.message} The run is in {run_directory.path}{kept}")
    return Trained(history, checkpoint.seconds)


def _keep_last_good(
    vae: ImageModel,
    from_config: Sequence[keras.callbacks.Callback],
    checkpoint: Checkpoint,
    run_directory: RunDirectory,
) -> str:
    """Save the last good weights as the model; return what the error adds about them.

    They are those of the best epoch, which early stopping has restored, or else of the last
    checkpoint.
    """
    best = any(getattr(one, "best_weights", None) is not None for one in from_config)
    if not best and not checkpoint.restore_weights(vae):
        return ""
    run_directory.write_model(vae)
    return f", its last good weights in {run_directory.model.name}"
