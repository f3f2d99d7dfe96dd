"""From settings to the things that are trained: data, model, callbacks."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from vae_keras.callbacks import KLWarmup, ReduceLROnPlateau, StopOnDivergence
from vae_keras.config import Config
from vae_keras.data import ImageDataset, load_dataset
from vae_keras.errors import ArgumentError, unknown_name
from vae_keras.models import VAE
from vae_keras.presets import member


def load_data(config: Config) -> ImageDataset:
    """Load the data set that `config` names, split into three by its seed."""
    if config.data is not None and not Path(config.data).exists():
        raise ArgumentError(
            f"`data` must be an existing file or folder. Received: data={config.data!r}"
        )
    return load_dataset(
        config.dataset,
        config.data,
        train_size=config.train_size,
        validation_size=config.validation_size,
        seed=config.seed,
    )


def build_model(config: Config, image_shape: tuple[int, int, int]) -> VAE:
    """Build and compile the model of `config`. The same seed gives the same weights.

    Sets Keras' global seed first, so that the initial weights, and the order of the images in a
    `fit` that follows, are those of `train.py`.

    Args:
        config: The settings.
        image_shape: `(height, width, channels)`.

    Raises:
        ArgumentError: If a member does not exist or does not take an option that is set.
    """
    keras.utils.set_random_seed(config.seed)
    likelihood = member("likelihoods", config.likelihood)()
    architecture = member("architectures", config.architecture)
    _check_options(config, architecture)
    encoder, decoder = architecture(
        image_shape, config.latent_dim, likelihood, **config.architecture_options
    )
    vae = VAE(encoder, decoder, likelihood, kl_weight=config.kl_weight, seed=config.seed)
    vae.compile(optimizer=keras.optimizers.Adam(config.learning_rate))
    return vae


def _check_options(config: Config, architecture: Callable[..., Any]) -> None:
    """Raise `ArgumentError` on an option that the architecture does not take or Keras not know."""
    taken = inspect.signature(architecture).parameters
    for name, value in config.architecture_options.items():
        if name not in taken:
            raise ArgumentError(
                f"`{name}` must not be set for architecture {config.architecture!r}, which does "
                f"not take it. Received: {name}={value!r}"
            )
    if config.activation is not None:
        try:
            keras.activations.get(config.activation)
        except ValueError:
            names = set(dir(keras.activations)) - {"get", "serialize", "deserialize"}
            known = (name for name in names if not name.startswith("_"))
            raise unknown_name("activation", config.activation, known) from None


def training_callbacks(config: Config, *, validated: bool = True) -> list[Any]:
    """Return the callbacks that steer training: warm-up, plateau rule, early stopping.

    The last two count only from the end of the warm-up, on a validation loss that is measured at
    the final KL weight throughout.

    Args:
        config: The settings.
        validated: Whether `fit` gets validation data; without, nothing watches `val_loss`.
    """
    callbacks: list[Any] = [KLWarmup(config.warmup_epochs), StopOnDivergence()]
    if validated:
        callbacks += [
            ReduceLROnPlateau(
                patience=config.plateau_patience,
                factor=config.plateau_factor,
                min_delta=config.plateau_min_delta,
                min_lr=config.min_learning_rate,
                start_from_epoch=config.warmup_epochs,
            ),
            keras.callbacks.EarlyStopping(
                monitor="val_loss",
                mode="min",
                patience=config.early_stopping_patience,
                restore_best_weights=True,
                start_from_epoch=config.warmup_epochs,
            ),
        ]
    return callbacks
