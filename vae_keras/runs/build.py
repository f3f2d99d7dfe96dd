"""From settings to what is trained: the data and the model."""

import contextlib
import dataclasses
import inspect
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from vae_keras.backend.determinism import make_deterministic
from vae_keras.config.config import OPTION_AXES, Config
from vae_keras.config.presets import FOLDERS, member
from vae_keras.data import ImageDataset, Preparation, binarized, load_dataset, without_classes
from vae_keras.data.load import WITHOUT_FILES
from vae_keras.errors import ArgumentError, DataError, unknown_name
from vae_keras.models import (
    VAE,
    Autoencoder,
    ConditionalVAE,
    ImageModel,
    execution_arguments,
    has_accelerator,
    multiplications_of,
    set_output_bias,
)
from vae_keras.schedules import named_schedule


def load_data(config: Config, *, channels: int | None = None) -> ImageDataset:
    """Load the data set that `config` names, split into three by its seed.

    Args:
        config: The settings.
        channels: Channels of a folder's images, 1 or 3. Defaults to `None`: what they have.
    """
    if config.data is not None and not Path(config.data).exists():
        raise ArgumentError(
            f"`data` must be an existing file or folder. Received: data={config.data!r}"
        )
    if config.data is not None and config.dataset in WITHOUT_FILES:
        raise ArgumentError(
            f"`data` must not be given with dataset={config.dataset!r}, which "
            f"{WITHOUT_FILES[config.dataset]}. Received: data={config.data!r}"
        )
    excluded = config.exclude_classes
    dataset = load_dataset(
        config.dataset,
        config.data,
        train_size=None if excluded else config.train_size,
        validation_size=config.validation_size,
        seed=config.seed,
        stream=config.stream,
        image_size=config.image_size,
        crop=config.crop,
        background=config.background,
        channels=channels,
    )
    if excluded:
        dataset = _first(without_classes(dataset, excluded), config.train_size)
    if config.binarize == "none":
        return dataset
    return binarized(dataset, train=config.binarize == "static")


def build_model(
    config: Config,
    image_shape: tuple[int, int, int],
    *,
    num_classes: int = 0,
    images: np.ndarray | None = None,
) -> ImageModel:
    """Build and compile the model of `config`. The same seed gives the same weights.

    Sets Keras' global seed first. So the initial weights, and the order of the images in a `fit`
    that follows, are the same as with `train.py`.

    Args:
        config: The settings.
        image_shape: `(height, width, channels)`.
        num_classes: Number of classes, for a conditional model.
        images: Training images, for `output_bias="data"`.

    Returns:
        A `VAE`, `ConditionalVAE` or `Autoencoder`.

    Raises:
        ArgumentError: If a member does not exist or does not take an option that is set, or an
            argument that the settings ask for is missing.
    """
    if config.deterministic:
        make_deterministic()
    keras.utils.set_random_seed(config.seed)
    with _precision(config.precision):
        return _built_model(config, image_shape, num_classes, images)


