"""The first pass over every file of a large folder: sizes, kinds, checksum."""

import hashlib
import os
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae_keras._types import ImageShape
from vae_keras.data.images.lazy_images import THREADS
from vae_keras.data.images.one_image import (
    AS_IT_IS,
    MAX_PIXELS,
    Header,
    bytes_of,
    check_size,
    header_of,
    opened_bytes,
    strict_sizes,
)
from vae_keras.data.images.preparation import Preparation
from vae_keras.data.images.seen import Seen

_PER_TASK = 500  # files that a thread scans as one task
# A PNG begins with its signature and the chunk IHDR: width, height, bit depth, colour type.
_PNG = struct.Struct(">8s4x4sIIBB")
_PNG_START = (b"\x89PNG\r\n\x1a\n", b"IHDR")
_PNG_COLOURS = (0, 2)  # colour types: grey and colour, without alpha
# Before the pixels: frames, a transparent colour, and the places of Exif.
_PNG_MORE = (b"acTL", b"tRNS", b"eXIf")
_PNG_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_PNG_EXIF_TEXTS = (b"XML:com.adobe.xmp", b"Raw profile type")
_PNG_CHUNK = struct.Struct(">I4s")
# The last bytes of a whole file, by format, and how far from the end they are looked for.
_ENDS = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
_END_WITHIN = 64


class Scan(NamedTuple):
    """The result of a scan.

    Attributes:
        image_shape: `(height, width, channels)` of every image: 1 channel if all are greyscale.
        native: For each file, whether TensorFlow's decoder gives the pixels that Pillow, and what
            is done to the image, give.
        checksum: sha256, in hex, over the names and the bytes of all files, in their order.
        seen: What was seen of the files.
    """

    image_shape: ImageShape
    native: np.ndarray
    checksum: str
    seen: Seen


def scan_images(
    folder: Path,
    names: Sequence[str],
    *,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    preparation: Preparation = AS_IT_IS,
    progress: Callable[[int], object] | None = None,
) -> Scan:
    """Read every file once: its header for size and kind, its bytes for the checksum.

    A file without the usual end of its format is decoded, so that a file that was cut short is
    found now and not while a model is trained.

    Args:
        folder: The folder.
        names: Paths of the files within `folder`, at least one.
        image_size: `(height, width)` of the images. Defaults to `None`: that of the first file.
        channels: Their channels. Defaults to `None`: 1 if all are grey, otherwise 3.
        preparation: What is done to the images.
        progress: Called from time to time with the number of files read. Defaults to `None`.

    Raises:
        DataError: If a file is broken, or has another size than the first and is not to be fitted.
    """
    first = folder / names[0]
    digest, native, seen = hashlib.sha256(), np.zeros(len(names), bool), Seen()

    def scan_part(start: int) -> tuple[bytes, list[tuple[Header, bool]]]:
        digests, headers = [], []
        for name in names[start : start + _PER_TASK]:
            path = folder / name
            data = bytes_of(path)
            header = _header(data, path, preparation)
            if preparation.crop is None:
                check_size(path, header[0].size, size, first)
            digests.append(os.fsencode(name) + b"\0" + hashlib.sha256(data).digest())
            headers.append(header)
        return b"".join(digests), headers

    # `strict_sizes` is global, so it is set outside the threads.
    with strict_sizes(), ThreadPoolExecutor(THREADS) as pool:
        size = image_size or _header(bytes_of(first), first, preparation)[0].size
        done = 0
        try:
            for digests, headers in pool.map(scan_part, range(0, len(names), _PER_TASK)):
                digest.update(digests)
                for header, by_tensorflow in headers:
                    seen.add(header, folder / names[done])
                    native[done] = by_tensorflow and header.size == size
                    done += 1
                if progress is not None:
                    progress(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # otherwise the other files would be read first
            raise
    shape = (*size, channels or seen.channels)
    return Scan(shape, native, digest.hexdigest(), seen)


def _header(data: bytes, path: Path, preparation: Preparation) -> tuple[Header, bool]:
    """Return what an image, `data` out of `path`, says of itself.

    And whether TensorFlow decodes it as Pillow does, if its size is right.
    """
    if len(data) >= _PNG.size:
        *start, width, height, depth, colours = _PNG.unpack_from(data)
        plain = tuple(start) == _PNG_START and depth == 8 and colours in _PNG_COLOURS
        # The usual PNG, of nothing but pixels: thirty times faster than through Pillow.
        fits = 0 < width * height <= MAX_PIXELS
        if plain and fits and _is_whole(data, "PNG") and _is_plain_png(data):
            grey = colours == _PNG_COLOURS[0]
            return Header((height, width), grey, turn=1, turned=False, alpha=False, depth=8), True
    with opened_bytes(data, path) as image:
        header = header_of(image, path, preparation)
        kind, whole = image.format or "", _is_whole(data, image.format or "")
        native = kind == "JPEG" and whole and image.mode in ("L", "RGB") and not header.turned
        if not whole:
            image.load()
    return header, native


def _is_plain_png(data: bytes) -> bool:
    """Tell whether nothing before the pixels of a PNG says more than how large they are."""
    place = len(_PNG_START[0])
    while place + _PNG_CHUNK.size <= len(data):
        length, name = _PNG_CHUNK.unpack_from(data, place)
        place += _PNG_CHUNK.size
        if name == b"IDAT":
            return True
        if name in _PNG_MORE:
            return False
        if name in _PNG_TEXTS and data.startswith(_PNG_EXIF_TEXTS, place):
            return False
        place += length + 4  # with the checksum
    return False


def _is_whole(data: bytes, kind: str) -> bool:
    """Tell whether a file has the usual end of its format, and so was not cut short."""
    return kind in _ENDS and _ENDS[kind] in data[-_END_WITHIN:]
