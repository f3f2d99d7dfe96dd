"""Arrays through a function, a slice at a time, and what gives images a batch at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras.data import ImageFiles
from vae_keras.errors import ArgumentError, DataError

# Of `evaluate` and of the evaluation. The test step draws its noise a batch at a time, so that a
# loss depends on it: arrays are evaluated in batches of this size by default.
BATCH_SIZE = 500
# Of encoding and decoding, on which nothing depends but the time: larger ones leave the cache.
INFERENCE_BATCH_SIZE = 256
# Of `fit` where none is given.
KERAS_BATCH_SIZE = 32


def in_batches(function: Callable[..., Any], *arrays: Any, batch_size: int = BATCH_SIZE) -> Any:
    """Apply `function`, which returns a tuple of tensors, to slices of `arrays`; join the results.

    Beside the results it holds two batches: the next is computed while one is copied.

    Args:
        function: Takes as many arguments as there are arrays; of what it returns, the rows
            beyond the length of a slice are left out.
        *arrays: Arrays or `ImageFiles` of one length; a `None` is handed on as it is.
        batch_size: Length of a slice, > 0.
    """
    check_batch_size(batch_size)
    length = length_of(arrays)
    results: list[np.ndarray] = []

    def store(start: int, outputs: Any) -> None:
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
    """Return `function` for slices of few lengths, for a backend that compiles each length.

    Those of more than a batch become a batch, others the next power of two.

    Args:
        function: Takes arrays.
        length: Of all slices together.
        batch_size: Of a slice.
    """
    size = batch_size if length > batch_size else min(batch_size, 1 << (length - 1).bit_length())

    def call(*arrays: Any) -> Any:
        return function(*(None if one is None else _lengthened(one, size) for one in arrays))

    return call


def batches_of(x: Any, *, name: str = "x") -> Iterator[tuple[Any, Any]]:
    """Yield images and labels, or `None`, of each batch of a data set.

    Args:
        x: A `tf.data.Dataset`, a `PyDataset`, a Grain or PyTorch loader, or anything to iterate
            over; of arrays of images, or of tuples that begin with images and labels.
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
    """Tell whether `batches_of` is the way to read `x`, rather than as an array."""
    if isinstance(x, list | tuple | str | ImageFiles) or hasattr(x, "__array__"):
        return False
    return hasattr(x, "__iter__") or isinstance(x, keras.utils.PyDataset)


def to_array(x: Any) -> Any:
    """Return a NumPy array, of a tensor on any device too; `ImageFiles` stay files."""
    if isinstance(x, ImageFiles):
        return x
    return ops.convert_to_numpy(x) if ops.is_tensor(x) else np.asarray(x)


def length_of(arrays: tuple[Any, ...]) -> int:
    """Return the length of those that are not `None`."""
    return len(next(one for one in arrays if one is not None))


def check_batch_size(batch_size: Any) -> None:
    """Raise `ArgumentError` unless it is a positive integer."""
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ArgumentError(
            f"`batch_size` must be a positive integer. Received: batch_size={batch_size!r}"
        )


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
