"""Reads IDX, the file format of MNIST and Fashion-MNIST, plain or compressed with gzip."""

import math
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vae_keras.data.dataset import Split
from vae_keras.data.readers import checksum
from vae_keras.data.readers.inflate import Inflated
from vae_keras.errors import DataError
from vae_keras.io.bounded import check_unpacked, open_regular

IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_UNSIGNED_BYTE = 8  # IDX's number for the type
_CHUNK = 1 << 20
# Deflate cannot compress by more than about 1:1032. A header that promises more is wrong, and is
# refused before memory is allocated for it.
_MAX_DEFLATE_RATIO = 1100


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read one IDX file of unsigned bytes.

    Args:
        path: The file, plain or gzip, which its first bytes decide, not its name.
        dimensions: Number of axes that it must have: 3 for images, 1 for labels.

    Returns:
        A uint8 array with the shape in the file's header.

    Raises:
        DataError: If the file cannot be read, is not an IDX file of bytes, or is shorter or longer
            than its header says.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            compressed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            room = size * (_MAX_DEFLATE_RATIO if compressed else 1)
            if not compressed:
                return _read_stream(file, path, dimensions, room, size)
            return _read_stream(Inflated(file), path, dimensions, room, size)
    except (EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is damaged or cut short: delete it, and copy or download it again. "
            f"Received: {error}"
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read. Received: {error.strerror or error}") from error


def idx_files(folder: Path) -> dict[str, Path]:
    """Return the paths of those of the four `IDX_FILES` that are in `folder`, by their names."""
    found = {}
    for name in IDX_FILES:
        for path in (folder / name, folder / name.removesuffix(".gz")):
            if os.path.isfile(path):  # unlike `Path.is_file`, it never raises
                found[name] = path
                break
    return found


def read_idx_folder(
    folder: Path, checksums: Mapping[str, str] | None = None, advice: str = ""
) -> tuple[Split, Split]:
    """Read the four IDX files of `folder` as a training part and a test set.

    Args:
        folder: Holds the four `IDX_FILES`, with or without `.gz`.
        checksums: sha256 of the content of each file after its header, by name. Defaults to `None`:
            nothing is checked.
        advice: What to do about a file with another checksum.

    Raises:
        DataError: If a file is missing, damaged, or does not fit the others.
    """
    files = idx_files(folder)
    missing = [name for name in IDX_FILES if name not in files]
    if missing:
        raise DataError(
            f"{folder} must hold the four IDX files; missing: {', '.join(missing)}. "
            f"Received: {', '.join(files) or 'none of them'}"
        )
    arrays = {}
    for name, path in files.items():
        arrays[name] = read_idx(path, 3 if "images" in name else 1)
        if checksums is not None:
            checksum.check_published(arrays[name], checksums[name], path, advice)
    train, test = _part(arrays, files, "train"), _part(arrays, files, "t10k")
    if train.images.shape[1:] != test.images.shape[1:]:
        raise DataError(
            f"{folder}: training and test images must be of one size. Received: "
            f"{train.images.shape[1:3]} and {test.images.shape[1:3]}"
        )
    return train, test


def _part(arrays: Mapping[str, np.ndarray], files: Mapping[str, Path], part: str) -> Split:
    """Return images and labels of the part `train` or `t10k`."""
    image_name, label_name = f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz"
    images, labels = arrays[image_name], arrays[label_name]
    if len(images) != len(labels):
        raise DataError(
            f"{files[image_name]} and {files[label_name].name} must hold as many images as "
            f"labels. Received: {len(images)} images, {len(labels)} labels"
        )
    return Split(images[..., np.newaxis], labels.astype(np.int64))


def _read_stream(
    stream: BinaryIO | Inflated, path: Path, dimensions: int, room: int, size: int
) -> np.ndarray:
    """Read header and values of an open IDX file, and check its end.

    Args:
        stream: The content, decompressed.
        path: Named in messages.
        dimensions: Number of axes that it must have.
        room: The most bytes that the file could hold.
        size: Bytes of the file.
    """
    shape = _read_header(stream, path, dimensions)
    if math.prod(shape) > room:
        raise DataError(
            f"{path} is cut short, or its header is wrong: it promises shape {shape}, more than "
            f"the file can hold. Received: {size} bytes"
        )
    check_unpacked(path, size, math.prod(shape))
    values = np.empty(math.prod(shape), np.uint8)
    filled = 0
    while chunk := stream.read(min(_CHUNK, len(values) - filled)):
        values[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
        filled += len(chunk)
    if filled < len(values):
        raise DataError(
            f"{path} is cut short: shape {shape} takes {len(values)} bytes. Received: {filled}"
        )
    if stream.read(1):
        raise DataError(
            f"{path} continues after the {len(values)} bytes of shape {shape}. Received: more bytes"
        )
    return values.reshape(shape)


def _read_header(stream: BinaryIO | Inflated, path: Path, dimensions: int) -> tuple[int, ...]:
    """Return the shape in the header."""
    header = stream.read(4)
    if len(header) < 4 or header[:2] != b"\0\0":
        raise DataError(
            f"{path} is not an IDX file: it must begin with two zero bytes. "
            f"Received: {header.hex(' ') or 'an empty file'}"
        )
    if header[2] != _UNSIGNED_BYTE:
        raise DataError(
            f"{path} must hold unsigned bytes (IDX type 0x08). Received: type 0x{header[2]:02x}"
        )
    if header[3] != dimensions:
        raise DataError(f"{path} must have {dimensions} dimensions. Received: {header[3]}")
    sizes = stream.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise DataError(f"{path} is cut short in its header. Received: {4 + len(sizes)} bytes")
    shape = struct.unpack(f">{dimensions}I", sizes)
    if 0 in shape:
        raise DataError(f"{path} holds nothing: no size may be 0. Received: shape {shape}")
    return shape
