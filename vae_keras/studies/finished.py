"""Finished runs, and their models' reconstructions of test images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from vae_keras.config.config import Config
from vae_keras.data.readers.checksum import sha256
from vae_keras.models import labels_for
from vae_keras.runs.build import load_data
from vae_keras.runs.directory import RunDirectory, open_run
from vae_keras.runs.reading import check_finished, read_metrics, run_settings
from vae_keras.saving.load import load

SHOWN_IMAGES = 10


@dataclass(frozen=True)
class FinishedRun:
    """A run whose training and evaluation are done.

    Args:
        directory: Directory of the run.
        config: Its config.
        metrics: Content of its `metrics.json`.
    """

    directory: RunDirectory
    config: Config
    metrics: dict[str, Any]


@dataclass(frozen=True)
class RunImages:
    """The first test images of a run and its reconstructions of them, in `[0, 1]`.

    Args:
        originals: Shape `(n, height, width, channels)`.
        reconstructions: Reconstructions from the mean code, of the same shape.
        test_set: Checksum of all test images, equal for two runs with the same test set.
        unit: Kind of the model's log-likelihood (see `_unit`), or `None` if it has none.
    """

    originals: np.ndarray
    reconstructions: np.ndarray
    test_set: str
    unit: str | None


def read_run(path: str | Path) -> FinishedRun:
    """Read the config and the metrics of a finished run, without its model.

    Raises:
        RunDirectoryError: If the directory holds no finished run.
    """
    directory = open_run(path)
    check_finished(directory)
    return FinishedRun(directory, run_settings(directory), read_metrics(directory))


def run_images(run: FinishedRun) -> RunImages:
    """Load data and model of a run and reconstruct the first test images.

    Raises:
        VAEKerasError: If the data or the model can no longer be loaded.
    """
    test = load_data(run.config).test
    model: Any = load(run.directory.path)
    images = test.images[:SHOWN_IMAGES]
    label = labels_for(model, test.labels, slice(SHOWN_IMAGES))
    return RunImages(
        originals=model.to_unit_range(images),
        reconstructions=model.to_unit_range(model.reconstruct(images, label=label)),
        test_set=sha256(test.images),
        unit=_unit(model),
    )


def forget_models() -> None:
    """Clear Keras' record of earlier models; the user's dtype policy stays."""
    policy = keras.config.dtype_policy()
    keras.utils.clear_session()
    keras.config.set_dtype_policy(policy)


def _unit(model: Any) -> str | None:
    """Say what the log-likelihood is: of probabilities, or of densities on which range.

    Only log-likelihoods of the same kind can be compared.
    """
    if not model.is_variational or not model.likelihood.normalized:
        return None
    if model.likelihood.discrete:
        return f"probabilities ({type(model.likelihood).__name__})"
    low, high = model.likelihood.data_range
    return f"densities on [{low:g}, {high:g}]"
