"""Batches of images for `fit`, in an order that depends on seed and epoch alone."""

import copy
import importlib.util
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.errors import ArgumentError, DataError


class ImageStream:
    """Shuffled batches of images, as the backend's own input pipeline gives them.

    TensorFlow reads and decodes files in its graph (`tf.data`); on JAX and PyTorch Grain's threads
    do, by Pillow. What is shuffled is the numbers of the images, all of them in each epoch: no
    image waits in a buffer, and the order depends on seed and epoch alone, on every backend, so
    that a training that was cut short can go on with the batches that it would have had.

    Models take arrays and `ImageFiles` in `fit` and make a stream of them by themselves.

    Args:
        images: The files, or an array, of which a stream makes no copy.
        labels: Class of each, shape `(n,)`, where batches are to have labels. Defaults to `None`.
        batch_size: Images of a batch; the last one of an epoch may hold fewer.
        seed: Of the order. Defaults to `0`.
        shuffle: Whether to shuffle; otherwise each epoch has the order of the images.
        begun: Training steps before the first epoch. A second `fit` begins with epoch 0 again, and
            must not repeat the orders of the first. Defaults to `0`.

    Raises:
        ArgumentError: If the batch size makes no sense, or Grain is needed and not installed.

    Example:
        >>> stream = ImageStream(files, batch_size=128)
        >>> model.fit(stream.batches(), epochs=10, callbacks=[stream.callback()])
    """

    def __init__(
        self,
        images: ImageFiles | np.ndarray,
        labels: np.ndarray | None = None,
        *,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        begun: int = 0,
    ) -> None:
        if not isinstance(batch_size, int) or batch_size < 1:
            raise ArgumentError(
                f"`batch_size` must be a positive integer. Received: batch_size={batch_size!r}"
            )
        self.images, self.labels = images, labels
        self.batch_size, self.seed, self.shuffle, self.begun = batch_size, seed, shuffle, begun
        self.epoch = self.first_batch = 0

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return math.ceil(len(self.images) / self.batch_size) - self.first_batch

    def order(self, epoch: int) -> np.ndarray:
        """Return the numbers of the images in the order of an epoch."""
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

    def from_batch(self, first: int) -> "ImageStream":
        """Return the same stream, each of whose epochs begins with a later batch.

        Args:
            first: Number of that batch, counted from 0.
        """
        rest = copy.copy(self)
        rest.first_batch = first
        return rest

    def batch(self, order: np.ndarray, index: int) -> tuple[np.ndarray, ...]:
        """Return a batch of an order, read into memory, with labels where there are some.

        Args:
            order: What `order` returned.
            index: Number of the batch within it.
        """
        part = order[int(index) * self.batch_size : (int(index) + 1) * self.batch_size]
        images = self.images
        images = images.take(part).read() if isinstance(images, ImageFiles) else images[part]
        return (images,) if self.labels is None else (images, self.labels[part])

    def next_order(self) -> np.ndarray:
        """Return the order of the current epoch, and turn to the next."""
        order = self.order(self.epoch)
        self.epoch += 1
        return order

    def batches(self) -> Any:
        """Return what `fit` takes: each pass over it is an epoch."""
        import keras

        if keras.backend.backend() == "tensorflow":
            from vae_keras.data.streams.tensorflow import tensorflow_batches

            return tensorflow_batches(self)
        if not isinstance(self.images, ImageFiles):
            from vae_keras.data.streams.arrays import ArrayBatches

            return ArrayBatches(self)
        if importlib.util.find_spec("grain") is None:
            raise ArgumentError(
                "`grain` must be installed to read images as they are needed on "
                f"{keras.backend.backend()}: pip install grain. Or set `stream` to False, which "
                "holds them in memory. Received: no module named 'grain'"
            )
        from vae_keras.data.streams.grain import GrainBatches

        return GrainBatches(self)

    def callback(self) -> Any:
        """Return the callback that keeps the order at the epoch `fit` is in, resumed or not."""
        import keras

        def begin(epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        return keras.callbacks.LambdaCallback(on_epoch_begin=begin)

    @contextmanager
    def naming_broken_files(self) -> Iterator[None]:
        """Turn an error of the backend's, raised within, into a `DataError` that names the file."""
        try:
            yield
        except DataError:
            raise
        except Exception as error:
            self._check_files(error)
            raise  # it was something else

    def _check_files(self, error: Exception) -> None:
        """Raise `DataError` if `error` may be that of a file, and one cannot be decoded any more.

        Grain hands on what its threads raise, which is a `DataError` already.
        """
        import keras

        if keras.backend.backend() == "tensorflow" and isinstance(self.images, ImageFiles):
            from vae_keras.data.streams.tensorflow import check_files

            check_files(self.images, error)
