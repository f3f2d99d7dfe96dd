"""Reads the zip archive of a `.keras` file once, with every size bounded."""

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vae_keras.errors import DataError
from vae_keras.io.bounded import LongTableError, machine_memory, open_regular, open_zip
from vae_keras.io.json import MAX_BYTES, parse_json
from vae_keras.saving.hdf5 import Weights
from vae_keras.saving.refused import Refused

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_NAMES = (CONFIG, METADATA, WEIGHTS)
_MAX_TABLE = 1 << 16  # bytes: names and places of a few hundred members
_MAX_METADATA = 1 << 16  # bytes; Keras writes under 100
# Keras stores weights uncompressed; a user may have compressed the file. Measured: deflate shrinks
# trained float32 weights by 1.1 times, and by 2.8 times with Adam's moments still zero. Files of
# tiny models, mostly HDF5's own structure, shrink by up to 14 times: hence the second limit, in
# bytes, up to which any ratio is accepted.
_MAX_EXPANSION, _MAY_EXPAND_TO = 10, 64 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1  # the bit in a member's flags


@dataclass(frozen=True)
class Members:
    """The content of a `.keras` file.

    Args:
        config: Keras's description of the model, from JSON.
        metadata: The version of Keras that wrote the file, from JSON.
        weights: An HDF5 file.
    """

    config: object
    metadata: object
    weights: bytes


def read_members(path: Path) -> Members:
    """Read a `.keras` file once: later checks and loading use what was read, not the file.

    Raises:
        Refused: If it is not an archive of the three members that Keras writes, or unpacks to far
            more than its size.
        OSError: If it cannot be read.
    """
    try:
        file = open_regular(path)
    except DataError as error:
        raise Refused("no regular file") from error
    try:
        with file, open_zip(file, _MAX_TABLE) as archive:
            _check_members(archive.infolist(), os.fstat(file.fileno()).st_size)
            config, metadata, weights = (_read_member(archive, name) for name in _NAMES)
    except Refused:
        raise
    except LongTableError as error:
        raise Refused(str(error)) from error
    except Exception as error:  # `zipfile` and `zlib` raise many kinds of error on damaged files
        raise Refused(f"no whole zip archive: {error}") from error
    return Members(_parse_member(config, CONFIG), _parse_member(metadata, METADATA), weights)


@contextmanager
def private_copy(members: Members, weights: Weights) -> Iterator[str]:
    """Yield the path of a new `.keras` file with this content, which no other user can change.

    The HDF5 file in it is written anew.

    Args:
        members: Config and metadata of the file.
        weights: Its weights.
    """
    with tempfile.TemporaryDirectory(prefix="vae_keras_") as folder:
        path = os.path.join(folder, "model.keras")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(METADATA, json.dumps(members.metadata))
            archive.writestr(CONFIG, json.dumps(members.config))
            archive.writestr(WEIGHTS, _hdf5_file(weights))
        del members, weights  # Keras reads them again: do not hold them twice
        yield path


def _hdf5_file(weights: Weights) -> bytes:
    """Return an HDF5 file of the weights. h5py's low-level API takes a third of the time here."""
    from h5py import File, h5d, h5g, h5s, h5t

    with File("model.weights.h5", "w", driver="core", backing_store=False) as file:
        for path in sorted(weights.groups):  # parents first
            h5g.create(file.id, path.encode())
        for path, values in weights.arrays.items():
            space = h5s.create_simple(values.shape) if values.shape else h5s.create(h5s.SCALAR)
            kind = h5t.py_create(values.dtype, logical=True)
            array = h5d.create(file.id, path.encode(), kind, space)
            if values.size:
                array.write(h5s.ALL, h5s.ALL, values)
            if values.dtype.kind == "V":  # the mark that Keras sets
                file[path].attrs["dtype"] = "bfloat16"
        file.flush()
        return file.id.get_file_image()


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """Raise `Refused` unless these are members of a `.keras` file of `size` bytes."""
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
    """Raise `Refused` if the members of a file of `size` bytes declare that they are too large."""
    for name, most in ((CONFIG, MAX_BYTES), (METADATA, _MAX_METADATA)):
        if declared[name] > most:
            raise Refused(f"{name} of {declared[name]} bytes, more than {most}")
    if declared[WEIGHTS] > max(_MAY_EXPAND_TO, _MAX_EXPANSION * size):
        raise Refused(f"{WEIGHTS} of {declared[WEIGHTS]} bytes in a file of {size}")
    memory = machine_memory()
    if memory is not None and declared[WEIGHTS] > memory / 2:
        raise Refused(f"{WEIGHTS} of {declared[WEIGHTS]} bytes, more than half of the memory here")


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the content of a member, whose size must be the declared one."""
    content = archive.read(name)
    if len(content) != archive.getinfo(name).file_size:
        raise Refused(f"{name} is not as long as it says")
    return content


def _parse_member(content: bytes, name: str) -> object:
    try:
        return parse_json(content)
    except ValueError as error:
        raise Refused(f"{name} must hold JSON: {error}") from error
