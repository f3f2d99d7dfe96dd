"""The zip archive of a `.keras` file, read once and with every size bounded."""

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_keras.errors import DataError
from vae_keras.io.bounded import LongTableError, machine_memory, open_regular, open_zip
from vae_keras.io.json import MAX_BYTES, parse_json
from vae_keras.saving.hdf5 import Weights
from vae_keras.saving.refused import Refused

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_NAMES = (CONFIG, METADATA, WEIGHTS)
_MAX_TABLE, _MAX_METADATA = 1 << 16, 1 << 16
# Keras stores weights as they are; a file that someone has compressed shrinks by much less.
_MAX_EXPANSION, _MAY_EXPAND_TO = 10, 64 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1  # a bit of a member's flags


@dataclass(frozen=True)
class Members:
    """What a `.keras` file holds.

    Args:
        config: The model, as Keras describes it.
        metadata: Which Keras wrote it.
        weights: An HDF5 file.
    """

    config: Any
    metadata: Any
    weights: bytes


def read_members(path: Path) -> Members:
    """Read a `.keras` file once; what is checked and loaded afterwards is what was read.

    Raises:
        Refused: If it is not an archive of the three members that Keras writes, or holds more than
            its size lets expect.
        OSError: If it cannot be read.
    """
    try:
        file = open_regular(path)
    except DataError as error:
        raise Refused("no regular file") from error
    try:
        with file, open_zip(file, _MAX_TABLE) as archive:
            _check_members(archive.infolist(), os.fstat(file.fileno()).st_size)
            config, metadata, weights = (_read(archive, name) for name in _NAMES)
    except Refused:
        raise
    except LongTableError as error:
        raise Refused(str(error)) from error
    except Exception as error:  # `zipfile` and `zlib` raise many kinds on damaged files
        raise Refused(f"no whole zip archive: {error}") from error
    return Members(_json(config, CONFIG), _json(metadata, METADATA), weights)


@contextmanager
def private_copy(members: Members, weights: Weights) -> Iterator[str]:
    """Yield the path of a `.keras` file of what was read, where nobody else can change it.

    The HDF5 file in it is written anew.
    """
    with tempfile.TemporaryDirectory(prefix="vae_keras_") as folder:
        path = os.path.join(folder, "model.keras")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(METADATA, json.dumps(members.metadata))
            archive.writestr(CONFIG, json.dumps(members.config))
            archive.writestr(WEIGHTS, _written(weights))
        del members, weights  # Keras reads them again
        yield path


def _written(weights: Weights) -> bytes:
    """Return an HDF5 file; by h5py's functions, a third of the time that its objects take."""
    from h5py import File, h5d, h5g, h5s, h5t

    with File("model.weights.h5", "w", driver="core", backing_store=False) as file:
        for path in sorted(weights.groups):  # what is above comes first
            h5g.create(file.id, path.encode())
        for path, values in weights.arrays.items():
            space = h5s.create_simple(values.shape) if values.shape else h5s.create(h5s.SCALAR)
            kind = h5t.py_create(values.dtype, logical=True)
            array = h5d.create(file.id, path.encode(), kind, space)
            if values.size:
                array.write(h5s.ALL, h5s.ALL, values)
            if values.dtype.kind == "V":  # so Keras marks it
                file[path].attrs["dtype"] = "bfloat16"
        file.flush()
        return file.id.get_file_image()


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """Raise `Refused` unless these are the members of a `.keras` file of `size` bytes."""
    names = [member.orig_filename for member in members]
    missing = sorted(set(_NAMES).difference(names))
    if missing:
        raise Refused(f"no .keras file: without {', '.join(missing)}")
    others = [name for name in names if name not in _NAMES]
    if others:
        raise Refused(f"holds {others[0][:80]!r}, which no model of this package has")
    if len(names) > len(_NAMES):
        raise Refused("holds a member twice")
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.compress_type not in _METHODS or member.flag_bits & _ENCRYPTED:
            raise Refused(f"{member.filename} must be stored or deflated, and not encrypted")
        if member.header_offset < end:
            raise Refused("members that lie over each other")
        end = member.header_offset + member.compress_size
    _check_sizes({member.filename: member.file_size for member in members}, size)


def _check_sizes(declared: dict[str, int], size: int) -> None:
    for name, most in ((CONFIG, MAX_BYTES), (METADATA, _MAX_METADATA)):
        if declared[name] > most:
            raise Refused(f"{name} of {declared[name]} bytes, more than {most}")
    if declared[WEIGHTS] > max(_MAY_EXPAND_TO, _MAX_EXPANSION * size):
        raise Refused(f"{WEIGHTS} of {declared[WEIGHTS]} bytes in a file of {size}")
    memory = machine_memory()
    if memory is not None and declared[WEIGHTS] > memory / 2:
        raise Refused(f"{WEIGHTS} of {declared[WEIGHTS]} bytes, more than half of the memory here")


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    content = archive.read(name)
    if len(content) != archive.getinfo(name).file_size:
        raise Refused(f"{name} is not as long as it says")
    return content


def _json(content: bytes, name: str) -> Any:
    try:
        return parse_json(content)
    except ValueError as error:
        raise Refused(f"{name} must hold JSON: {error}") from error
