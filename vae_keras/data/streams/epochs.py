"""Epochs of batches, in an order that depends on seed and epoch alone."""

import copy
import math
from typing import Any, Self

import numpy as np

from vae_keras._types import Images, Labels
from vae_keras.checks import positive_integer
from vae_keras.data.images.lazy_images import ImageFiles


class ImageEpochs:
    """The part of `ImageStream` that knows images and orders, and no backend.

    Args:
        images: See `ImageStream`, as for the other arguments.
    """

    def __init__(
        self,
        images: ImageFiles | Images,
        labels: Labels | None = None,
        weights: np.ndarray | None = None,
        *,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        begun: int = 0,
    ) -> None:
        self.images, self.labels, self.weights = images, labels, weights
        self.batch_size = positive_integer("batch_size", batch_size)
        self.seed, self.shuffle, self.begun = seed, shuffle, begun
        self.epoch = self.first_batch = 0

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return math.ceil(len(self.images) / self.batch_size) - self.first_batch

    def order(self, epoch: int) -> np.ndarray:
        """Return the indices of the images in the order of an epoch."""
        start = self.first_batch * self.batch_size
        if not self.shuffle:
            return np.arange(start, len(self.images))
        seeds = [self.seed, epoch, self.begun] if self.begun else [self.seed, epoch]
        return np.random.default_rng(seeds).permutation(len(self.images))[start:]

    def order_depends_on(self) -> dict[str, Any]:
        """Return what the order of an epoch depends on besides its number, as JSON values."""
        return {
            "seeds": [self.seed, self.begun],
            "images": len(self.images),
            "batch_size": self.batch_size,
            "shuffle": bool(self.shuffle),
        }

    def from_batch(self, first: int) -> Self:
        """Return the same stream without the first batches of each epoch.

        Args:
            first: Index of the batch to begin with, counted from 0.
        """
        rest = copy.copy(self)
        rest.first_batch = first
        return rest

    def batch(self, order: np.ndarray, index: int) -> tuple[np.ndarray, ...]:
        """Return one batch of an epoch, in memory: images, and labels and weights if there are any.

        Args:
            order: What `order` returned.
            index: Index of the batch within it.
        """
        part = order[int(index) * self.batch_size : (int(index) + 1) * self.batch_size]
        images = self.images
        images = images.take(part).read() if isinstance(images, ImageFiles) else images[part]
        return (images, *(one[part] for one in self.beside_images()))

    def beside_images(self) -> list[np.ndarray]:
        """Return what a batch holds besides images: labels, then weights, if there are any."""
        return [one for one in (self.labels, self.weights) if one is not None]

    def next_order(self) -> np.ndarray:
        """Return the order of the current epoch, and move to the next epoch."""
        order = self.order(self.epoch)
        self.epoch += 1
        return order
