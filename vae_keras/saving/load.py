"""Loading a trained model, from a run directory or a `.keras` file."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_keras.errors import ModelFileError

if TYPE_CHECKING:
    from vae_keras.models import ImageModel
    from vae_keras.saving.archive import Members
    from vae_keras.saving.refused import Refused


def load(
    path: str | Path, *, compile: bool = True, custom_objects: Mapping[str, Any] | None = None
) -> "ImageModel":
    """Load a model of any kind with its weights, optimizer and KL weight.

    No code is loaded from a file. A file is refused if it names a class or function that is neither
    of this package nor on its list of Keras', and if it would take more time or memory than its
    size lets expect (docs/how_to/security.md).

    Args:
        path: A run directory, or a `.keras` file.
        compile: Whether to bring the optimizer, whose state is twice as large as the weights.
            Without it the model can do everything but `fit`. Defaults to `True`.
        custom_objects: Classes and functions of your own, or others of Keras', that the file may
            name: `{"SquaredMeans": SquaredMeans}`. Defaults to `None`.

    Returns:
        The `VAE`, `ConditionalVAE` or `Autoencoder`, compiled as it was saved: `fit` continues
        where it stopped.

    Raises:
        ModelFileError: If there is no such file, or it is damaged, holds another kind of model, or
            names something that is not loaded from a file.
        ArgumentError: If `custom_objects` is not a mapping from names to classes and functions.

    Example:
        >>> vae = vae_keras.load("runs/first")
        >>> vae.reconstruct(images)
    """
    from vae_keras.saving.custom_objects import custom_names

    names = custom_names(custom_objects)
    file = _model_file(Path(path))
    with _saying_what_is_wrong_with(file):
        return _loaded(file, compile, names)


def _loaded(file: Path, compile: bool, names: dict[str, Any]) -> "ImageModel":
    """Load a file of which nothing is known: each step trusts only what those before it checked."""
    import keras

    from vae_keras.models import ImageModel
    from vae_keras.saving.archive import private_copy
    from vae_keras.saving.config import check_config
    from vae_keras.saving.hdf5 import read_weights
    from vae_keras.saving.initial_values import without_initial_values
    from vae_keras.saving.size import check_size

    members = _members(file)
    _check_kind(members.config, names, file)
    check_config(members.config, names)
    weights = read_weights(members.weights)
    values = weights.values
    with private_copy(members, weights) as copy, without_initial_values(values):
        del members, weights  # Keras reads them again: not both in memory
        model = keras.saving.load_model(copy, custom_objects=names, compile=compile, safe_mode=True)
    if not isinstance(model, ImageModel):
        raise _another_model(file, type(model).__name__)
    check_size(model)
    return model


def _model_file(path: Path) -> Path:
    """Return the `.keras` file that `path` is, or that is in the directory `path`."""
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


def _members(file: Path) -> "Members":
    from vae_keras.saving.archive import read_members
    from vae_keras.saving.refused import Refused

    try:
        return read_members(file)
    except (Refused, OSError) as error:
        raise ModelFileError(
            f"`path` must be a whole .keras file. Received: {file} ({_first_line(error)})"
        ) from error


def _check_kind(config: Any, names: dict[str, Any], file: Path) -> None:
    """Raise `ModelFileError` unless it is the config of a model of images, in a known format."""
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
            # `from_config` checks it again, since Keras' own loader gets there without this. Here
            # the check comes before that of the config, which a later format would not pass.
            check_format(config["config"].get("format_version", 0))
        except ModelFileError as error:
            raise ModelFileError(f"{error}, in {file}") from error


def _another_model(file: Path, name: str) -> ModelFileError:
    return ModelFileError(
        "`path` must be a saved `VAE`, `ConditionalVAE` or `Autoencoder`. "
        f"Received: {file}, a `{name[:80]}`"
    )


@contextmanager
def _saying_what_is_wrong_with(file: Path) -> Iterator[None]:
    """Turn whatever is raised within the context into a `ModelFileError` that names the file."""
    from vae_keras.saving.refused import Refused

    try:
        yield
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


def _refused_within(error: BaseException | None) -> "Refused | None":
    """Return the `Refused` that Keras has wrapped in an error of its own, or `None`."""
    from vae_keras.saving.refused import Refused

    while error is not None and not isinstance(error, Refused):
        error = error.__cause__ or error.__context__
    return error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
