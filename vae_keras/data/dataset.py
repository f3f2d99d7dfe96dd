"""The records that a loader hands on: a split, and a data set of three of them."""

from dataclasses import dataclass

import numpy as np

from vae_keras.data.images.lazy_images import ImageFiles

# What is read at once of images that are files: to measure a model by, say. As floats, which some
# measures need, it takes four times as much.
BOUNDED_IMAGES, BOUNDED_BYTES = 20_000, 128 << 20


@dataclass(frozen=True)
class Split:
    """Images, with their labels and factors where there are any.

    Args:
        images: Shape `(n, height, width, channels)`, uint8 in 0..255, or float32 where the user's
            own array is float. Where they are read as they are needed they are `ImageFiles`, which
            index like an array.
        labels: Shape `(n,)`, int64, or `None`.
        factors: Level of each factor that the image was made from, counted from 0, shape
            `(n, number of factors)`, int64, or `None` where they are not known.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    factors: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: slice | np.ndarray) -> "Split":
        """Return the part at `indices`: a slice, numbers or a mask."""
        labels = None if self.labels is None else self.labels[indices]
        factors = None if self.factors is None else self.factors[indices]
        images = self.images
        part = images.take(indices) if isinstance(images, ImageFiles) else images[indices]
        return Split(part, labels, factors)

    def in_memory(self) -> "Split":
        """Return a split whose images are an array; itself, where they are one already."""
        if not isinstance(self.images, ImageFiles):
            return self
        return Split(np.asarray(self.images), self.labels, self.factors)

    @property
    def bounded_size(self) -> int:
        """How many images `bounded` returns."""
        if not isinstance(self.images, ImageFiles):
            return len(self)
        fit = BOUNDED_BYTES // int(np.prod(self.images.image_shape))
        return min(len(self), BOUNDED_IMAGES, max(1, fit))

    def bounded(self) -> "Split":
        """Return what can be held in memory; itself, where the images are an array.

        Of images in files it is at most `BOUNDED_IMAGES` and `BOUNDED_BYTES`, drawn at random but
        always the same, in their order.
        """
        count = self.bounded_size
        if count == len(self):
            return self.in_memory()
        drawn = np.random.default_rng(0).permutation(len(self))[:count]
        return self.take(np.sort(drawn)).in_memory()

    def __repr__(self) -> str:
        labels = None if self.labels is None else self.labels.shape
        factors = "" if self.factors is None else f", factors={self.factors.shape}"
        return f"Split(images={self.images.shape} {self.images.dtype}, labels={labels}{factors})"


@dataclass(frozen=True)
class ImageDataset:
    """Three disjoint splits of one set of images, and where they come from.

    Args:
        name: One of `DATASET_NAMES`.
        train: What the model learns from.
        validation: What choices are made on. May hold no image.
        test: What is read once, at the end.
        class_names: One name per label, or `None`.
        source: One line for people: where the files were found.
        checksum: sha256, in hex, of the bytes of all images, labels and factors read, before they
            are split: the same data give the same checksum whatever `seed` and `train_size` are. Of
            images that are files, over the names and the bytes of the files.
        notice: One line to be shown loudly where the bundled part stands in for the whole set,
            otherwise `None`.
        factor_names: One name per column of the splits' `factors`, or `None`.
        anomalies: Test images of the classes that were taken out of the splits, or `None`.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...] | None
    source: str
    checksum: str
    notice: str | None = None
    factor_names: tuple[str, ...] | None = None
    anomalies: Split | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of one image, `(height, width, channels)`."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels


@dataclass(frozen=True)
class Source:
    """What the reader of one data set returns: everything it read, not split yet.

    Args:
        train: The training part, or all images where `test` is `None`.
        test: The test set as published, or `None` where there is none.
        origin: One line for people: where the files were found.
        class_names: One name per label, or `None`.
        notice: See `ImageDataset`.
        factor_names: One name per factor, or `None`.
        checksum: See `ImageDataset`; `None` where it is that of the arrays.
    """

    train: Split
    test: Split | None
    origin: str
    class_names: tuple[str, ...] | None = None
    notice: str | None = None
    factor_names: tuple[str, ...] | None = None
    checksum: str | None = None
