"""One image file: what its header says, its pixels, and what is wrong with it."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

# The decoders allowed to look at a file: Pillow knows formats, and starts programs for some, that
# nobody means by an image file.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
_GREY_MODES = ("1", "L", "LA")
_DEEP_MODES = ("I", "F")  # and "I;16", "I;16B", ...: more than 8 bits a channel


def read_header(file: Path) -> tuple[tuple[int, int], bool]:
    """Return `(height, width)` and whether the image is greyscale."""
    with _opened(file) as image:
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
        DataError: If it has more than 8 bits a channel.
    """
    if image.mode.startswith(_DEEP_MODES):
        raise DataError(
            f"{file} must have 8 bits per channel: convert it first. "
            f"Received: Pillow mode {image.mode!r}, more than 8 bits"
        )
    return (image.height, image.width), image.mode in _GREY_MODES


@contextmanager
def opened_bytes(data: bytes, file: Path) -> "Iterator[Image.Image]":
    """Open what was read from `file`; whatever is wrong with it becomes a `DataError`."""
    from PIL import Image

    with _named_errors(file), Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        yield image


def bytes_of(file: Path) -> bytes:
    """Return what `file` holds.

    Raises:
        DataError: If it cannot be read.
    """
    with _named_errors(file):
        return file.read_bytes()


def decoded_pixels(file: Path, channels: int) -> np.ndarray:
    """Return the pixels, greyscale or RGB, any alpha dropped."""
    with _opened(file) as image:
        return _converted(image, channels)


def read_pixels(file: Path, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Return the pixels of a file whose size is known. For threads too.

    Raises:
        DataError: If the file is broken or gone, or has another size.
    """
    from PIL import Image

    with _named_errors(file), Image.open(file, formats=_FORMATS) as image:
        check_size(file, (image.height, image.width), image_shape[:2], file, image_shape)
        return _converted(image, image_shape[2]).reshape(image_shape)


def _converted(image: "Image.Image", channels: int) -> np.ndarray:
    """Decode, as greyscale or RGB."""
    if image.mode in ("P", "PA"):  # a palette may hold alpha: through RGBA, or Pillow warns
        image = image.convert("RGBA")
    if channels == 1 and image.mode not in _GREY_MODES:
        image = image.convert("RGB")
    return np.asarray(image.convert("L" if channels == 1 else "RGB"))


@contextmanager
def _opened(file: Path) -> "Iterator[Image.Image]":
    """Open an image of unknown size; whatever is wrong with it becomes a `DataError`."""
    from PIL import Image

    with _named_errors(file), strict_sizes(), Image.open(file, formats=_FORMATS) as image:
        yield image


@contextmanager
def strict_sizes() -> Iterator[None]:
    """Make an image that is too large to be safe an error. Not for threads: the rule is global."""
    from PIL import Image

    with warnings.catch_warnings():
        # Above about 89 million pixels Pillow only warns: a small file can be a huge image.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextmanager
def _named_errors(file: Path) -> Iterator[None]:
    """Turn whatever is wrong with an image into a `DataError` that names it."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except DataError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(
            f"{file} is too large to be safe: at most {Image.MAX_IMAGE_PIXELS} pixels. "
            f"Received: {error}"
        ) from error
    except UnidentifiedImageError as error:
        raise DataError(
            f"{file} must be an image ({', '.join(_FORMATS)}). Received: another kind of file, "
            "or a broken one"
        ) from error
    except Exception as error:  # decoders raise a dozen kinds of error on a broken file
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{file} cannot be read as an image. Received: {reason}") from error


def check_size(
    file: Path,
    size: tuple[int, int],
    expected: tuple[int, int],
    first: Path,
    image_shape: tuple[int, int, int] | None = None,
) -> None:
    """Raise unless an image has the size, `(height, width)`, of the model or the first image.

    Raises:
        DataError: If it has another.
    """
    if size == expected:
        return
    wanted, received = (f"{height} x {width}" for height, width in (expected, size))
    whose = f"as {first} has" if image_shape is None else "as the model expects"
    raise DataError(
        f"{file} must be {wanted} pixels (height x width), {whose}: resize the images to one size. "
        f"Received: {received}"
    )
