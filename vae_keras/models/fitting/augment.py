"""Augmentation: training images are mirrored and shifted at random, inside the graph."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from vae_keras._types import ImageShape, Tensor
from vae_keras.backend.replicas import own_rows
from vae_keras.config.rules import augmentation
from vae_keras.errors import ArgumentError

_LARGEST_SHIFT = 0.1  # share of the height and of the width
_SEED_APART = 7919  # from the seed of the noise


def checked_augmentation(augment: Any, image_shape: ImageShape) -> tuple[str, ...]:
    """Return the names of the changes, or raise `ArgumentError`.

    Args:
        augment: `"flip"`, `"shift"`, or a sequence of them.
        image_shape: Shape of the model's images, which must have height, width and channels.
    """
    names = augmentation("augment", (augment,) if isinstance(augment, str) else augment)
    if names and len(image_shape) != 3:
        raise ArgumentError(
            "`augment` must be left out for what has no height and width. "
            f"Received: augment={augment!r}, a model of shape {tuple(image_shape)}"
        )
    return names


def seed_of_augmentation(seed: int | None) -> keras.random.SeedGenerator:
    """Return the generator of the changes; its draws are not those of the noise.

    Args:
        seed: Seed of the model.
    """
    return keras.random.SeedGenerator(None if seed is None else (seed + _SEED_APART) % 2**31)


def augmented(
    names: Sequence[str], arrays: Sequence[Tensor | None], seed: keras.random.SeedGenerator
) -> list[Tensor | None]:
    """Change each image of a batch at random, and what belongs to its pixels in the same way.

    `flip` mirrors half of the images, left to right. `shift` moves each by whole pixels, up to a
    tenth of its height and width; the pixels at the edge are repeated.

    Args:
        names: `"flip"`, `"shift"`.
        arrays: Images, targets and weights of pixels, each `(batch, height, width, ...)` or `None`.
            The first are there.
        seed: Where the draws come from.
    """
    first = ops.convert_to_tensor(arrays[0])
    count = ops.shape(first)[0]
    height, width = first.shape[1:3]
    draws = own_rows(lambda n: keras.random.uniform((n, 3), seed=seed), count)
    rows = ops.tile(ops.arange(height)[None], (count, 1))
    columns = ops.tile(ops.arange(width)[None], (count, 1))
    if "flip" in names:
        columns = ops.where(draws[:, :1] < 0.5, width - 1 - columns, columns)
    if "shift" in names:
        rows = _shifted(rows, draws[:, 1:2], height)
        columns = _shifted(columns, draws[:, 2:], width)

    def changed(x: Tensor) -> Tensor:
        x = ops.convert_to_tensor(x)
        for axis, places in ((1, rows), (2, columns)):
            shape = [-1 if at == axis else 1 for at in range(1, len(x.shape))]
            index = ops.reshape(places, (count, *shape))
            x = ops.take_along_axis(x, index, axis=axis)
        return x

    return [None if one is None else changed(one) for one in arrays]


def _shifted(places: Tensor, draw: Tensor, size: int) -> Tensor:
    """Move the places along an axis by -most to most, each as likely."""
    most = max(1, round(_LARGEST_SHIFT * size))
    by = ops.cast(ops.floor(draw * (2 * most + 1)), "int32") - most
    return ops.clip(ops.cast(places, "int32") + by, 0, size - 1)
