"""Batches of arrays, for JAX and PyTorch."""

import keras
import numpy as np

from vae_keras.data.streams.epochs import ImageEpochs


class ArrayBatches(keras.utils.PyDataset):
    """The batches of a stream whose images are an array; each pass over them is an epoch.

    Args:
        stream: The images and their order.
    """

    def __init__(self, stream: ImageEpochs) -> None:
        super().__init__()
        self.stream = stream
        self._order: np.ndarray | None = None

    @property
    def num_batches(self) -> int:
        return self.stream.steps

    def on_epoch_begin(self) -> None:
        self._order = self.stream.next_order()

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        if self._order is None:  # the caller is not Keras and did not call `on_epoch_begin`
            self._order = self.stream.next_order()
        return self.stream.batch(self._order, index)
