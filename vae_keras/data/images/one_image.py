"""One image file: its header, its pixels, and errors that name it."""

import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vae_keras._types import Images, ImageShape
from vae_keras.errors import DataError
from vae_keras.io.bounded import check_bytes, open_regular, read_regular

if TYPE_CHECKING:
    from PIL import Image

# The decoders that may read a file. Pillow knows many more formats, and starts other programs for
# some of them.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
_GREY_MODES = ("1", "L", "LA")
_DEEP_MODES = ("I", "F")  # and "I;16", "I;16B", ...: more than 8 bits a channel
# A small file can be a huge image. 4096 x 4096 is far more than any model takes.
MAX_PIXELS = 1 << 24
_MAX_FILE_BYTES = 128 << 20
# A scan of a JPEG can take twenty bytes of the file, and a pass over all pixels to decode. Cameras
# write about ten scans.
_MAX_SCANS, _MAX_SEGMENTS = 64, 10_000
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_START_OF_SCAN, _END = 0xDA, 0xD9


def read_header(file: Path) -> tuple[tuple[int, int], bool]:
    """Return `(height, width)` and whether the image is greyscale."""
    from PIL import Image

    with _named_errors(file), open_regular(file) as stream, strict_sizes():
        check_bytes(file, os.fstat(stream.fileno()).st_size, _MAX_FILE_BYTES)
        with Image.open(stream, formats=_FORMATS) as image:
            return header_of(image, file)


def size_in_memory(file: Path) -> int:
    """Return the bytes that the image in `file` takes as an array.

    Raises:
        DataError: If it cannot be read.
    """
    (height, width), grey = read_header(file)
    return height * width * (1 if grey else 3)


def header_of(image: "Image.Image", file: Path) -> tuple[tuple[int, int], bool]:
    """Return `(height, width)` and whether the image is greyscale.

    Raises:
        DataError: If it has more than 8 bits a channel, no pixels, or too many pixels.
    """
    pixels = image.height * image.width
    if pixels > MAX_PIXELS:
        raise DataError(
            f"{file} is too large to be safe: at most {MAX_PIXELS:,} pixels. "
            f"Received: {image.height} x {image.width}"
        )
    if pixels < 1:
        raise DataError(
            f"{file} must hold pixels. Received: {image.height} x {image.width} of them"
        )
    if image.mode.startswith(_DEEP_MODES):
        raise DataError(
            f"{file} must have 8 bits per channel: convert it first. "
            f"Received: Pillow mode {image.mode!r}, more than 8 bits"
        )
    return (image.height, image.width), image.mode in _GREY_MODES


@contextmanager
def opened_bytes(data: bytes, file: Path) -> "Iterator[Image.Image]":
    """Open the content of `file` as an image; any error within becomes a `DataError`."""
    from PIL import Image

    with _named_errors(file):
        _check_scans(data, file)
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            yield image


def bytes_of(file: Path) -> bytes:
    """Return the content of `file`.

    Raises:
        DataError: If it cannot be read, is not a regular file, or is too large.
    """
    with _named_errors(file):
        return read_regular(file, _MAX_FILE_BYTES)


def read_pixels(file: Path, image_shape: ImageShape, *, first: Path | None = None) -> Images:
    """Return the pixels of a file whose size is known. Safe in threads.

    Args:
        file: The file, which may have changed since its header was read.
        image_shape: `(height, width, channels)` of the result.
        first: For the message: the file that set the size. Defaults to `None`: a model did.

    Raises:
        DataError: If the file is broken or missing, or has another size.
    """
    with opened_bytes(bytes_of(file), file) as image:
        size, shape = (image.height, image.width), None if first else image_shape
        check_size(file, size, image_shape[:2], first or file, shape)
        return _decoded(image, image_shape[2]).reshape(image_shape)


def _check_scans(data: bytes, file: Path) -> None:
    """Raise if the content is a JPEG with far more scans or segments than images have."""
    if not data.startswith(b"\xff\xd8"):
        return
    scans, segments, place = 0, 0, 2
    while (found := _MARKER.search(data, place)) and found[1][0] != _END:
        scans += found[1][0] == _START_OF_SCAN
        segments += 1
        if scans > _MAX_SCANS or segments > _MAX_SEGMENTS:
            raise DataError(
                f"{file} is too slow to decode: at most {_MAX_SCANS} scans and {_MAX_SEGMENTS} "
                f"segments. Received: more than {scans - 1} scans, {segments - 1} segments"
            )
        place = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")


def _decoded(image: "Image.Image", channels: int) -> np.ndarray:
    """Return the pixels of an image, as greyscale or RGB."""
    if image.mode in ("P", "PA"):  # a palette may have alpha; without this step Pillow warns
        image = image.convert("RGBA")
    if channels == 1 and image.mode not in _GREY_MODES:
        image = image.convert("RGB")
    return np.asarray(image.convert("L" if channels == 1 else "RGB"))


@contextmanager
def strict_sizes() -> Iterator[None]:
    """Make Pillow's warning about a huge image an error. Not safe in threads: it is global."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextmanager
def _named_errors(file: Path) -> Iterator[None]:
    """Turn any error about an image into a `DataError` that names its file."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except DataError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(
            f"{file} is too large to be safe: at most {MAX_PIXELS:,} pixels. Received: {error}"
        ) from error
    except UnidentifiedImageError as error:
        raise DataError(
            f"{file} must be an image ({', '.join(_FORMATS)}). Received: another kind of file, "
            "or a broken one"
        ) from error
    except Exception as error:  # decoders raise a dozen kinds of error on a broken file
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{file} cannot be read as an image. Received: {reason[:200]}") from error


def check_size(
    file: Path,
    size: tuple[int, int],
    expected: tuple[int, int],
    first: Path,
    image_shape: ImageShape | None = None,
) -> None:
    """Raise unless an image has the expected size.

    Args:
        file: The file of the image.
        size: Its `(height, width)`.
        expected: The `(height, width)` that it must have.
        first: The file that set the expected size.
        image_shape: Shape of a model's images, if that set the expected size instead.

    Raises:
        DataError: If it has another size.
    """
    if size == expected:
        return
    wanted, received = (f"{height} x {width}" for height, width in (expected, size))
    whose = f"as {first} has" if image_shape is None else "as the model expects"
    raise DataError(
        f"{file} must be {wanted} pixels (height x width), {whose}: resize the images to one size. "
        f"Received: {received}"
    )
