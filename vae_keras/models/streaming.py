"""`fit` and `evaluate` on what Keras cannot take as it is: image files, and very large arrays."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from vae_keras.data import ImageFiles, ImageStream
from vae_keras.models.batching import KERAS_BATCH_SIZE

# On TensorFlow Keras' own way copies an array twice over. Of smaller ones that does not matter.
COPIED_BYTES = 256 << 20
_NEEDS_KERAS = ("sample_weight", "class_weight", "validation_split", "steps_per_epoch")


def is_streamed(x: Any, arguments: dict[str, Any]) -> bool:
    """Tell whether `x` is for a stream: image files, or an array that Keras would copy.

    Args:
        x: What `fit` or `evaluate` got.
        arguments: Its other arguments, some of which only Keras' own way with arrays knows.
    """
    if isinstance(x, ImageFiles):
        return True
    copied = keras.backend.backend() == "tensorflow" and isinstance(x, np.ndarray)
    plain = all(arguments.get(name) is None for name in _NEEDS_KERAS)
    return copied and x.nbytes > COPIED_BYTES and plain


@contextmanager
def training_stream(
    images: ImageFiles | np.ndarray, labels: Any, seed: int | None, arguments: dict[str, Any]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield batches, and the arguments of `fit` that go with them.

    Args:
        images: For which `is_streamed` is true.
        labels: Class of each, or `None`.
        seed: Of the order; `None` is 0.
        arguments: Those of `fit` on arrays.

    Raises:
        DataError: If a file cannot be read while the batches are used.
    """
    arguments = dict(arguments)
    given = arguments.pop("callbacks", None) or []
    stream = ImageStream(
        images,
        _array(labels),
        batch_size=arguments.pop("batch_size", None) or KERAS_BATCH_SIZE,
        seed=seed or 0,
        shuffle=arguments.pop("shuffle", True),
    )
    if isinstance(given, keras.callbacks.CallbackList):
        given.append(stream.callback())
    else:
        given = [*(given if isinstance(given, list | tuple) else [given]), stream.callback()]
    with stream.naming_broken_files():
        yield stream.batches(), {**arguments, "callbacks": given, "shuffle": False}


def ordered_batches(images: ImageFiles | np.ndarray, labels: Any, batch_size: int) -> Any:
    """Return batches to measure on, in the order of the images."""
    stream = ImageStream(images, _array(labels), batch_size=batch_size, shuffle=False)
    return stream.batches()


def _array(labels: Any) -> np.ndarray | None:
    """Return labels; those that are images again, as of an autoencoder by hand, are not needed."""
    return None if labels is None or getattr(labels, "ndim", 1) == 4 else np.asarray(labels)
