"""Training on several devices, with Keras' and TensorFlow's own means."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from vae_keras.errors import ArgumentError

# Read by `keras.distribution.initialize`.
_PREFIX = "KERAS_DISTRIBUTION_"
_ADDRESSES = f"{_PREFIX}JOB_ADDRESSES"
_PROCESS = f"{_PREFIX}PROCESS_ID"


@contextmanager
def distribute(devices: Sequence[str] | None = None) -> Iterator[int]:
    """Share each batch among several devices, for models that are built and trained within.

    On JAX `keras.distribution.DataParallel`, on several machines too; on TensorFlow
    `tf.distribute.MirroredStrategy`, on one machine. `batch_size` stays the number of images of a
    step, and each device gets an equal part of them. A model that was trained in this way is
    saved, loaded and used like any other.

    On several machines, or in several processes, every process runs the same program and calls
    `keras.distribution.initialize(...)` before anything is computed. Where the environment
    variables `KERAS_DISTRIBUTION_...` are set, `distribute` makes this call if it is still to do.

    With one device it warns and changes nothing.

    Args:
        devices: Names of the devices, as `keras.distribution.list_devices()` gives them. Defaults
            to all of the fastest kind.

    Yields:
        Number of devices.

    Raises:
        ArgumentError: If the backend cannot do it (PyTorch; TensorFlow on several machines), or a
            device does not exist.

    Example:
        >>> with vae_keras.distribute():
        ...     vae = vae_keras.build_model(vae_keras.preset("default"), (28, 28, 1))
        ...     vae.fit(x_train, batch_size=256)
    """
    import keras

    backend = keras.backend.backend()
    check_distributable(backend)
    join_processes()
    known = keras.distribution.list_devices()
    names = known if devices is None else list(devices)
    unknown = sorted(set(names) - set(known))
    if unknown or not names:
        raise ArgumentError(
            f"`devices` must be some of {', '.join(known)}. Received: devices={devices!r}"
        )
    if len(names) == 1:
        warnings.warn(
            f"There is one device, {names[0]}: training continues as without `distribute`.",
            stacklevel=3,
        )
        yield 1
    elif backend == "jax":
        # `models/fitting/data_parallel.py` gives each process its part of the images.
        with keras.distribution.DataParallel(devices=names, auto_shard_dataset=False).scope():
            yield len(names)
    else:
        import tensorflow as tf

        with tf.distribute.MirroredStrategy(names).scope():
            yield len(names)


def device_names() -> list[str]:
    """Return the devices that the backend computes on, as it names them."""
    import keras

    if keras.backend.backend() != "torch":
        return [str(device) for device in keras.distribution.list_devices()]
    kind = keras.ops.zeros(1).device.type  # `keras.distribution` does not know PyTorch
    if kind != "cuda":
        return [kind]
    cuda = sys.modules["torch"].cuda
    return [cuda.get_device_name(number) for number in range(cuda.device_count())]


def check_distributable(backend: str) -> None:
    """Raise `ArgumentError` if a backend cannot share batches as the environment asks for."""
    if backend == "torch":
        raise ArgumentError(
            "`distribute` must be used with JAX or TensorFlow: on PyTorch, Keras' `fit` uses one "
            "device. Take `--backend jax`, or KERAS_BACKEND=jax. Received: backend='torch'"
        )
    variable = next((name for name in ("TF_CONFIG", _ADDRESSES) if name in os.environ), None)
    if backend == "tensorflow" and variable:
        raise ArgumentError(
            "`distribute` must be used with JAX on several machines: with TensorFlow, Keras' `fit` "
            "fails there (keras issue #20585). Take `--backend jax`, or KERAS_BACKEND=jax, or on "
            f"one machine unset {variable}. Received: backend='tensorflow', {variable} set"
        )


def join_processes() -> None:
    """Join the other processes that the environment names, before JAX computes anything.

    Raises:
        ArgumentError: If the environment is incomplete, or something was computed already.
    """
    if _ADDRESSES not in os.environ or _joined():
        return
    import keras

    try:
        keras.distribution.initialize()
    except (RuntimeError, ValueError) as error:
        given = {name: value for name, value in os.environ.items() if name.startswith(_PREFIX)}
        raise ArgumentError(
            "`distribute` must find its processes through KERAS_DISTRIBUTION_JOB_ADDRESSES, "
            "KERAS_DISTRIBUTION_NUM_PROCESSES and KERAS_DISTRIBUTION_PROCESS_ID before anything is "
            "computed; in Python, call `keras.distribution.initialize()` first. "
            f"Received: {given} ({str(error).splitlines()[0]})"
        ) from error


def process_number() -> int:
    """Return which of several processes this is, from 0; only process 0 writes a run."""
    if _joined():
        return sys.modules["jax"].process_index()
    return int(os.environ.get(_PROCESS, 0)) if _ADDRESSES in os.environ else 0


def _joined() -> bool:
    jax = sys.modules.get("jax")
    return jax is not None and jax.distributed.is_initialized()
