"""`fit` and `evaluate` on arrays and image files: as batches in an order that can be resumed."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import keras
import numpy as np

from vae_keras._types import Images
from vae_keras.data import ImageFiles, ImageStream
from vae_keras.models.host import Host
from vae_keras.models.inference.batches import KERAS_BATCH_SIZE

# On TensorFlow, Keras' own way copies an array twice; below this size that does not matter.
COPIED_BYTES = 256 << 20


class FitCall(NamedTuple):
    """The arguments of a `fit` or `evaluate`, on their way to Keras' own.

    Attributes:
        x: Images, or batches of them.
        y: Labels; `None` where the batches hold them, or there are none.
        arguments: The other arguments, by name.
        stream: Where the batches come from; `None` if `x` is the user's own data set, or an array
            that Keras cuts into batches.
    """

    x: Any
    y: Any
    arguments: dict[str, Any]
    stream: ImageStream | None = None


def training_batches(model: Host, call: FitCall) -> FitCall:
    """Turn image files, and arrays with plain arguments, into shuffled batches; leave others.

    Args:
        model: The model, whose seed is that of the order. Without one a seed is drawn from NumPy's
            global generator, which `keras.utils.set_random_seed` seeds.
        call: The arguments of `fit`, checked.
    """
    if not _is_trained_on_as_stream(call):
        return call
    arguments = dict(call.arguments)
    seed = model.seed
    if seed is None:
        seed = int(np.random.randint(2**31))  # noqa: NPY002
    stream = ImageStream(
        call.x,
        call.y,
        arguments.pop("sample_weight", None),
        batch_size=arguments.pop("batch_size", None) or KERAS_BATCH_SIZE,
        seed=seed,
        shuffle=arguments.pop("shuffle", True),
        # With `initial_epoch` the caller continues an earlier training: the number of the epoch
        # alone then sets the order, as if that training had not been interrupted.
        begun=0 if arguments.get("initial_epoch") else _steps_so_far(model),
    )
    arguments["shuffle"] = False
    return FitCall(stream.batches(), None, arguments, stream)


def evaluation_batches(call: FitCall) -> FitCall:
    """Turn image files, and arrays that Keras would copy, into batches; leave others.

    Args:
        call: The arguments of `evaluate`, checked.
    """
    if not is_measured_as_stream(call.x, call.arguments):
        return call
    arguments = dict(call.arguments)
    size = arguments.pop("batch_size")
    weights = arguments.pop("sample_weight", None)
    return FitCall(ordered_batches(call.x, call.y, weights, size), None, arguments)


def is_measured_as_stream(x: Any, arguments: dict[str, Any]) -> bool:
    """Tell whether to measure on `x` as a stream: image files, or an array that Keras would copy.

    Args:
        x: The images of `evaluate`, or the validation images of `fit`.
        arguments: The other arguments of `evaluate`; none for validation images.
    """
    if isinstance(x, ImageFiles):
        return True
    copied = keras.backend.backend() == "tensorflow" and isinstance(x, np.ndarray)
    return copied and x.nbytes > COPIED_BYTES and arguments.get("steps") is None


def ordered_batches(images: ImageFiles | Images, labels: Any, weights: Any, batch_size: int) -> Any:
    """Return batches to measure on, in the order of the images."""
    return ImageStream(images, labels, weights, batch_size=batch_size, shuffle=False).batches()


def following_epochs(call: FitCall) -> FitCall:
    """Add the callback that tells the stream, if there is one, which epoch `fit` is in."""
    if call.stream is None:
        return call
    callbacks = with_callback(call.arguments.get("callbacks"), call.stream.callback())
    return call._replace(arguments={**call.arguments, "callbacks": callbacks})


def with_callback(callbacks: Any, added: keras.callbacks.Callback) -> Any:
    """Return what `fit` was given as callbacks, and one more."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.append(added)
        return callbacks
    given = callbacks or []
    return [*(given if isinstance(given, list | tuple) else [given]), added]


def naming_broken_files(call: FitCall) -> AbstractContextManager[None]:
    """Within the context, an error in reading an image file becomes one that names the file."""
    return nullcontext() if call.stream is None else call.stream.naming_broken_files()


def _is_trained_on_as_stream(call: FitCall) -> bool:
    # Keras begins where the last epoch ended if it is given the steps of an epoch.
    plain = isinstance(call.x, np.ndarray) and call.arguments.get("steps_per_epoch") is None
    return plain or isinstance(call.x, ImageFiles)


def _steps_so_far(model: Host) -> int:
    return int(keras.ops.copy(model.optimizer.iterations))  # copied: it may be mirrored on devices
