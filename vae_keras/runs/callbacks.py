"""From settings to the callbacks that steer training: warm-up, learning rate, early stopping."""

import math
import warnings

import keras
import numpy as np

from vae_keras.callbacks import KLWarmup, ReduceLROnPlateau, StopOnDivergence
from vae_keras.config.config import Config
from vae_keras.errors import ArgumentError
from vae_keras.schedules import named_schedule

_CYCLICAL_EPOCHS = 16  # four for each cycle: two rise, two at the final weight


def training_callbacks(
    config: Config, *, validated: bool = True, train_images: int | None = None
) -> list[keras.callbacks.Callback]:
    """Return the callbacks that steer training: warm-up, plateau rule, early stopping.

    Plateau rule and early stopping count epochs only from the end of the warm-up on. The validation
    loss that they watch is measured at the final KL weight throughout.

    Args:
        config: The settings.
        validated: Whether `fit` gets validation data; otherwise nothing watches `val_loss`.
        train_images: Number of training images. Needed for a warm-up in steps, to convert it to
            epochs.
    """
    callbacks: list[keras.callbacks.Callback] = [StopOnDivergence()]
    if config.model != "autoencoder" and not config.warmup_steps:
        schedule = named_schedule(config.kl_schedule, config.warmup_epochs)
        if config.kl_schedule == "cyclical" and 0 < config.warmup_epochs < _CYCLICAL_EPOCHS:
            warnings.warn(
                f"Four cycles of the KL weight in {config.warmup_epochs} epochs are too coarse. "
                f"Take {_CYCLICAL_EPOCHS} epochs at least, or set `warmup_steps`.",
                stacklevel=2,
            )
        callbacks.insert(0, KLWarmup(config.warmup_epochs, schedule))
    start = warmup_epochs(config, train_images)
    if config.warmup_steps and start >= config.epochs:  # `KLWarmup` warns of one in epochs
        warnings.warn(
            f"The KL warm-up takes {config.warmup_steps} steps, {start} epochs, and training only "
            f"{config.epochs}: no epoch runs at the final KL weight. Train longer or shorten it.",
            stacklevel=2,
        )
    if config.stage_epochs:
        callbacks.append(keras.callbacks.LearningRateScheduler(_Stages(config)))
    elif validated:
        callbacks.append(
            ReduceLROnPlateau(
                patience=config.plateau_patience,
                factor=config.plateau_factor,
                # The setting is in nats; an autoencoder's loss, per pixel value, is far smaller.
                min_delta=0.0 if config.model == "autoencoder" else config.plateau_min_delta,
                min_lr=config.min_learning_rate,
                start_from_epoch=start,
            )
        )
    if validated and config.early_stopping_patience is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor="val_loss",
                mode="min",
                patience=config.early_stopping_patience,
                restore_best_weights=True,
                start_from_epoch=start,
            )
        )
    return callbacks


def warmup_epochs(config: Config, train_images: int | None = None) -> int:
    """Return the length of the warm-up in epochs, also if it is set in steps.

    Raises:
        ArgumentError: If it is set in steps and `train_images` is not given.
    """
    if not config.warmup_steps or config.model == "autoencoder":
        return 0 if config.model == "autoencoder" else config.warmup_epochs
    if train_images is None:
        raise ArgumentError(
            "`train_images` must be given for a warm-up in steps. Received: train_images=None"
        )
    return math.ceil(config.warmup_steps / math.ceil(train_images / config.batch_size))


class _Stages:
    """The learning rate of each epoch, if it falls in stages."""

    def __init__(self, config: Config) -> None:
        self.rate, self.factor = config.learning_rate, config.stage_factor
        self.ends = np.cumsum(config.stage_epochs)

    def __call__(self, epoch: int, _: float) -> float:
        stage = min(int(np.searchsorted(self.ends, epoch, side="right")), len(self.ends) - 1)
        return float(self.rate * self.factor**stage)
