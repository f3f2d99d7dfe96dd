"""One image file: its header, its pixels, and errors that name it."""

import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vae_keras._types import Images, ImageShape
from vae_keras.data.images.preparation import Preparation
from vae_keras.errors import DataError
from vae_keras.io.bounded import check_bytes, open_regular, read_regular

if TYPE_CHECKING:
    from PIL import Image

# The decoders that may read a file. Pillow knows many more formats, and starts other programs for
# some of them.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
_GREY_MODES = ("1", "L", "LA")
# A small file can be a huge image. 4096 x 4096 is far more than any model takes; a camera's photo,
# which is to be resized, may have 64 Mi.
MAX_PIXELS, MAX_PIXELS_RESIZED = 1 << 24, 1 << 26
_MAX_SLOW_PIXELS = 1 << 21  # of what Pillow decodes in Python: about a second
_ROUNDING = 1e-3  # floats pass the ends of 0..1 by less
_BITS_PER_SAMPLE = 258  # TIFF's tag
# Exif's orientations and the numbers of Pillow's `Transpose` that set them upright.
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
_EXIF_PLACES = {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"}
_QUARTER_TURNS = (5, 6, 7, 8)
AS_IT_IS = Preparation()
_MAX_FILE_BYTES = 128 << 20
# A scan of a JPEG can take twenty bytes of the file, and a pass over all pixels to decode. Cameras
# write about ten scans.
_MAX_SCANS, _MAX_SEGMENTS = 64, 10_000
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_START_OF_SCAN, _END = 0xDA, 0xD9


class Header(NamedTuple):
    """What an image file says of itself before its pixels are decoded.

    Attributes:
        size: `(height, width)`, turned as Exif says.
        grey: Whether it has one channel, over a grey background too if it is transparent.
        turn: Exif's orientation, 1 to 8; 1 is upright. 1 too where Pillow turns the image itself.
        turned: Whether it is turned.
        alpha: Whether it has transparency.
        depth: Bits of a grey value: 8, or up to 16. 32 for floats.
    """

    size: tuple[int, int]
    grey: bool
    turn: int
    turned: bool
    alpha: bool
    depth: int


def read_header(file: Path, preparation: Preparation = AS_IT_IS) -> Header:
    """Return what the header of a file says.

    Raises:
        DataError: See `header_of`; or the file cannot be read.
    """
    from PIL import Image

    with _named_errors(file), open_regular(file) as stream, strict_sizes():
        check_bytes(file, os.fstat(stream.fileno()).st_size, _MAX_FILE_BYTES)
        with Image.open(stream, formats=_FORMATS) as image:
            return header_of(image, file, preparation)


def size_in_memory(file: Path, image_size: tuple[int, int] | None, preparation: Preparation) -> int:
    """Return the bytes that the image in `file` takes as an array.

    Args:
        file: The file.
        image_size: `(height, width)` that it is brought to; `None` if it keeps its own.
        preparation: What is done to it.

    Raises:
        DataError: If it cannot be read.
    """
    header = read_header(file, preparation)
    height, width = image_size or header.size
    return height * width * (1 if header.grey else 3)


def header_of(image: "Image.Image", file: Path, preparation: Preparation = AS_IT_IS) -> Header:
    """Return what the header of an image says. The values of floats are looked at as well.

    Args:
        image: The image, not decoded yet.
        file: For messages.
        preparation: What is to be done to it.

    Raises:
        DataError: If it has no pixels or too many, several pages, or values of unknown range.
    """
    pixels = image.height * image.width
    alpha = image.has_transparency_data  # which takes twice the memory
    most = MAX_PIXELS if preparation.crop is None or alpha else MAX_PIXELS_RESIZED
    if pixels > most:
        raise DataError(
            f"{file} is too large to be safe: at most {most:,} pixels. "
            f"Received: {image.height} x {image.width}"
        )
    if pixels < 1:
        raise DataError(
            f"{file} must hold pixels. Received: {image.height} x {image.width} of them"
        )
    if image.format != "MPO" and getattr(image, "is_animated", False):  # MPO: a photo and previews
        raise DataError(
            f"{file} must hold one image: save its pages as files of their own. "
            "Received: several pages or frames"
        )
    turn = _orientation(image)  # decoding, which `_depth` may do, turns a TIFF and forgets it
    depth = _depth(image, file)
    if alpha and depth > 8:
        raise DataError(
            f"{file} must have 8 bits a channel, or no transparency: convert it first. "
            f"Received: {depth} bits, and a transparent grey"
        )
    by_pillow = image.format == "TIFF"
    grey = depth > 8 or image.mode in _GREY_MODES
    return Header(
        size=(image.width, image.height)
        if turn in _QUARTER_TURNS and not by_pillow
        else (image.height, image.width),
        grey=grey and (not alpha or preparation.has_grey_background),
        turn=1 if by_pillow else turn,
        turned=turn != 1,
        alpha=alpha,
        depth=depth,
    )


def _orientation(image: "Image.Image") -> int:
    """Return Exif's orientation, 1 to 8; 1 if there is none, or what there is is damaged."""
    from PIL import Image

    if image.format != "TIFF" and not _EXIF_PLACES & image.info.keys():
        return 1
    try:
        # Not PNG's own method, which decodes the image to look behind its pixels.
        turn = Image.Image.getexif(image).get(0x0112, 1)
    except Exception:  # Pillow's parser raises half a dozen kinds
        return 1
    return turn if turn in range(2, 9) else 1


def _depth(image: "Image.Image", file: Path) -> int:
    """Return the bits of a value: 8, or up to 16 in grey images; 32 for floats in 0..1.

    Raises:
        DataError: If the values are of 32 bits and no floats in 0..1, or slow to decode.
    """
    slow = image.format == "PPM" and any("ppm" in tile[0] for tile in getattr(image, "tile", ()))
    if slow and image.height * image.width > _MAX_SLOW_PIXELS:
        raise DataError(
            f"{file} is too slow to decode: at most {_MAX_SLOW_PIXELS:,} pixels as text, or with "
            f"another largest value than 255 and 65535. Received: {image.height} x {image.width}"
        )
    if image.mode.startswith("I;16"):
        bits = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))  # 12 in some TIFF files
        return int(bits[0])
    if image.mode == "I" and image.format == "PPM":
        return 16
    if image.mode not in ("I", "F"):
        return 8
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if image.mode == "F" and low >= -_ROUNDING and high <= 1 + _ROUNDING:
        return 32
    kind = "floats in 0..1" if image.mode == "F" else "integers of at most 16 bits, without sign"
    raise DataError(
        f"{file} must hold {kind}: bring its values to that range first. "
        f"Received: {values.dtype} from {low:.6g} to {high:.6g}"
    )


