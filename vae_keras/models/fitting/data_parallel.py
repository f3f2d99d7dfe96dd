"""Batches that several devices share, on JAX.

Under a `keras.distribution`, arrays and `PyDataset`s are the whole data in every process, and each
process feeds its part of each batch. Keras wants batches of a size that the devices divide: a last
batch that they do not is filled up with copies of its own images, which weigh nothing.
"""

from typing import Any

import keras
import numpy as np

from vae_keras.data.streams.arrays import ArrayBatches
from vae_keras.errors import ArgumentError
from vae_keras.models.fitting.streams import FitCall
from vae_keras.models.inference.batches import KERAS_BATCH_SIZE


def shared_fit(call: FitCall) -> FitCall:
    """Have each device train on an equal part of each batch; with one device, change nothing."""
    devices = _devices()
    if devices == 1:
        return call
    x, y, arguments = call.x, call.y, dict(call.arguments)
    size, weight = arguments.pop("batch_size", None), arguments.pop("sample_weight", None)
    if isinstance(x, np.ndarray):
        check_batch_size(size or KERAS_BATCH_SIZE, devices)
        shuffle = bool(arguments.pop("shuffle", True))
        x = _shared(x, y, weight, size or KERAS_BATCH_SIZE, shuffle=shuffle)
        arguments["shuffle"] = False
    else:
        if isinstance(x, ArrayBatches):
            check_batch_size(x.stream.batch_size, devices)
        x = _shared(x, y, weight, size, shuffle=False)
    validation = arguments.get("validation_data")
    if validation is not None:
        size = arguments.pop("validation_batch_size", None) or size or KERAS_BATCH_SIZE
        images, labels, weight = keras.utils.unpack_x_y_sample_weight(validation)
        arguments["validation_data"] = _shared(images, labels, weight, size, shuffle=False)
    return call._replace(x=x, y=None, arguments=arguments)


def shared_evaluation(call: FitCall) -> FitCall:
    """Have each device measure on an equal part of each batch; with one device, change nothing."""
    if _devices() == 1 or isinstance(call.x, _Parts):
        return call
    arguments = dict(call.arguments)
    size, weight = arguments.pop("batch_size", None), arguments.pop("sample_weight", None)
    x = _shared(call.x, call.y, weight, size or KERAS_BATCH_SIZE, shuffle=False)
    return call._replace(x=x, y=None, arguments=arguments)


def check_batch_size(batch_size: int, devices: int) -> None:
    """Raise `ArgumentError` unless the devices can take equal parts of a batch."""
    if batch_size % devices:
        raise ArgumentError(
            f"`batch_size` must be a multiple of the number of devices, which is {devices}. "
            f"Received: batch_size={batch_size!r}"
        )


def _devices() -> int:
    """Return how many devices share a batch, in all processes together."""
    if keras.backend.backend() != "jax":
        return 1
    distribution = keras.distribution.distribution()
    return getattr(distribution, "num_model_replicas", 1)


def _shared(x: Any, y: Any, weight: Any, batch_size: int, *, shuffle: bool) -> Any:
    """Return what gives this process its part of each batch."""
    distribution = keras.distribution.distribution()
    if isinstance(x, np.ndarray):
        x = _ArrayBatches(x, y, weight, batch_size, shuffle=shuffle)
    if isinstance(x, keras.utils.PyDataset):
        return _Parts(x, distribution)
    if type(x).__module__.startswith("tensorflow."):  # a tf.data.Dataset
        _check_equal_batches(x, distribution.num_model_replicas)
        if distribution.num_processes > 1 and not distribution.auto_shard_dataset:
            return distribution.distribute_tf_dataset(x)
    return x


def _check_equal_batches(dataset: Any, devices: int) -> None:
    size = keras.tree.flatten(dataset.element_spec)[0].shape[0]
    if size is None:
        raise ArgumentError(
            "`x` must have batches of one size with several devices: "
            "`dataset.batch(..., drop_remainder=True)`. Received: a tf.data.Dataset whose batches "
            "may differ in size"
        )
    check_batch_size(size, devices)


class _ArrayBatches(keras.utils.PyDataset):
    """Batches of arrays, in the order in which Keras would take them on one device."""

    def __init__(
        self, x: np.ndarray, y: Any, weight: Any, batch_size: int, *, shuffle: bool
    ) -> None:
        super().__init__()
        self.x = x
        self.others = [None if one is None else np.asarray(one) for one in (y, weight)]
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.order = np.arange(len(x))

    @property
    def num_batches(self) -> int:
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        if index == 0 and self.shuffle:  # as Keras does: a new order for each pass
            self.order = np.random.permutation(len(self.x))  # noqa: NPY002
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        y, weight = (None if one is None else one[rows] for one in self.others)
        return self.x[rows], y, weight


class _Parts(keras.utils.PyDataset):
    """The part of this process in each batch, filled up so that each device gets equally much."""

    def __init__(self, whole: keras.utils.PyDataset, distribution: Any) -> None:
        super().__init__(whole.workers, whole.use_multiprocessing, whole.max_queue_size)
        self.whole = whole
        self.devices = distribution.num_model_replicas
        self.process, self.processes = distribution.data_shard_id, distribution.num_processes

    @property
    def num_batches(self) -> int | None:
        return self.whole.num_batches

    def on_epoch_begin(self) -> None:
        self.whole.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.whole.on_epoch_end()

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        x, y, weight = keras.utils.unpack_x_y_sample_weight(self.whole[index])
        images = len(x)
        filled = -(-images // self.devices) * self.devices
        each = filled // self.processes
        # Copies of images of the batch itself, for losses that look at the batch together.
        rows = np.arange(filled) % images
        mine = rows[self.process * each : (self.process + 1) * each]
        weight = np.ones(images, "float32") if weight is None else np.asarray(weight, "float32")
        weight = weight.reshape(-1) if weight.ndim < 3 else weight
        weight = weight[rows]
        weight[images:] = 0.0
        weight = weight[self.process * each : (self.process + 1) * each]
        # Keras tells a batch's fields by their number: where there are no labels, something has
        # to stand in their place.
        labels = weight if y is None else keras.tree.map_structure(lambda one: one[mine], y)
        return x[mine], labels, weight
