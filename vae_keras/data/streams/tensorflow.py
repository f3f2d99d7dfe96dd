"""Images as a `tf.data.Dataset`: read, decoded and batched in TensorFlow's graph."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from vae_keras._types import Tensor
from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.data.images.one_image import read_pixels
from vae_keras.data.streams.epochs import ImageEpochs
from vae_keras.errors import DataError

_AHEAD = 4  # batches


def tensorflow_batches(stream: ImageEpochs) -> Any:
    """Return the batches of `stream` as a `tf.data.Dataset`, with labels and weights if any."""
    images = stream.images
    count = len(images) - stream.first_batch * stream.batch_size
    beside = stream.beside_images()
    small = [tf.constant(one) if one.ndim == 1 else None for one in beside]

    def epoch(_: Tensor) -> Any:
        order = tf.numpy_function(stream.next_order, [], tf.int64)
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(order, [count]))

    def look_up(array: np.ndarray, index: Tensor) -> Tensor:
        # Not `tf.gather`: TensorFlow would copy the array, and copy it again for each iterator.
        part = tf.numpy_function(lambda at: array[at], [index], array.dtype)
        return tf.ensure_shape(part, [*index.shape, *array.shape[1:]])

    def labelled(image: Tensor, index: Tensor) -> tuple[Tensor, ...]:
        others = zip(beside, small, strict=True)
        return (
            image,
            *(look_up(one, index) if few is None else tf.gather(few, index) for one, few in others),
        )

    indices = tf.data.Dataset.range(1).flat_map(epoch)
    settings = {"num_parallel_calls": tf.data.AUTOTUNE, "deterministic": True}
    if isinstance(images, ImageFiles):
        prefix, names = map(tf.constant, images.encoded_paths())
        native = tf.constant(images.native)

        def read(index: Tensor) -> tuple[Tensor, ...]:
            path = tf.strings.join([prefix, names[index]])
            return labelled(decoded(path, native[index], images), index)

        batches = indices.map(read, **settings).batch(stream.batch_size)
    else:

        def batch(index: Tensor) -> tuple[Tensor, ...]:
            return labelled(look_up(images, index), index)

        batches = indices.batch(stream.batch_size).map(batch, **settings)
    return batches.prefetch(_AHEAD).apply(tf.data.experimental.assert_cardinality(stream.steps))


def decoded(path: Tensor, native: Tensor, files: ImageFiles) -> Tensor:
    """Return the pixels of one file, uint8, equal to those that Pillow gives.

    Args:
        path: A string tensor.
        native: Whether TensorFlow decodes the file, a boolean tensor.
        files: The image files that it belongs to.
    """

    def by_tensorflow() -> Tensor:
        # `decode_jpeg` reads PNG too, and it alone has `dct_method`, which fixes how a JPEG is
        # decoded.
        return tf.io.decode_jpeg(
            tf.io.read_file(path), channels=files.image_shape[2], dct_method="INTEGER_ACCURATE"
        )

    def by_pillow() -> Tensor:
        def read(path: np.ndarray | bytes) -> np.ndarray:  # an array when run eagerly
            file = Path(os.fsdecode(np.asarray(path).item()))
            return read_pixels(file, files.image_shape, preparation=files.preparation)

        return tf.numpy_function(read, [path], tf.uint8)

    if files.native.all():
        image = by_tensorflow()
    elif not files.native.any():
        image = by_pillow()
    else:
        image = tf.cond(native, by_tensorflow, by_pillow)
    return tf.ensure_shape(image, files.image_shape)


def check_files(files: ImageFiles, error: Exception) -> None:
    """Decode every file, to find the one that TensorFlow's error does not name.

    Args:
        files: The images.
        error: What was raised. Unless it may come from a file, no file is decoded.

    Raises:
        DataError: If a file cannot be decoded, or has another size.
    """
    if not isinstance(error, tf.errors.OpError):
        return
    if isinstance(error, tf.errors.ResourceExhaustedError | tf.errors.CancelledError):
        return
    for index in range(len(files)):
        path = files.path(index)
        try:
            decoded(tf.constant(os.fsencode(path)), tf.constant(files.native[index]), files)
        except (tf.errors.OpError, ValueError) as reason:
            # Its error is clearer, if Pillow fails as well.
            read_pixels(path, files.image_shape, preparation=files.preparation)
            text = " ".join(str(reason).split())
            raise DataError(f"{path} cannot be read as an image. Received: {text}") from reason
