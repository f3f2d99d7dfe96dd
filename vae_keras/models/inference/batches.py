"""Arrays through a function, slice by slice, and data sets of images, batch by batch."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import ImageShape, Tensor
from vae_keras.data import ImageFiles
from vae_keras.errors import ArgumentError, DataError

# The default of `evaluate`, but for large images. Losses depend on it, since the test step draws
# noise batch by batch.
EVALUATION_BATCH_SIZE = 500
# The default of encoding and decoding, likewise. Only the time depends on it: larger batches leave
# the cache.
INFERENCE_BATCH_SIZE = 256
# The default of `fit`, which is Keras'.
KERAS_BATCH_SIZE = 32
_VALUES_AT_ONCE = 2**23  # of images in a batch: a model's layers give ten times as many


def usual_batch_size(usual: int, image_shape: ImageShape) -> int:
    """Return `usual`, or less for images so large that the memory would not be bounded."""
    return max(1, min(usual, _VALUES_AT_ONCE // math.prod(image_shape)))


def in_batches(
    function: Callable[..., tuple[Tensor, ...]],
    *arrays: Any,
    batch_size: int = EVALUATION_BATCH_SIZE,
) -> tuple[np.ndarray, ...]:
    """Apply `function`, which returns a tuple of tensors, to slices of `arrays`; join the results.

    Beside the results, two batches are in memory: one is computed while the other is copied.

    Args:
        function: Takes as many arguments as there are arrays. If it returns more rows than a slice
            has, the rows beyond are left out.
        *arrays: Arrays or `ImageFiles` of one length; `None` is passed on as it is.
        batch_size: Length of a slice, > 0.
    """
    length = length_of(arrays)
    results: list[np.ndarray] = []

    def store(start: int, outputs: tuple[Tensor, ...]) -> None:
        rows = min(batch_size, length - start)
        parts = [ops.convert_to_numpy(output)[:rows] for output in outputs]
        if rows == length:
            results.extend(parts)
            return
        if not results:
            results.extend(np.empty((length, *part.shape[1:]), part.dtype) for part in parts)
        for result, part in zip(results, parts, strict=True):
            result[start : start + rows] = part

    waiting: tuple[Any, ...] = ()
    for start in range(0, length, batch_size):
        stop = start + batch_size
        outputs = function(*(None if one is None else one[start:stop] for one in arrays))
        if waiting:
            store(*waiting)
        waiting = (start, outputs)
    store(*waiting)
    return tuple(results)


def padded(function: Callable[..., Any], length: int, batch_size: int) -> Callable[..., Any]:
    """Return `function` with its arrays filled up, for a backend that compiles each length anew.

    Slices of arrays that are longer than a batch are filled up to a batch, shorter arrays to the
    next power of two.

    Args:
        function: Takes slices of arrays.
        length: Length of the arrays.
        batch_size: Length of a slice.
    """
    size = batch_size if length > batch_size else min(batch_size, 1 << (length - 1).bit_length())

    def call(*arrays: Any) -> Any:
        return function(*(None if one is None else _lengthened(one, size) for one in arrays))

    return call


def batches_of(x: Any, *, name: str = "x") -> Iterator[tuple[Any, Any]]:
    """Yield images and labels of each batch of a data set; `None` if there are no labels.

    Args:
        x: A `tf.data.Dataset`, a `PyDataset`, a Grain or PyTorch loader, or any other iterable: of
            arrays of images, or of tuples that begin with images and labels.
        name: Name of the argument in messages.

    Raises:
        ArgumentError: If it has no end.
        DataError: If it is empty.
    """
    endless = x.num_batches is None if isinstance(x, keras.utils.PyDataset) else _repeats(x)
    if endless:
        raise ArgumentError(f"`{name}` must end. Received: {type(x).__name__}, without an end")
    empty = True
    for batch in _iterated(x):
        empty = False
        if isinstance(batch, tuple | list):
            images, labels = batch[0], batch[1] if len(batch) > 1 else None
            yield to_array(images), None if labels is None else to_array(labels)
        else:
            yield to_array(batch), None
    if empty:
        raise DataError(f"`{name}` must hold at least one batch. Received: none")


def is_data_set(x: Any) -> bool:
    """Tell whether to read `x` with `batches_of`, rather than as an array."""
    if isinstance(x, list | tuple | str | ImageFiles) or hasattr(x, "__array__"):
        return False
    return hasattr(x, "__iter__") or isinstance(x, keras.utils.PyDataset)


def to_array(x: Any) -> Any:
    """Return `x`, maybe a tensor on some device, as a NumPy array; `ImageFiles` stay files."""
    if isinstance(x, ImageFiles):
        return x
    return ops.convert_to_numpy(x) if ops.is_tensor(x) else np.asarray(x)


def length_of(arrays: tuple[Any, ...]) -> int:
    """Return the length of the arrays that are not `None`."""
    return len(next(one for one in arrays if one is not None))


def _lengthened(array: np.ndarray, size: int) -> np.ndarray:
    missing = size - len(array)
    if not missing:
        return array
    return np.concatenate([array, np.zeros((missing, *array.shape[1:]), array.dtype)])


def _iterated(x: Any) -> Iterator[Any]:
    if isinstance(x, keras.utils.PyDataset):
        return (x[number] for number in range(x.num_batches))
    return iter(x)


def _repeats(x: Any) -> bool:
    """Tell whether a `tf.data.Dataset` repeats for ever."""
    cardinality = getattr(x, "cardinality", None)
    return callable(cardinality) and int(cardinality()) == -1
