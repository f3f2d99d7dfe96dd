"""Which device Keras' backend computes on, and how much memory it took there."""

import os

import keras
import numpy as np
from base import Contender


def versions() -> tuple[str, ...]:
    """Distributions that compute: Keras and its backend."""
    return ("keras", keras.backend.backend())


def device_name() -> str:
    """Return `"cpu"`, or the name of the accelerator."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        devices = tf.config.list_physical_devices("GPU")
        if not devices:
            return "cpu"
        return tf.config.experimental.get_device_details(devices[0]).get("device_name", "gpu")
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        return "cpu" if device.platform == "cpu" else device.device_kind
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def device_memory() -> int | None:
    """Return the largest number of bytes held on the accelerator; `None` on a CPU."""
    if device_name() == "cpu" or os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return None
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
    if backend == "jax":
        import jax

        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    import torch

    return int(torch.cuda.max_memory_allocated())


class KerasContender(Contender):
    """A contender whose `vae` is a Keras model."""

    def parameters(self):
        return sum(int(np.prod(weight.shape)) for weight in self.vae.trainable_weights)

    def device(self):
        return device_name()

    def device_memory(self):
        return device_memory()
