"""One binary draw of a data set."""

import dataclasses

import numpy as np

from vae_keras.data.dataset import ImageDataset, Split
from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.errors import ArgumentError, DataError


def is_binary(x: np.ndarray) -> bool:
    """Whether every pixel value is the lowest or the highest one there is."""
    if x.dtype == np.bool_:
        return True
    highest = 255 if x.dtype == np.uint8 else 1
    return bool(np.isin(x, (0, highest)).all())


def drawn_binary(x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw each pixel as true with its grey value as the probability.

    Args:
        x: uint8, boolean, or float in `[0, 1]`.
        generator: Source of the draw.

    Returns:
        Boolean, same shape; images that are binary already come back the same.
    """
    if x.dtype == np.bool_:
        return x
    scale = 255.0 if x.dtype == np.uint8 else 1.0
    return generator.random(x.shape, dtype="float32") * scale < x


# The draw is the same in every run, whatever its seed, so that test figures compare.
TRAIN_SEED, VALIDATION_SEED, TEST_SEED = 0, 1, 2


def binarized(dataset: ImageDataset, *, train: bool) -> ImageDataset:
    """Draw each pixel as 0 or 255 with its grey value as the probability, once.

    This is the package's own fixed draw: figures on other published draws of the same data, say
    that of Larochelle & Murray (2011) for MNIST, differ by what the draws differ.

    Args:
        dataset: Images in bytes, or float in [0, 1].
        train: Whether to draw the training images too; a model that draws them anew at each step
            wants them grey.

    Raises:
        DataError: If float images lie outside [0, 1].
        ArgumentError: If the images to draw are files that are read as they are needed.
    """
    return dataclasses.replace(
        dataset,
        name=f"{dataset.name}, binarised",
        train=_drawn(dataset.train, TRAIN_SEED) if train else dataset.train,
        validation=_drawn(dataset.validation, VALIDATION_SEED),
        test=_drawn(dataset.test, TEST_SEED),
    )


def _drawn(split: Split, seed: int) -> Split:
    if isinstance(split.images, ImageFiles):
        raise ArgumentError(
            "`binarize` must be 'dynamic' or 'none' for training images that are read from files "
            "as they are needed: a fixed draw would have to be held in memory. "
            "Received: binarize='static'"
        )
    highest = 255.0 if split.images.dtype == np.uint8 else 1.0
    if len(split) and (split.images.min() < 0 or split.images.max() > highest):
        raise DataError(
            "`binarize` must go with images in bytes or float in [0, 1]. "
            f"Received: values from {split.images.min():.4g} to {split.images.max():.4g}"
        )
    drawn = drawn_binary(split.images, np.random.default_rng(seed))
    return dataclasses.replace(split, images=drawn.astype("uint8") * np.uint8(255))
