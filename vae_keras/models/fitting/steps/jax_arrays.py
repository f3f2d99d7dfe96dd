"""Many training steps in one call on JAX: arrays on the device, and a loop over steps there.

On JAX, Keras takes `steps_per_execution` steps one after another from Python and copies a batch for
each; a small model on a GPU then waits for both. Here the images lie on the device, as they were
given (bytes stay bytes), and only the numbers of each batch's images are copied.

This is not done on a CPU, where XLA computes matrix products and convolutions within a loop on its
slow path: a step took 3 to 30 times as long (JAX 0.10.2, two cores).
"""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import keras
import numpy as np

from vae_keras.data.streams.arrays import ArrayBatches
from vae_keras.data.streams.epochs import ImageEpochs
from vae_keras.models.host import Host

# Of the free memory of the device, the rest of which is for activations.
_SHARE_OF_MEMORY = 0.5


class DeviceArrays(keras.utils.PyDataset):
    """Arrays on the device, and the numbers of each batch's images, in a new order each epoch.

    Keras takes it for a data set and counts its batches, which hold nothing; `numbers` gives the
    images of each batch.

    Args:
        stream: The batches, of images in an array.
    """

    def __init__(self, stream: ImageEpochs) -> None:
        super().__init__()
        self.arrays = [jax.device_put(one) for one in (stream.images, *stream.beside_images())]
        self.stream = stream
        self.batch_size = stream.batch_size
        self.order = np.arange(0, dtype="int32")
        self.taken = 0

    def __len__(self) -> int:
        return self.stream.steps

    def __getitem__(self, index: int) -> tuple[np.ndarray]:
        # Keras copies each batch to the device: as little as possible.
        return (np.zeros((), "int32"),)

    def numbers(self, batches: int) -> list[np.ndarray]:
        """Return the numbers of the next batches: `(batches, batch_size)`, and a smaller last one.

        Args:
            batches: How many.
        """
        end = self.taken + batches * self.batch_size
        numbers = self.order[self.taken : end]
        self.taken = end
        whole = len(numbers) // self.batch_size * self.batch_size
        parts = numbers[:whole].reshape(-1, self.batch_size), numbers[whole:].reshape(1, -1)
        return [part for part in parts if part.size]

    def on_epoch_begin(self) -> None:
        self.taken = 0
        self.order = self.stream.next_order().astype("int32")


def device_arrays(model: Host, x: Any) -> DeviceArrays | None:
    """Return the arrays of a `fit`, put on the device; `None` if `fit` has to go Keras' own way.

    Args:
        model: The model, compiled.
        x: What Keras' `fit` would be given.
    """
    if (
        model.steps_per_execution == 1
        or model.run_eagerly
        or not model.jit_compile
        or keras.distribution.distribution() is not None
        or not isinstance(x, ArrayBatches)
    ):
        return None
    arrays = [x.stream.images, *x.stream.beside_images()]
    return DeviceArrays(x.stream) if pays_off(sum(one.nbytes for one in arrays)) else None


def training_function(model: Host, source: DeviceArrays) -> Callable[[Any, Any], Any]:
    """Return what Keras calls for several steps: `(state, iterator) -> (logs, state)`.

    One loop on the device trains on all batches of one size; a last, smaller batch is a call of its
    own.
    """
    steps = _compiled_steps(model, len(source.arrays))

    def train(state: Any, iterator: Any) -> Any:
        batches = sum(1 for _ in itertools.islice(iterator, model.steps_per_execution))
        if not batches:
            raise StopIteration
        logs: Any = None
        for numbers in source.numbers(batches):
            logs, state = steps(source.arrays, state, numbers)
        return logs, state

    return train


def _compiled_steps(model: Any, arrays: int) -> Callable[..., Any]:
    """Return the loop over steps, compiled; that of the last `fit` if the model is the same."""
    made_of = (arrays, model.optimizer, *model.trainable_variables)
    # In the dictionary: Keras would look into an attribute.
    before, made = model.__dict__.get("_device_steps", ((), None))
    if [*map(id, before)] == [*map(id, made_of)]:
        return made

    def step(arrays: Any, state: Any, numbers: Any) -> Any:
        logs, state = model.train_step(state, tuple(array[numbers] for array in arrays))
        return state, logs

    @partial(jax.jit, donate_argnums=1)
    def steps(arrays: Any, state: Any, numbers: Any) -> Any:
        state, logs = jax.lax.scan(partial(step, arrays), state, numbers)
        return keras.tree.map_structure(lambda values: values[-1], logs), state

    model.__dict__["_device_steps"] = (made_of, steps)
    return steps


def pays_off(size: int) -> bool:
    """Tell whether the device is an accelerator with room for `size` bytes of data."""
    device = jax.local_devices()[0]
    memory = device.memory_stats() or {}
    left = memory.get("bytes_limit", 0) - memory.get("bytes_in_use", 0)
    return device.platform != "cpu" and size <= _SHARE_OF_MEMORY * left
