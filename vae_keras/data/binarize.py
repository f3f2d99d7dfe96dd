"""Binary images: each pixel is drawn as black or white with its grey value as the probability."""

import dataclasses

import numpy as np

from vae_keras._types import Images
from vae_keras.data.dataset import ImageDataset, Split
from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.errors import ArgumentError, DataError

# Seeds of the fixed draw: the same in every run, whatever its seed, so that test metrics compare.
TRAIN_SEED, VALIDATION_SEED, TEST_SEED = 0, 1, 2
_LOOKED_AT = 1000  # images, to tell whether integers are 0 and 1 alone


def is_binary(x: Images) -> bool:
    """Tell whether every pixel has the lowest or the highest value of its type."""
    if x.dtype == np.bool_:
        return True
    highest = 255 if x.dtype == np.uint8 else 1
    return bool(np.isin(x, (0, highest)).all())


def holds_zeros_and_ones(x: Images) -> bool:
    """Tell whether integers are 0 and 1 alone, black and white, rather than levels up to 255.

    A sample is looked at, and the whole array only where all of the sample is 0 and 1. An array
    that is 0 everywhere tells nothing, so the answer is no.

    Args:
        x: Integers or booleans, shape `(n, ...)`.
    """
    if x.dtype.kind == "b":
        return True
    if x.dtype.kind not in "iu" or len(x) == 0:
        return False
    sample = x[:: -(-len(x) // _LOOKED_AT)]
    return bool(sample.max() == 1 and x.max() == 1 and x.min() == 0)


def drawn_binary(x: Images, generator: np.random.Generator) -> Images:
    """Draw each pixel as true with its grey value as the probability.

    Args:
        x: uint8, boolean, or float in `[0, 1]`.
        generator: Source of the draw.

    Returns:
        Boolean, same shape. Images that are binary already keep their values.
    """
    if x.dtype == np.bool_:
        return x
    scale = 255.0 if x.dtype == np.uint8 else 1.0
    return generator.random(x.shape, dtype="float32") * scale < x


def binarized(dataset: ImageDataset, *, train: bool) -> ImageDataset:
    """Draw each pixel as 0 or 255 with its grey value as the probability, once.

    This is the package's own fixed draw. Results on another published draw of the same data, such
    as that of Larochelle & Murray (2011) for MNIST, differ a little for that reason alone.

    Args:
        dataset: Images in bytes, or float in `[0, 1]`.
        train: Whether to draw the training images too. A model that draws them anew at each step
            needs them grey.

    Raises:
        DataError: If float images lie outside `[0, 1]`.
        ArgumentError: If images to be drawn are files that are read as needed.
    """
    return dataclasses.replace(
        dataset,
        name=f"{dataset.name}, binarised",
        train=_binarized_split(dataset.train, TRAIN_SEED) if train else dataset.train,
        validation=_binarized_split(dataset.validation, VALIDATION_SEED),
        test=_binarized_split(dataset.test, TEST_SEED),
    )


def _binarized_split(split: Split, seed: int) -> Split:
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
