"""Image files through Grain, whose threads read ahead of the training steps."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import grain
import keras
import numpy as np

if TYPE_CHECKING:
    from vae_keras.data.streams.stream import ImageStream

_THREADS = 2
_AHEAD = 8  # batches


class GrainBatches(keras.utils.PyDataset):
    """The batches of a stream, one after the other, from Grain's threads.

    Keras takes a Grain data set too, but does not know how long it is: the first epoch would be
    without a known end, and its end a warning.

    Args:
        stream: Where they come from.
    """

    def __init__(self, stream: "ImageStream") -> None:
        super().__init__()
        self.stream = stream
        self._epoch: Iterator[Any] | None = None
        self._left = 0

    @property
    def num_batches(self) -> int:
        return self.stream.steps

    def on_epoch_begin(self) -> None:
        options = grain.ReadOptions(num_threads=_THREADS, prefetch_buffer_size=_AHEAD)
        source = _Epoch(self.stream, self.stream.next_order())
        self._epoch = iter(grain.MapDataset.source(source).to_iter_dataset(options))
        self._left = self.num_batches

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return the next batch, whatever the number: the order is the stream's."""
        if self._epoch is None or not self._left:
            self.on_epoch_begin()  # for who does not call it
        self._left -= 1
        return next(self._epoch)  # type: ignore[arg-type]


class _Epoch:
    """The batches of one epoch, by number, as Grain wants to see them."""

    def __init__(self, stream: "ImageStream", order: np.ndarray) -> None:
        self.stream, self.order = stream, order

    def __len__(self) -> int:
        return self.stream.steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        return self.stream.batch(self.order, index)
