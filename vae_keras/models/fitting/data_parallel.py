"""Batches that several devices share, on JAX: Keras wants each to be of a size they divide."""

from typing import Any

import keras
import numpy as np

from vae_keras.data.streams.arrays import ArrayBatches
from vae_keras.errors import ArgumentError
from vae_keras.models.inference.batches import KERAS_BATCH_SIZE


class SharedBatches:
    """Makes `fit` and `evaluate` share each batch under a `keras.distribution`.

    Arrays and `PyDataset`s are those of the whole, in every process; a process feeds its part of
    each batch. A last batch that the devices do not divide is filled up with images of its own that
    weigh nothing.
    """

    def fit(self: Any, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        devices = _devices()
        if devices > 1:
            x, y, kwargs = _shared_fit(devices, x, y, kwargs)
        return super().fit(x, y, **kwargs)  # type: ignore[misc]

    def evaluate(self: Any, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        if _devices() > 1 and not isinstance(x, _Parts):
            size, weight = kwargs.pop("batch_size", None), kwargs.pop("sample_weight", None)
            x, y = _shared(x, y, weight, size or KERAS_BATCH_SIZE, shuffle=False), None
        return super().evaluate(x, y, **kwargs)  # type: ignore[misc]


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


def _shared_fit(devices: int, x: Any, y: Any, arguments: dict[str, Any]) -> Any:
    arguments = dict(arguments)
    if arguments.get("validation_split"):
        raise ArgumentError(
            "`validation_split` must not be set with several devices: give `validation_data`. "
            f"Received: validation_split={arguments['validation_split']!r}"
        )
    size, weight = arguments.pop("batch_size", None), arguments.pop("sample_weight", None)
    if isinstance(x, np.ndarray):
        check_batch_size(size or KERAS_BATCH_SIZE, devices)
        shuffle = bool(arguments.pop("shuffle", True))
        x = _shared(x, y, weight, size or KERAS_BATCH_SIZE, shuffle=shuffle)
        y, arguments["shuffle"] = None, False
    else:
        if isinstance(x, ArrayBatches):
            check_batch_size(x.stream.batch_size, devices)
        x, y = _shared(x, y, weight, size, shuffle=False), None
    validation = arguments.get("validation_data")
    if validation is not None:
        size = arguments.pop("validation_batch_size", None) or size or KERAS_BATCH_SIZE
        images, labels, weight = keras.utils.unpack_x_y_sample_weight(validation)
        arguments["validation_data"] = _shared(images, labels, weight, size, shuffle=False)
    return x, y, arguments


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

    def __init__(self, x: Any, y: Any, weight: Any, batch_size: int, *, shuffle: bool) -> None:
        super().__init__()
        self.x = x
        self.others = [None if one is None else np.asarray(one) for one in (y, weight)]
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.order = np.arange(len(x))

    @property
    def num_batches(self) -> int:
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        if index == 0 and self.shuffle:  # Keras draws an order with each pass it begins
            self.order = np.random.permutation(len(self.x))  # noqa: NPY002
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        y, weight = (None if one is None else one[rows] for one in self.others)
        return self.x[rows], y, weight


class _Parts(keras.utils.PyDataset):
    """The part of this process in each batch, filled up so that every device gets as much."""

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
        weight = np.where(np.arange(filled) < images, weight.reshape(-1)[rows], 0.0)
        weight = weight[self.process * each : (self.process + 1) * each].astype("float32")
        labels = weight if y is None else keras.tree.map_structure(lambda one: one[mine], y)
        return x[mine], labels, weight
