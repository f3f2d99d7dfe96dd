"""Records of images: a split, a data set of three splits, and what a reader returns."""

from dataclasses import dataclass

import numpy as np

from vae_keras._types import Images, ImageShape, Labels
from vae_keras.data.images.lazy_images import ImageFiles

# Limits on what is read into memory at once from image files, for example to evaluate a model. As
# floats, which some metrics need, the images take four times as much.
BOUNDED_IMAGES, BOUNDED_BYTES = 20_000, 128 << 20


@dataclass(frozen=True)
class Split:
    """Images, with their labels and factors if there are any.

    Args:
        images: Shape `(n, height, width, channels)`, uint8 in 0..255, or float32 if the user's own
            array is float. Images that are read as needed are `ImageFiles`, which are indexed like
            an array.
        labels: Shape `(n,)`, int64, or `None`.
        factors: Level of each factor that the image was made from, counted from 0, shape
            `(n, number of factors)`, int64, or `None` if they are not known.
    """

    images: Images
    labels: Labels | None = None
    factors: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: slice | np.ndarray) -> "Split":
        """Return the part at `indices`: a slice, an array of indices or a mask."""
        labels = None if self.labels is None else self.labels[indices]
        factors = None if self.factors is None else self.factors[indices]
        images = self.images
        part = images.take(indices) if isinstance(images, ImageFiles) else images[indices]
        return Split(part, labels, factors)

    def in_memory(self) -> "Split":
        """Return the split with its images as an array; itself if they are an array already."""
        if not isinstance(self.images, ImageFiles):
            return self
        return Split(np.asarray(self.images), self.labels, self.factors)

    @property
    def bounded_size(self) -> int:
        """Number of images that `bounded` returns."""
        if not isinstance(self.images, ImageFiles):
            return len(self)
        fit = BOUNDED_BYTES // int(np.prod(self.images.image_shape))
        return min(len(self), BOUNDED_IMAGES, max(1, fit))

    def bounded(self) -> "Split":
        """Return a part of the split that fits in memory; itself if the images are an array.

        Of image files it takes at most `BOUNDED_IMAGES` and `BOUNDED_BYTES`. They are drawn at
        random, always the same, and keep their order.
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
    """Three disjoint splits of one set of images, and their source.

    Args:
        name: One of `DATASET_NAMES`.
        train: The images that a model is trained on.
        validation: The images that choices are made on. It may be empty.
        test: The images that a model is evaluated on once, at the end.
        class_names: One name per label, or `None`.
        source: One line for people: where the files were found.
        checksum: sha256, in hex, of the bytes of all images, labels and factors read, before they
            are split: the same data give the same checksum whatever `seed` and `train_size` are.
            Of images that are read as needed: over the names and the bytes of the files.
        notice: One line to be shown prominently, if the bundled part stands in for the whole set
            for instance, otherwise `None`.
        factor_names: One name per column of the splits' `factors`, or `None`.
        anomalies: Test images of the classes that were excluded from the splits, or `None`.
        prepared: What was done to the images, in one line; `None` if nothing was.
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
    prepared: str | None = None

    @property
    def image_shape(self) -> ImageShape:
        """Shape of one image, `(height, width, channels)`."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels


@dataclass(frozen=True)
class Source:
    """What the reader of a data set returns: all that it read, before it is split.

    Args:
        train: The training part, or all images if `test` is `None`.
        test: The published test set, or `None` if there is none.
        origin: One line for people: where the files were found.
        class_names: One name per label, or `None`.
        notice: See `ImageDataset`.
        factor_names: One name per factor, or `None`.
        checksum: See `ImageDataset`; `None` if it is to be computed from the arrays.
        validation: The published validation set, or `None` if it is to be drawn.
        prepared: See `ImageDataset`.
    """

    train: Split
    test: Split | None
    origin: str
    class_names: tuple[str, ...] | None = None
    notice: str | None = None
    factor_names: tuple[str, ...] | None = None
    checksum: str | None = None
    validation: Split | None = None
    prepared: str | None = None
