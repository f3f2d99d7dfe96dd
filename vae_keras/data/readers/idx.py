"""Reader of IDX, the file format of MNIST and Fashion-MNIST, plain or compressed with gzip."""

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
_UNSIGNED_BYTE = 8
_CHUNK = 1 << 20
# Deflate cannot shrink further than about 1:1032, so a header that promises more is wrong, and is
# found wrong before memory is reserved for it.
_MAX_DEFLATE_RATIO = 1100


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read one IDX file of unsigned bytes.

    Args:
        path: The file, plain or gzip: its first bytes tell, not its name.
        dimensions: The number of axes expected: 3 for images, 1 for labels.

    Returns:
        A uint8 array with the shape that the file's header tells.

    Raises:
        DataError: If the file cannot be read, is not such a file, is cut short or goes on too long.
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
    """Return which of the four files lie in `folder`, by their `IDX_FILES` names."""
    found = {}
    for name in IDX_FILES:
        for path in (folder / name, folder / name.removesuffix(".gz")):
            if os.path.isfile(path):  # unlike Path.is_file, never raises
                found[name] = path
                break
    return found


def read_idx_folder(
    folder: Path, checksums: Mapping[str, str] | None = None, advice: str = ""
) -> tuple[Split, Split]:
    """Read the four IDX files of `folder` as a training part and a test set.

    Args:
        folder: Holds the four `IDX_FILES`, with or without `.gz`.
        checksums: sha256 of what each file holds after its header, by name; `None` checks nothing.
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
            checksum.check(arrays[name], checksums[name], path, advice)
    train, test = _pair(arrays, files, "train"), _pair(arrays, files, "t10k")
    if train.images.shape[1:] != test.images.shape[1:]:
        raise DataError(
            f"{folder}: training and test images must be of one size. Received: "
            f"{train.images.shape[1:3]} and {test.images.shape[1:3]}"
        )
    return train, test


def _pair(arrays: Mapping[str, np.ndarray], files: Mapping[str, Path], part: str) -> Split:
    """Join images and labels of the `train` or `t10k` part."""
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
    """Read header, values and end of one opened IDX file of `size` bytes, at most `room` within."""
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
            f"{path} goes on after the {len(values)} bytes of shape {shape}. Received: more bytes"
        )
    return values.reshape(shape)


def _read_header(stream: BinaryIO | Inflated, path: Path, dimensions: int) -> tuple[int, ...]:
    """Return the shape that the header tells."""
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
