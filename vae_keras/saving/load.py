"""Loading a trained model, from a run directory or a `.keras` file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_keras.errors import ModelFileError

if TYPE_CHECKING:
    from vae_keras.models import ImageModel
    from vae_keras.saving.refused import Refused


def load(
    path: str | Path, *, compile: bool = True, custom_objects: Mapping[str, Any] | None = None
) -> "ImageModel":
    """Load a model of any kind with its weights, optimizer and KL weight.

    No code comes from a file: one that names a class or function that is neither this package's
    nor on its list of Keras' is refused, and so is one that would take more time or memory than
    its size lets expect (docs/how_to/security.md).

    Args:
        path: A run directory, or a `.keras` file.
        compile: Whether to bring the optimizer, whose state is twice as large as the weights.
            Without it the model does all but `fit`. Defaults to `True`.
        custom_objects: Classes and functions of your own, or more of Keras', that the file may
            name: `{"SquaredMeans": SquaredMeans}`. Defaults to `None`.

    Returns:
        The `VAE`, `ConditionalVAE` or `Autoencoder`, compiled as it was saved: `fit` goes on where
        it stopped.

    Raises:
        ModelFileError: If there is no such file, it is damaged, it holds another model, or
            something that is not loaded from a file.
        ArgumentError: If `custom_objects` holds something else.

    Example:
        >>> vae = vae_keras.load("runs/first")
        >>> vae.reconstruct(images)
    """
    from vae_keras.saving.custom_objects import custom_names
    from vae_keras.saving.refused import Refused

    names = custom_names(custom_objects)
    file = _model_file(Path(path))
    try:
        return _loaded(file, compile, names)
    except ModelFileError:
        raise
    except Refused as error:
        raise ModelFileError(
            f"`path` must be a model that is safe to load. Received: {file} ({_first_line(error)})"
        ) from error
    except Exception as error:  # h5py, zipfile and Keras raise almost anything on damaged files
        refused = _refused_within(error)
        raise ModelFileError(
            f"`path` must be a model that this version of the package saved. Received: {file} "
            f"({_first_line(refused or error)})"
        ) from error


def _loaded(file: Path, compile: bool, names: dict[str, Any]) -> "ImageModel":
    from vae_keras.saving.archive import private_copy, read_members
    from vae_keras.saving.config import check_config
    from vae_keras.saving.hdf5 import read_weights
    from vae_keras.saving.initial_values import without_initial_values
    from vae_keras.saving.refused import Refused
    from vae_keras.saving.size import check_size

    try:
        members = read_members(file)
    except (Refused, OSError) as error:
        raise ModelFileError(
            f"`path` must be a whole .keras file. Received: {file} ({_first_line(error)})"
        ) from error
    import keras

    from vae_keras.models import ImageModel

    _check_kind(members.config, names, file)
    check_config(members.config, names)
    weights = read_weights(members.weights)
    values = weights.values
    with private_copy(members, weights) as copy, without_initial_values(values):
        del members, weights
        model = keras.saving.load_model(copy, custom_objects=names, compile=compile, safe_mode=True)
    if not isinstance(model, ImageModel):
        raise _another_model(file, type(model).__name__)
    check_size(model)
    return model


def _check_kind(config: Any, names: dict[str, Any], file: Path) -> None:
    """Raise `ModelFileError` unless a config is that of a model of images, and can be read."""
    import keras

    from vae_keras.models import ImageModel
    from vae_keras.models.format import check_format
    from vae_keras.saving.refused import Refused

    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise Refused("config.json describes no model")
    registered = str(config.get("registered_name"))
    kind = names.get(registered) or keras.saving.get_registered_object(registered)
    if not isinstance(kind, type) or not issubclass(kind, ImageModel):
        raise _another_model(file, config["class_name"])
    if isinstance(config.get("config"), dict):
        try:
            check_format(config["config"].get("format_version", 0))
        except ModelFileError as error:
            raise ModelFileError(f"{error}, in {file}") from error


def _another_model(file: Path, name: str) -> ModelFileError:
    return ModelFileError(
        "`path` must be a saved `VAE`, `ConditionalVAE` or `Autoencoder`. "
        f"Received: {file}, a `{name[:80]}`"
    )


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
    return path


def _refused_within(error: BaseException | None) -> "Refused | None":
    """Return what refused the file, where Keras has put an error of its own around it."""
    from vae_keras.saving.refused import Refused

    while error is not None and not isinstance(error, Refused):
        error = error.__cause__ or error.__context__
    return error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
