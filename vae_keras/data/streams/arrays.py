"""Batches of arrays, for JAX and PyTorch."""

from typing import TYPE_CHECKING

import keras
import numpy as np

if TYPE_CHECKING:
    from vae_keras.data.streams.stream import ImageStream


class ArrayBatches(keras.utils.PyDataset):
    """The batches of a stream whose images are an array; each pass over them is an epoch.

    Args:
        stream: Where they come from.
    """

    def __init__(self, stream: "ImageStream") -> None:
        super().__init__()
        self.stream = stream
        self._order: np.ndarray | None = None

    @property
    def num_batches(self) -> int:
        return self.stream.steps

    def on_epoch_begin(self) -> None:
        self._order = self.stream.next_order()

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        if self._order is None:  # for who does not call `on_epoch_begin`
            self.on_epoch_begin()
        return self.stream.batch(self._order, index)  # type: ignore[arg-type]
