"""A log for TensorBoard: curves and figures, on every backend."""

import io
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from vae_keras._types import Logs
from vae_keras.checks import positive_integer
from vae_keras.plotting import plot_reconstructions, plot_samples

SAMPLES, SAMPLE_SEED = 64, 0


class TensorBoardLog(keras.callbacks.Callback):
    """Log the metrics of each epoch, originals over their reconstructions, and samples.

    Metrics have the names of the history; a validation metric, without its `val_`, is a second
    curve in the chart of the training metric. Samples are decoded from the same codes in every
    epoch; only variational models without classes have them. Unlike Keras' callback it needs
    `tensorboard` alone, and no TensorFlow.

    Args:
        directory: Directory of the log, for `tensorboard --logdir`.
        images: The images to follow, shape `(n, height, width, channels)`. Defaults to `None`, no
            figures.
        label: Class of each image, for a conditional model. Defaults to `None`.
        every: Epochs from one figure to the next. Defaults to `1`.
    """

    def __init__(
        self,
        directory: str | Path,
        images: np.ndarray | None = None,
        *,
        label: ArrayLike | None = None,
        every: int = 1,
    ) -> None:
        super().__init__()
        self.directory = Path(directory)
        self.images = images
        self.label = label
        self.every = positive_integer("every", every)
        self._writers: dict[str, Any] = {}
        self._epochs = self._first = 0

    def get_state(self) -> dict[str, Any]:
        """Return what a `Checkpoint` keeps: the number of epochs logged."""
        return {"epochs": self._epochs}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue after those epochs; TensorBoard drops what a killed process logged later."""
        self._epochs = self._first = state["epochs"]

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            self._write(part, name.removeprefix("val_"), epoch, simple_value=float(value))
        if self.images is not None and not (epoch + 1) % self.every:
            self._write_figures(self.images, epoch)
        for writer in self._writers.values():
            writer.flush()
        self._epochs = epoch + 1

    def on_train_end(self, logs: Logs = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _write_figures(self, images: np.ndarray, epoch: int) -> None:
        model, to_unit = self.model, self.model.to_unit_range
        reconstructions = model.reconstruct(images, label=self.label)
        if not np.isfinite(reconstructions).all():
            return  # nothing to draw; `StopOnDivergence` says what happened
        axes = plot_reconstructions(to_unit(images), to_unit(reconstructions))
        self._write("validation", "reconstructions", epoch, image=_image_summary(axes.figure))
        if model.is_variational and not model.num_classes:
            samples = to_unit(model.sample(SAMPLES, seed=SAMPLE_SEED))
            figure = plot_samples(samples).figure
            self._write("train", "samples", epoch, image=_image_summary(figure))

    def _write(self, part: str, tag: str, epoch: int, **value: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.compat.proto.summary_pb2 import Summary

        if part not in self._writers:
            from tensorboard.summary.writer.event_file_writer import EventFileWriter

            self._writers[part] = EventFileWriter(str(self.directory / part))
            if self._first:
                start = SessionLog(status=SessionLog.START)
                event = Event(wall_time=time.time(), step=self._first + 1, session_log=start)
                self._writers[part].add_event(event)
        summary = Summary(value=[Summary.Value(tag=tag, **value)])
        event = Event(wall_time=time.time(), step=epoch + 1, summary=summary)
        self._writers[part].add_event(event)


def _image_summary(figure: Any) -> Any:
    """Return a figure as TensorBoard's record of an image, a PNG."""
    from PIL import Image
    from tensorboard.compat.proto.summary_pb2 import Summary

    png = io.BytesIO()
    figure.savefig(png, format="png", bbox_inches="tight")
    width, height = Image.open(png).size
    return Summary.Image(
        height=height, width=width, colorspace=4, encoded_image_string=png.getvalue()
    )
