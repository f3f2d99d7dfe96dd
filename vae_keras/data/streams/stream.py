"""Batches of images for `fit`, through the input pipeline of the backend."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.data.streams.epochs import ImageEpochs
from vae_keras.errors import ArgumentError, DataError


class ImageStream(ImageEpochs):
    """Shuffled batches of images, from the input pipeline of the backend.

    TensorFlow reads and decodes files in its graph (`tf.data`); on JAX and PyTorch Grain's threads
    do it with Pillow. The indices of all images are shuffled in each epoch, so there is no buffer
    of images. The order depends on seed and epoch alone, on every backend, so that an interrupted
    training can continue with the batches that it would have had.

    Models take arrays and `ImageFiles` in `fit` and make a stream of them themselves.

    Args:
        images: The files, or an array, which is not copied.
        labels: Class of each image, shape `(n,)`, or the image that each one is to become, shape
            `(n, height, width, channels)`, or `None` for batches of images alone. Defaults to
            `None`.
        weights: Weight of each image or of each of its pixels, first axis `n`. Needs `labels`, as
            Keras tells the parts of a batch by their number. Defaults to `None`.
        batch_size: Images in a batch, > 0; the last batch of an epoch may hold fewer.
        seed: Seed of the order. Defaults to `0`.
        shuffle: Whether to shuffle; otherwise each epoch has the order of the images. Defaults to
            `True`.
        begun: Training steps before the first epoch. A second `fit` begins with epoch 0 again, and
            must not repeat the orders of the first. Defaults to `0`.

    Raises:
        ArgumentError: If `batch_size` is not a positive integer, or Grain is needed and not
            installed.

    Example:
        >>> stream = ImageStream(files, batch_size=128)
        >>> model.fit(stream.batches(), epochs=10, callbacks=[stream.callback()])
    """

    def batches(self) -> Any:
        """Return the batches as `fit` takes them: each pass over them is an epoch."""
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
        """Return a Keras callback that tells the stream which epoch `fit` is in, resumed or not."""
        import keras

        def begin(epoch: int, logs: object = None) -> None:
            self.epoch = epoch

        return keras.callbacks.LambdaCallback(on_epoch_begin=begin)

    @contextmanager
    def naming_broken_files(self) -> Iterator[None]:
        """Turn a backend's error, raised within, into a `DataError` that names the broken file."""
        try:
            yield
        except DataError:
            raise
        except Exception as error:
            self._check_files(error)
            raise  # every file can be decoded: the error has another cause

    def _check_files(self, error: Exception) -> None:
        """Raise `DataError` if `error` may come from a file, and a file can no longer be decoded.

        Errors that Grain passes on from its threads are a `DataError` already.
        """
        import keras

        if keras.backend.backend() == "tensorflow" and isinstance(self.images, ImageFiles):
            from vae_keras.data.streams.tensorflow import check_files

            check_files(self.images, error)
