"""Loading a trained model, from a run directory or a `.keras` file."""

import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from vae_keras.errors import ModelFileError

if TYPE_CHECKING:
    from vae_keras.models import ImageModel

_MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}


def load(path: str | Path) -> "ImageModel":
    """Load a model of any kind with its weights, optimizer and KL weight.

    Keras' `safe_mode` stays on: a file cannot bring code of its own.

    Args:
        path: A run directory, or a `.keras` file.

    Returns:
        The `VAE`, `ConditionalVAE` or `Autoencoder`, compiled as it was saved: `fit` goes on where
        it stopped.

    Raises:
        ModelFileError: If there is no such file, it is damaged, or it holds another model.

    Example:
        >>> vae = vae_keras.load("runs/first")
        >>> vae.reconstruct(images)
    """
    file = _model_file(Path(path))
    import keras

    from vae_keras.models import ImageModel

    try:
        model = keras.saving.load_model(file, safe_mode=True)
    except Exception as error:  # h5py, zipfile and Keras raise almost anything on damaged files
        raise ModelFileError(
            f"`path` must be a model that this version of the package saved. Received: {file} "
            f"({_first_line(error)})"
        ) from error
    if not isinstance(model, ImageModel):
        raise ModelFileError(
            "`path` must be a saved `VAE`, `ConditionalVAE` or `Autoencoder`. "
            f"Received: {file}, a `{type(model).__name__}`"
        )
    return model


def _model_file(path: Path) -> Path:
    if os.path.isdir(path):
        path = path / "model.keras"
        if not path.exists():
            raise ModelFileError(
                f"`path` must be a run directory with a model.keras, or a .keras file. "
                f"Received: {path.parent} (no model.keras in it)"
            )
    if not os.path.exists(path):  # `Path.exists` raises on a name that is too long
        raise ModelFileError(
            f"`path` must be a run directory or a .keras file. Received: {path} (no such file)"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            missing = _MEMBERS.difference(archive.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelFileError(
            f"`path` must be a whole .keras file. Received: {path} ({_first_line(error)})"
        ) from error
    if missing:
        raise ModelFileError(
            f"`path` must be a .keras file. Received: {path}, without {', '.join(sorted(missing))}"
        )
    return path


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
