"""A first look at every file of a large folder: size, kind, checksum."""

import hashlib
import os
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae_keras.data.images.lazy_images import THREADS
from vae_keras.data.images.one_image import (
    MAX_PIXELS,
    bytes_of,
    check_size,
    header_of,
    opened_bytes,
    strict_sizes,
)

_TOGETHER = 500  # files of one piece of work
_PNG = struct.Struct(">8s4x4sIIBB")  # signature; kind, width, height, depth, colours of a PNG
_PNG_START = (b"\x89PNG\r\n\x1a\n", b"IHDR")
_PNG_GREY, _PNG_COLOUR = (0, 4), (2, 6)  # the types without a palette: without and with alpha
_ENDS = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
_END_WITHIN = 64  # bytes from the end of a file


class Scan(NamedTuple):
    """What the headers of all files say.

    Attributes:
        image_shape: `(height, width, channels)` of every image: greyscale where all are.
        native: For each file, whether TensorFlow's decoder gives the pixels that Pillow's gives.
        checksum: sha256, in hex, over the names and the bytes of all files, in their order.
    """

    image_shape: tuple[int, int, int]
    native: np.ndarray
    checksum: str


class _Header(NamedTuple):
    size: tuple[int, int]
    grey: bool
    native: bool


def scan_images(
    folder: Path, names: Sequence[str], *, progress: Callable[[int], object] | None = None
) -> Scan:
    """Read every file once, its header for what it says and its bytes for a checksum.

    A file that does not end as its format says is decoded, so that one that was cut short is found
    now and not while a model is trained.

    Args:
        folder: Where the files are.
        names: The files within `folder`, at least one.
        progress: Called with the number of files that have been read, from time to time.

    Raises:
        DataError: If a file is broken or has another size than the first.
    """
    first = folder / names[0]
    digest, grey, native = hashlib.sha256(), True, np.zeros(len(names), bool)

    def look(start: int) -> tuple[bytes, list[_Header]]:
        digests, headers = [], []
        for name in names[start : start + _TOGETHER]:
            path = folder / name
            data = bytes_of(path)
            header = _header(data, path)
            check_size(path, header.size, size, first)
            digests.append(os.fsencode(name) + b"\0" + hashlib.sha256(data).digest())
            headers.append(header)
        return b"".join(digests), headers

    # The rule on sizes holds for all threads, so it is set around them.
    with strict_sizes(), ThreadPoolExecutor(THREADS) as pool:
        size = _header(bytes_of(first), first).size
        done = 0
        try:
            for digests, headers in pool.map(look, range(0, len(names), _TOGETHER)):
                digest.update(digests)
                grey = grey and all(header.grey for header in headers)
                native[done : done + len(headers)] = [header.native for header in headers]
                done += len(headers)
                if progress is not None:
                    progress(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # or the rest would be read first
            raise
    return Scan((*size, 1 if grey else 3), native, digest.hexdigest())


def _header(data: bytes, path: Path) -> _Header:
    """Return what the bytes of a file say of its image."""
    if len(data) >= _PNG.size:
        *start, width, height, depth, colours = _PNG.unpack_from(data)
        plain = tuple(start) == _PNG_START and depth == 8 and colours in _PNG_GREY + _PNG_COLOUR
        # The usual file, thirty times faster than through Pillow. One with frames is not.
        fits = 0 < width * height <= MAX_PIXELS
        if plain and fits and _ends(data, "PNG") and b"acTL" not in data:
            return _Header((height, width), colours in _PNG_GREY, True)
    with opened_bytes(data, path) as image:
        size, grey = header_of(image, path)
        kind, whole = image.format or "", _ends(data, image.format or "")
        native = kind == "JPEG" and whole and image.mode in ("L", "RGB")
        if not whole:
            image.load()
    return _Header(size, grey, native)


def _ends(data: bytes, kind: str) -> bool:
    """Tell whether a file is known to be whole."""
    return kind in _ENDS and _ENDS[kind] in data[-_END_WITHIN:]
