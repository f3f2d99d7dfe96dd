"""From a trained model to a directory that another runtime reads."""

import importlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import numpy as np

from vae_keras.checks import one_of, positive_number
from vae_keras.errors import ArgumentError, ExportError, RunDirectoryError
from vae_keras.export.base import Format
from vae_keras.export.check import largest_differences
from vae_keras.export.formats import FORMATS
from vae_keras.export.parts import Part, decoder_part, encoder_part, in_float32
from vae_keras.export.quiet import quiet
from vae_keras.io.files import check_free, write_json
from vae_keras.models import ImageModel

INPUT_TYPES = ("uint8", "float32")
DESCRIPTION = "export.json"


def check_request(output: str | Path, *, format: str, input_type: str, tolerance: float) -> Format:
    """Return the format's writer, after checking that the export is possible.

    Raises:
        ArgumentError: If the format or input type is unknown, this backend cannot write it, a
            package for it is missing, or `tolerance` is not above 0.
        RunDirectoryError: If `output` holds something already, or cannot be written.
    """
    writer = _checked_format(format, input_type)
    positive_number("tolerance", tolerance)
    check_free(Path(output))
    return writer


def write_export(
    model: ImageModel,
    output: str | Path,
    *,
    format: str,
    input_type: str,
    tolerance: float,
    class_names: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Write encoder and decoder of a model into a new directory, and check them.

    Arguments, result and errors are those of `vae_keras.export_model`.

    Args:
        class_names: Names of the classes, by number. Defaults to `None`, not known.
    """
    writer = check_request(output, format=format, input_type=input_type, tolerance=tolerance)
    output = Path(output)
    model = in_float32(model)
    parts = [encoder_part(model, input_type), decoder_part(model)]
    with _directory_beside(output) as folder, quiet():
        description = _description(model, format, class_names)
        differences: dict[str, dict[str, float]] = {}
        runtime = None
        for part in parts:
            path = folder / f"{part.name}{writer.suffix}"
            _write(part, writer, path, format)
            description[part.name] = {"file": path.name, **_interface(part)}
            try:
                opened = writer.open(path)
            except ImportError:
                continue
            runtime = opened.name
            differences[part.name] = largest_differences(part, model, opened, tolerance=tolerance)
        description["check"] = runtime and {
            "runtime": runtime,
            "tolerance": tolerance,
            "differences": differences,
        }
        write_json(folder / DESCRIPTION, description)
    return description


def _checked_format(format: str, input_type: str) -> Format:
    writer = FORMATS[one_of("format", format, FORMATS)]
    one_of("input_type", input_type, INPUT_TYPES)
    backend = keras.backend.backend()
    if backend not in writer.backends:
        raise ArgumentError(
            f"`backend` must be {' or '.join(writer.backends)} for format={format!r}: save the "
            "model, which opens on each backend, and run `vae-keras export MODEL --format "
            f"{format} --backend {writer.backends[0]}`. Received: backend={backend!r}"
        )
    for package in writer.packages:
        try:
            with quiet():
                importlib.import_module(package)
        except ImportError as error:
            raise ArgumentError(
                f"`format` must be one whose packages are installed: pip install "
                f"{writer.to_write}. Received: format={format!r} ({error})"
            ) from error
    return writer


@contextmanager
def _directory_beside(output: Path) -> Iterator[Path]:
    """Yield a new directory beside `output`, which is renamed to it if nothing failed."""
    beside = output.absolute().with_name(f".{output.absolute().name}.{os.getpid()}.part")
    try:
        beside.mkdir(parents=True)
        yield beside
        if output.exists():
            output.rmdir()  # empty
        beside.rename(output)
    except OSError as error:
        raise RunDirectoryError(
            f"`output` must be writable. Received: {output} ({error.strerror or error})"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write(part: Part, writer: Format, path: Path, format: str) -> None:
    # Keras exports a model only after it was called.
    part.network(
        [np.zeros((1, *tensor.shape[1:]), tensor.dtype) for tensor in part.inputs.values()]
    )
    try:
        writer.write(part, path)
    except OSError:
        raise
    except Exception as error:  # the converters raise almost anything
        raise ExportError(
            f"`model` must have {part.name} layers that {format} can express. "
            f"Received: {str(error).strip().splitlines()[0] if str(error).strip() else error!r}"
        ) from error


def _description(model: ImageModel, format: str, names: tuple[str, ...] | None) -> dict[str, Any]:
    """Return the part of the description that is about the model."""
    return {
        "format": format,
        "model": type(model).__name__,
        "likelihood": type(model.likelihood).__name__,
        "prior": type(model.prior).__name__ if model.is_variational else None,
        "image_shape": list(model.image_shape),
        "latent_dim": model.latent_dim,
        "num_classes": model.num_classes,
        "class_names": None if names is None else list(names),
        "versions": {
            "vae_keras": metadata.version("vae-keras"),
            "keras": keras.__version__,
            keras.backend.backend(): importlib.import_module(keras.backend.backend()).__version__,
        },
    }


def _interface(part: Part) -> dict[str, Any]:
    """Describe names, types, shapes and ranges of the inputs and outputs."""

    def described(name: str, tensor: Any) -> dict[str, Any]:
        known = {"type": tensor.dtype, "shape": ["batch", *tensor.shape[1:]]}
        return known | ({"range": list(part.ranges[name])} if name in part.ranges else {})

    return {
        "inputs": {name: described(name, tensor) for name, tensor in part.inputs.items()},
        "outputs": {name: described(name, tensor) for name, tensor in part.outputs.items()},
    }
