"""Image files through Grain, whose threads read ahead of the training steps."""

from collections.abc import Iterator

import grain
import keras
import numpy as np

from vae_keras.data.streams.epochs import ImageEpochs

_THREADS = 2
_AHEAD = 8  # batches


class GrainBatches(keras.utils.PyDataset):
    """The batches of a stream in their order, from Grain's threads.

    Keras takes a Grain data set too, but does not know its length: the progress bar of the first
    epoch would have no end, and Keras would warn when the data end.

    Args:
        stream: The images and their order.
    """

    def __init__(self, stream: ImageEpochs) -> None:
        super().__init__()
        self.stream = stream
        self._epoch: Iterator[tuple[np.ndarray, ...]] = iter(())
        self._left = 0

    @property
    def num_batches(self) -> int:
        return self.stream.steps

    def on_epoch_begin(self) -> None:
        options = grain.ReadOptions(num_threads=_THREADS, prefetch_buffer_size=_AHEAD)
        source = _GrainSource(self.stream, self.stream.next_order())
        self._epoch = iter(grain.MapDataset.source(source).to_iter_dataset(options))
        self._left = self.num_batches

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return the next batch, whatever `index` is: the stream determines the order."""
        if not self._left:  # the caller is not Keras and did not call `on_epoch_begin`
            self.on_epoch_begin()
        self._left -= 1
        return next(self._epoch)


class _GrainSource:
    """The batches of one epoch by index, which is the interface of a source in Grain."""

    def __init__(self, stream: ImageEpochs, order: np.ndarray) -> None:
        self.stream, self.order = stream, order

    def __len__(self) -> int:
        return self.stream.steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        return self.stream.batch(self.order, index)
