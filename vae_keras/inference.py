"""Loading a trained model, from a run directory or a `.keras` file."""

import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_keras.errors import ModelFileError

if TYPE_CHECKING:
    from vae_keras.models import ImageModel

_MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}


# Random initialisers of Keras; the others, variance scaling, are its subclasses.
_RANDOM = ("VarianceScaling", "RandomNormal", "RandomUniform", "TruncatedNormal", "Orthogonal")
_DTYPES = ("float32", "float16", "float64", "int32")  # that NumPy knows too
_one_at_a_time = threading.RLock()


def load(path: str | Path, *, compile: bool = True) -> "ImageModel":
    """Load a model of any kind with its weights, optimizer and KL weight.

    Keras' `safe_mode` stays on: a file cannot bring code of its own.

    Args:
        path: A run directory, or a `.keras` file.
        compile: Whether to bring the optimizer, whose state is twice as large as the weights.
            Without it the model does all but `fit`. Defaults to `True`.

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
        with _without_initial_values(keras.initializers):
            model = keras.saving.load_model(file, compile=compile, safe_mode=True)
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


@contextmanager
def _without_initial_values(initializers: Any) -> Iterator[None]:
    """Draw no initial weights on this thread: the file has their values.

    JAX would compile each draw, of each shape: most of the time that loading took. NaN stands in
    their place, so that a value that a file did not set could not go unseen.
    """
    import numpy as np

    thread = threading.get_ident()
    classes = [getattr(initializers, name) for name in (*_RANDOM, "Zeros")]
    originals = [one.__call__ for one in classes]

    def quick(original: Any, value: float) -> Any:
        def call(self: Any, shape: Any, dtype: Any = None, **options: Any) -> Any:
            if threading.get_ident() != thread or options or dtype not in _DTYPES:
                return original(self, shape, dtype=dtype, **options)
            return np.full(shape, value, dtype)

        return call

    with _one_at_a_time:
        try:
            for one, original in zip(classes, originals, strict=True):
                one.__call__ = quick(original, 0.0 if one.__name__ == "Zeros" else float("nan"))
            yield
        finally:
            for one, original in zip(classes, originals, strict=True):
                one.__call__ = original


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