def brightest(file: Path) -> tuple[int, int]:
    """Return the largest value of a grey image of more than 8 bits, and the largest possible."""
    with opened_bytes(bytes_of(file), file) as image:
        return int(np.asarray(image).max()), 2 ** _depth(image, file) - 1


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


def read_pixels(
    file: Path,
    image_shape: ImageShape,
    *,
    first: Path | None = None,
    preparation: Preparation = AS_IT_IS,
) -> Images:
    """Return the pixels of a file. Safe in threads.

    Args:
        file: The file, which may have changed since its header was read.
        image_shape: `(height, width, channels)` of the result.
        first: For the message: the file that set the size. Defaults to `None`: a model did.
        preparation: What is done to it. Defaults to an image that has its size already.

    Raises:
        DataError: If the file is broken or missing, or has another size that it must not have.
    """
    with opened_bytes(bytes_of(file), file) as image:
        header = header_of(image, file, preparation)
        if preparation.crop is None:
            check_size(file, header.size, image_shape[:2], first)
        if header.size != image_shape[:2]:
            _decode_smaller(image, header.size, image_shape[:2])
        upright = _decoded(image, header, image_shape[2], preparation)
        fitted = preparation.fitted(upright, image_shape[:2])
        return np.asarray(fitted).reshape(image_shape)


def _decode_smaller(image: "Image.Image", size: tuple[int, int], wanted: tuple[int, int]) -> None:
    """Have a JPEG decoded at a half, a quarter or an eighth of its size, which is faster.

    It stays at least twice as large as the result, so that the filter makes the pixels.

    Args:
        image: The image, of any format.
        size: Its `(height, width)`, upright.
        wanted: `(height, width)` of the result.
    """
    share = 2 * max(wanted[0] / size[0], wanted[1] / size[1])
    if image.format in ("JPEG", "MPO") and share < 1:
        image.draft(image.mode, (ceil(image.width * share), ceil(image.height * share)))


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


def _decoded(
    image: "Image.Image", header: Header, channels: int, preparation: Preparation
) -> "Image.Image":
    """Return an image, upright, as greyscale or RGB of 8 bits."""
    from PIL import Image

    if header.depth > 8:
        values = np.asarray(image, "float32")
        most = 1 if header.depth == 32 else 2**header.depth - 1
        image = Image.fromarray(np.rint(values.clip(0, most) * (255 / most)).astype("uint8"))
    elif header.alpha:
        image = preparation.over_background(image)
    if channels == 1 and image.mode not in _GREY_MODES:
        image = image.convert("RGB")
    image = image.convert("L" if channels == 1 else "RGB")
    return image.transpose(Image.Transpose(_TURNS[header.turn])) if header.turn != 1 else image


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
            "a broken one, or pixels that Pillow does not read"
        ) from error
    except Exception as error:  # decoders raise a dozen kinds of error on a broken file
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{file} cannot be read as an image. Received: {reason[:200]}") from error


def check_size(
    file: Path, size: tuple[int, int], expected: tuple[int, int], first: Path | None
) -> None:
    """Raise unless an image has the expected size.

    Args:
        file: The file of the image.
        size: Its `(height, width)`.
        expected: The `(height, width)` that it must have.
        first: The file that set the expected size; `None` if a model did.

    Raises:
        DataError: If it has another size.
    """
    if size == expected:
        return
    wanted, received = (f"{height} x {width}" for height, width in (expected, size))
    whose = "as the model expects: `crop` (`--crop center`) fits images of other sizes"
    if first is not None:
        whose = (
            f"as {first} has: `image_size` (`--image-size 64`; in `read_images`, `image_shape` and "
            "`crop`) brings images to one size"
        )
    raise DataError(
        f"{file} must be {wanted} pixels (height x width), {whose}. Received: {received}"
    )
