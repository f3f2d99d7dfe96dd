"""Reads `.npy` and `.npz` files from anyone: no pickle, and no more memory than they justify."""

import math
import os
import warnings
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO, BinaryIO, TypeVar

import numpy as np

from vae_keras.errors import DataError
from vae_keras.io.bounded import LongTableError, check_unpacked, open_regular, open_zip
from vae_keras.io.text import printable

_MAGIC = {".npy": (b"\x93NUMPY",), ".npz": (b"PK\x03\x04", b"PK\x05\x06")}
_MAX_TABLE = 1 << 20  # bytes: names and places of more than 10,000 arrays
_SHOWN = 200  # characters of a text from the file in a message
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # those that NumPy writes
_Result = TypeVar("_Result")


def read_npy(path: Path) -> np.ndarray:
    """Read the array of a `.npy` file, whatever the file's name is.

    Raises:
        DataError: If it cannot be read, is damaged, or holds objects.
    """
    return _read_checked(path, ".npy", _read_array)


def read_npz(path: Path, wanted: Collection[str], needed: Collection[str]) -> dict[str, np.ndarray]:
    """Read arrays of a `.npz` file, whatever the file's name is.

    Args:
        path: The file.
        wanted: Keys of the arrays to read, if the file has them; other arrays are not read.
        needed: Keys of which the file must have at least one.

    Raises:
        DataError: If it cannot be read, is damaged, holds objects or none of the keys.
    """

    def read_wanted(path: Path, file: BinaryIO) -> dict[str, np.ndarray]:
        with open_zip(file, _MAX_TABLE) as archive:
            members = _members(path, archive)
            if not set(members) & set(needed):
                raise DataError(
                    f"{path} must hold images under one of {', '.join(needed)}. "
                    f"Received keys: {_short(', '.join(members)) or 'none'}"
                )
            found = {key: member for key, member in members.items() if key in wanted}
            stored = os.fstat(file.fileno()).st_size
            check_unpacked(path, stored, sum(member.file_size for member in found.values()))
            return {key: _read_member(path, archive, member) for key, member in found.items()}

    return _read_checked(path, ".npz", read_wanted)


def _read_checked(path: Path, suffix: str, read: Callable[[Path, BinaryIO], _Result]) -> _Result:
    """Open `path`, check its kind, read it, and turn any error into a `DataError`."""
    try:
        with open_regular(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's parser may warn about a malformed header
            start = file.read(6)
            if not start.startswith(_MAGIC[suffix]):
                raise DataError(
                    f"{path} is not a NumPy {suffix} file. Received: it begins with {start!r}"
                )
            file.seek(0)
            return read(path, file)
    except DataError:
        raise
    except Exception as error:  # zip, zlib and NumPy's header raise a dozen kinds between them
        raise DataError(_message(path, error)) from error


def _read_array(path: Path, file: BinaryIO) -> np.ndarray:
    size = os.fstat(file.fileno()).st_size
    check_unpacked(path, size, size)
    _check_header(path, file, size)
    file.seek(0)
    return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the arrays of an archive by their keys."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        if not member.filename.endswith(".npy"):
            continue
        key = member.filename.removesuffix(".npy")
        if key in members:
            raise DataError(f"{path} must hold each array once. Received: {key} twice")
        members[key] = member
    return members


def _short(text: str) -> str:
    """Return a text from a file in one line of bounded length: `zipfile` quotes whole names."""
    text = printable(" ".join(text.split()))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def _read_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    if member.compress_type not in _COMPRESSIONS:
        raise DataError(
            f"{path} must be compressed as NumPy does it, or not at all. "
            f"Received: {member.filename} in another way"
        )
    with archive.open(member) as stream:
        _check_header(path, stream, member.file_size)
    with archive.open(member) as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _check_header(path: Path, stream: IO[bytes], size: int) -> None:
    """Raise unless a header promises an array of plain values that fits in the content.

    Args:
        path: Named in the message.
        stream: The `.npy` content, at its start.
        size: Bytes of the content.
    """
    version = np.lib.format.read_magic(stream)
    # Version 3 differs from version 2 only in the encoding of column names.
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    if dtype.hasobject:
        raise DataError(_pickled(path))
    promised = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or promised > size - stream.tell():
        raise DataError(
            f"{path} is damaged or cut short. Received: {size} bytes, whose header promises shape "
            f"{shape} of {dtype}"
        )


def _pickled(path: Path) -> str:
    return (
        f"{path} holds pickled objects, which are not read because they can run code. "
        "Save plain arrays of numbers. Received: dtype object"
    )


def _message(path: Path, error: Exception) -> str:
    """Return the message, in one line, for an error of `zipfile` or NumPy."""
    if isinstance(error, LongTableError):
        return (
            f"{path} must hold a few arrays. Received: its table of contents is {error.size} bytes"
        )
    text = _short(getattr(error, "strerror", None) or str(error))
    if isinstance(error, MemoryError) and text:  # without a text it comes from the header's parser
        return f"{path} does not fit in memory. Received: {text}"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{path} cannot be read. Received: {text}"
    return f"{path} is damaged or cut short. Received: {text or type(error).__name__}"
