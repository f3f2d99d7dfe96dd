"""A figure for each epoch, so that training can be watched."""

from pathlib import Path

import keras
import numpy as np
from numpy.typing import ArrayLike

from vae_keras._types import Logs
from vae_keras.checks import positive_integer
from vae_keras.io.files import save_figure
from vae_keras.plotting import plot_reconstructions


class ReconstructionImages(keras.callbacks.Callback):
    """Save originals over their reconstructions after each epoch, as `epoch_001.png` and so on.

    Args:
        images: The images to follow, shape `(n, height, width, channels)`.
        directory: Where the figures are saved; created if it is missing.
        label: Class of each image, for a conditional model. Defaults to `None`.
        every: Epochs from one figure to the next. Defaults to `1`.
    """

    def __init__(
        self,
        images: np.ndarray,
        directory: str | Path,
        *,
        label: ArrayLike | None = None,
        every: int = 1,
    ) -> None:
        super().__init__()
        self.images = images
        self.directory = Path(directory)
        self.label = label
        self.every = positive_integer("every", every)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if (epoch + 1) % self.every:
            return
        reconstructions = self.model.reconstruct(self.images, label=self.label)
        if not np.isfinite(reconstructions).all():
            return  # nothing to draw; `StopOnDivergence` says what happened
        to_unit = self.model.to_unit_range
        axes = plot_reconstructions(to_unit(self.images), to_unit(reconstructions))
        axes.set_title(f"Epoch {epoch + 1}", loc="left")
        save_figure(axes.figure, self.directory / f"epoch_{epoch + 1:03d}.png")
