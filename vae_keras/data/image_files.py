"""Image files, read into one array of bytes, all of one size."""

import io
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.errors import ArgumentError, DataError

if TYPE_CHECKING:
    from PIL import Image

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
# The decoders allowed to look at a file: Pillow knows formats, and starts programs for some, that
# nobody means by an extension above.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
_GREY_MODES = ("1", "L", "LA")
_DEEP_MODES = ("I", "F")  # and "I;16", "I;16B", ...: more than 8 bits a channel


def read_images(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    image_shape: tuple[int, int, int] | None = None,
) -> tuple[np.ndarray, list[str]]:
    """Read image files, or all image files in folders.

    Folders are read with their sub-folders, sorted by path; hidden files and files that are not
    images by their extension are left out. Of a file with several frames the first is taken.

    Args:
        path: A file, a folder, or several of them.
        image_shape: `(height, width, channels)` that the images must have. Channels are converted
            (1 is greyscale, 3 is RGB), sizes are not. Without it, all images must have one size,
            and become greyscale where every one of them is, otherwise RGB.

    Returns:
        Images, uint8, shape `(n, height, width, channels)`, and one name per image: its path within
        `path`, or, of several paths, the path itself.

    Raises:
        DataError: If there is no image, one is broken, or one has another size.
        ArgumentError: If `path` holds no path, or `image_shape` has neither 1 nor 3 channels.

    Example:
        >>> images, names = read_images("photos", image_shape=(28, 28, 1))
    """
    single = isinstance(path, str | os.PathLike)
    given = [path] if isinstance(path, str | os.PathLike) else list(path)
    paths = [Path(one).expanduser() for one in given]
    if not paths:
        raise ArgumentError("`path` must hold at least one file or folder. Received: path=[]")
    files: list[Path] = []
    names: list[str] = []
    for one in paths:
        found = [one] if os.path.isfile(one) else find_images(one)
        files += found
        names += [_name(file, one) if single else file.as_posix() for file in found]
    return decode(files, image_shape=image_shape), names


def find_images(folder: Path) -> list[Path]:
    """Return the image files in `folder` and below, sorted by their path, none hidden.

    Raises:
        DataError: If `folder` is not one, cannot be listed or holds no image.
    """
    return [folder / name for name in find_names(folder)]


def find_names(folder: Path) -> list[str]:
    """Return the same files as names within `folder`, which take less memory.

    Raises:
        DataError: If `folder` is not one, cannot be listed or holds no image.
    """
    if not os.path.isdir(folder):
        received = "neither" if os.path.exists(folder) else "no such path"
        raise DataError(f"{folder} must be an image file or a folder. Received: {received}")
    found = sorted(_walk(folder), key=lambda name: name.replace(os.sep, "\0"))  # part by part
    if not found:
        raise DataError(
            f"{folder} must hold images with one of the extensions {', '.join(EXTENSIONS)}. "
            "Received: a folder without any"
        )
    return found


def decode(files: Sequence[Path], *, image_shape: tuple[int, int, int] | None = None) -> np.ndarray:
    """Read `files` into one array.

    Every header is read before the first pixel is, so a wrong size is found at once and memory is
    reserved once.

    Args:
        files: At least one.
        image_shape: See `read_images`.

    Returns:
        Images, uint8, shape `(n, height, width, channels)`.

    Raises:
        DataError: If a file is broken or has another size.
        ArgumentError: If `image_shape` has neither 1 nor 3 channels.
    """
    if image_shape is not None and image_shape[2] not in (1, 3):
        raise ArgumentError(
            "`image_shape` must have 1 channel (greyscale) or 3 (RGB) for image files. "
            f"Received: image_shape={tuple(image_shape)}"
        )
    headers = [_read_header(file) for file in files]
    height, width = headers[0][0] if image_shape is None else image_shape[:2]
    for file, (size, _) in zip(files, headers, strict=True):
        check_size(file, size, (height, width), files[0], image_shape)
    all_grey = all(grey for _, grey in headers)
    channels = (1 if all_grey else 3) if image_shape is None else image_shape[2]
    images = np.empty((len(files), height, width, channels), np.uint8)
    for index, file in enumerate(files):
        images[index] = _read_pixels(file, channels).reshape(height, width, channels)
    return images


def holds_images(folder: Path) -> bool:
    """Tell whether `find_images` would find any."""
    return any(True for _ in _walk(folder))


def _walk(folder: Path) -> Iterator[str]:
    """Yield the names of image files in `folder` and below, links to folders not followed."""

    def fail(error: OSError) -> None:
        raise DataError(f"{error.filename} cannot be read. Received: {error.strerror}") from error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        within = os.path.relpath(parent, folder)
        for name in names:
            if name.lower().endswith(EXTENSIONS) and not name.startswith("."):
                yield name if within == os.curdir else os.path.join(within, name)


def _name(file: Path, given: Path) -> str:
    """Return the name of `file` within the path that was given."""
    return file.name if file == given else file.relative_to(given).as_posix()


def _read_header(file: Path) -> tuple[tuple[int, int], bool]:
    """Return `(height, width)` and whether the image is greyscale."""
    with _opened(file) as image:
        return header_of(image, file)


def size_in_memory(file: Path) -> int:
    """Return the bytes that the image in `file` takes as an array.

    Raises:
        DataError: If it cannot be read.
    """
    (height, width), grey = _read_header(file)
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


def _read_pixels(file: Path, channels: int) -> np.ndarray:
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


def check_headers(files: Iterable[Path], image_shape: tuple[int, int, int]) -> None:
    """Raise unless every file is an image of a size, as its header says; no pixel is read.

    Raises:
        DataError: If a file is broken or has another size.
    """
    for file in files:
        check_size(file, _read_header(file)[0], image_shape[:2], file, image_shape)