def _built_model(
    config: Config,
    image_shape: tuple[int, int, int],
    num_classes: int,
    images: np.ndarray | None,
) -> ImageModel:
    parts = {axis: _built(axis, config) for axis in OPTION_AXES}
    likelihood = parts["likelihood"]
    architecture = member(FOLDERS["architecture"], config.architecture)
    _check_options(config, architecture)
    kinds: dict[str, Any] = {}
    if config.model == "conditional":
        if num_classes < 1:
            raise ArgumentError(
                "`num_classes` must be given for a conditional model. "
                f"Received: num_classes={num_classes!r}"
            )
        kinds["num_classes"] = num_classes
    elif config.model == "autoencoder":
        kinds["variational"] = False
    every: dict[str, Any] = {
        "seed": config.seed,
        "skip_gradient_norm": config.skip_gradient_norm,
        "preparation": Preparation(config.crop if config.image_size else None, config.background),
    }
    encoder, decoder = architecture(
        image_shape, config.latent_dim, likelihood, **config.architecture_options, **kinds
    )
    model: ImageModel
    if config.model == "autoencoder":
        model = Autoencoder(encoder, decoder, likelihood, **every)
    else:
        kind = ConditionalVAE if config.model == "conditional" else VAE
        model = kind(
            encoder,
            decoder,
            likelihood,
            parts["regularizer"],
            prior=parts["prior"],
            objective=parts["objective"],
            kl_weight=config.kl_weight,
            kl_schedule=named_schedule(config.kl_schedule, config.warmup_steps),
            binarize=config.binarize == "dynamic",
            **every,
        )
    multiplications = multiplications_of(encoder) + multiplications_of(decoder)
    model.compile(
        optimizer=keras.optimizers.Adam(
            config.learning_rate, epsilon=config.adam_epsilon, global_clipnorm=config.clip_norm
        ),
        **execution_arguments(
            config.jit_compile,
            config.steps_per_execution,
            multiplications=multiplications * config.batch_size,
        ),
    )
    if config.output_bias == "data":
        if images is None:
            raise ArgumentError("`images` must be given for output_bias='data'. Received: None")
        set_output_bias(model, images)
    return model


def build_model_for(config: Config, dataset: ImageDataset) -> ImageModel:
    """Build and compile the model of `config` for a data set; see `build_model`.

    Raises:
        DataError: If the model is conditional and the data set has no labels, or its images do not
            fit the model.
    """
    labels = dataset.train.labels
    if config.model == "conditional" and labels is None:
        raise DataError(
            "`dataset` must have labels for a conditional model. "
            f"Received: {dataset.name}, without labels"
        )
    parts = (dataset.train, dataset.validation, dataset.test)
    known = [int(part.labels.max()) for part in parts if part.labels is not None and len(part)]
    num_classes = len(dataset.class_names or ()) or max(known, default=-1) + 1
    images = dataset.train.bounded().images if config.output_bias == "data" else None
    model = build_model(config, dataset.image_shape, num_classes=num_classes, images=images)
    for part in parts:
        if len(part):
            model.check_images(part.images, name="data")
    return model


@contextlib.contextmanager
def _precision(policy: str) -> Iterator[None]:
    """Build models within under a dtype policy, and restore the caller's own afterwards."""
    if policy == "float32":
        yield
        return
    if not has_accelerator():
        warnings.warn(
            f"`precision` {policy} is for a GPU: on a CPU it makes training slower, not faster.",
            stacklevel=4,
        )
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _first(dataset: ImageDataset, train_size: int | None) -> ImageDataset:
    """Keep the first `train_size` training images; all if it is `None`."""
    train = dataset.train
    if train_size is None:
        return dataset
    if train_size > len(train):
        raise ArgumentError(
            f"`train_size` must be at most {len(train)}, the training images that "
            f"`exclude_classes` leaves. Received: train_size={train_size}"
        )
    return dataclasses.replace(dataset, train=train.take(slice(train_size)))


def _built(axis: str, config: Config) -> Any:
    """Return the member of an axis that the settings name, with its options."""
    name, options = getattr(config, axis), config.options(axis)
    kind = member(FOLDERS[axis], name)
    taken = [
        one
        for one in inspect.signature(kind).parameters.values()
        if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]
    for option in options:
        if not taken:
            raise ArgumentError(
                f"`{axis}_options` must be empty for {name!r}, which takes none. "
                f"Received: {axis}_options={getattr(config, f'{axis}_options')!r}"
            )
        if option not in {one.name for one in taken}:
            raise unknown_name(f"{axis}_options", option, [one.name for one in taken])
    missing = [one.name for one in taken if one.default is one.empty and one.name not in options]
    if missing:
        raise ArgumentError(
            f"`{axis}` must be one that settings alone can build: {name!r} takes "
            f"`{missing[0]}`, which only Python can give. Received: {axis}={name!r}"
        )
    return kind(**options)


def _check_options(config: Config, architecture: Callable[..., Any]) -> None:
    """Raise `ArgumentError` if the architecture lacks an option, or Keras the activation."""
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
