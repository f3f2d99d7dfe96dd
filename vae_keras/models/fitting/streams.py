"""`fit` and `evaluate` on arrays and image files, in an order that can be gone on with."""

from typing import Any

import keras
import numpy as np

from vae_keras.data import ImageFiles, ImageStream
from vae_keras.models.inference.batches import KERAS_BATCH_SIZE

# On TensorFlow Keras' own way copies an array twice over. Of smaller ones that does not matter.
COPIED_BYTES = 256 << 20
_NEEDS_KERAS = ("sample_weight", "class_weight", "validation_split", "steps_per_epoch")


def is_trained_on_as_stream(x: Any, y: Any, arguments: dict[str, Any]) -> bool:
    """Tell whether `fit` takes `x` as a stream: image files or an array, with plain arguments.

    Args:
        x: What `fit` got as images.
        y: And as labels.
        arguments: Its other arguments, some of which only Keras' own way with arrays knows.
    """
    if isinstance(x, ImageFiles):
        return True
    plain = all(arguments.get(name) is None for name in _NEEDS_KERAS)
    labelled = y is None or (isinstance(y, np.ndarray) and len(y) == len(x))
    return isinstance(x, np.ndarray) and labelled and plain


def is_measured_as_stream(x: Any, arguments: dict[str, Any]) -> bool:
    """Tell whether `evaluate` takes `x` as a stream: image files, or an array Keras would copy.

    Args:
        x: What `evaluate` got, or `fit` as validation data.
        arguments: Its other arguments.
    """
    if isinstance(x, ImageFiles):
        return True
    copied = keras.backend.backend() == "tensorflow" and isinstance(x, np.ndarray)
    plain = all(arguments.get(name) is None for name in _NEEDS_KERAS)
    return copied and x.nbytes > COPIED_BYTES and plain


def training_stream(
    model: Any, images: ImageFiles | np.ndarray, labels: Any, arguments: dict[str, Any]
) -> ImageStream:
    """Return the batches of a `fit`; takes the arguments that are theirs out of `arguments`.

    Args:
        model: The model, whose seed is that of the order. One without a seed draws one, from
            NumPy's global generator, which `keras.utils.set_random_seed` seeds.
        images: Arrays or files for which `is_trained_on_as_stream` is true.
        labels: Class of each, or `None`.
        arguments: Those of `fit` on arrays; those for batches are put in.
    """
    seed = model.seed
    if seed is None:
        seed = int(np.random.randint(2**31))  # noqa: NPY002
    stream = ImageStream(
        images,
        _array(labels),
        batch_size=arguments.pop("batch_size", None) or KERAS_BATCH_SIZE,
        seed=seed,
        shuffle=arguments.pop("shuffle", True),
        # Who names the epoch that it begins with goes on with an earlier training.
        begun=0 if arguments.get("initial_epoch") else _steps_so_far(model),
    )
    arguments["shuffle"] = False
    return stream


def with_callback(callbacks: Any, one: Any) -> Any:
    """Return the callbacks that `fit` was given, and one more."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.append(one)
        return callbacks
    given = callbacks or []
    return [*(given if isinstance(given, list | tuple) else [given]), one]


def ordered_batches(images: ImageFiles | np.ndarray, labels: Any, batch_size: int) -> Any:
    """Return batches to measure on, in the order of the images."""
    stream = ImageStream(images, _array(labels), batch_size=batch_size, shuffle=False)
    return stream.batches()


def _steps_so_far(model: Any) -> int:
    return int(keras.ops.copy(model.optimizer.iterations))  # of a mirrored variable too


def _array(labels: Any) -> np.ndarray | None:
    """Return labels; those that are images again, as of an autoencoder by hand, are not needed."""
    return None if labels is None or getattr(labels, "ndim", 1) == 4 else np.asarray(labels)
