"""Finds image files, and reads files of one size into one array of bytes."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from vae_keras._types import Images, ImageShape
from vae_keras.data.images.one_image import check_size, read_header, read_pixels
from vae_keras.errors import ArgumentError, DataError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def read_images(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    image_shape: ImageShape | None = None,
) -> tuple[Images, list[str]]:
    """Read image files, or all image files in folders.

    Folders are read with their sub-folders, sorted by path. Hidden files, and files without the
    extension of an image, are left out. Of a file with several frames the first one is read.

    Args:
        path: A file, a folder, or several of them.
        image_shape: `(height, width, channels)` that the images must have. Channels are converted
            (1 is greyscale, 3 is RGB), sizes are not. Defaults to `None`: all images must have one
            size, and become greyscale if all of them are, otherwise RGB.

    Returns:
        Images, uint8, shape `(n, height, width, channels)`, and one name per image: its path within
        `path`, or the path itself if several were given.

    Raises:
        DataError: If there is no image, an image is broken, or an image has another size.
        ArgumentError: If `path` is an empty list, or `image_shape` has neither 1 nor 3 channels.

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
    return read_files(files, image_shape=image_shape), names


def find_images(folder: Path) -> list[Path]:
    """Return the paths of the image files in `folder` and below, sorted, without hidden ones.

    Raises:
        DataError: If `folder` is not a folder, cannot be listed or holds no image.
    """
    return [folder / name for name in find_names(folder)]


def find_names(folder: Path) -> list[str]:
    """Return the files of `find_images` by their names within `folder`, which take less memory.

    Raises:
        DataError: If `folder` is not a folder, cannot be listed or holds no image.
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


def read_files(files: Sequence[Path], *, image_shape: ImageShape | None = None) -> Images:
    """Read image files into one array.

    All headers are read before the first pixel, so that a wrong size is found at once and memory is
    allocated once.

    Args:
        files: At least one path.
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
    headers = [read_header(file) for file in files]
    height, width = headers[0][0] if image_shape is None else image_shape[:2]
    for file, (size, _) in zip(files, headers, strict=True):
        check_size(file, size, (height, width), files[0], image_shape)
    all_grey = all(grey for _, grey in headers)
    channels = (1 if all_grey else 3) if image_shape is None else image_shape[2]
    images = np.empty((len(files), height, width, channels), np.uint8)
    for index, file in enumerate(files):
        images[index] = read_pixels(file, (height, width, channels), first=files[0])
    return images


def holds_images(folder: Path) -> bool:
    """Tell whether `find_images` would find an image."""
    return any(True for _ in _walk(folder))


def _walk(folder: Path) -> Iterator[str]:
    """Yield the names of image files in `folder` and below; links to folders are not followed."""
    left = [""]  # no recursion: folders may be nested deeper than Python's stack
    while left:
        within = left.pop()
        try:
            with os.scandir(os.path.join(folder, within)) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    name = os.path.join(within, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        left.append(name)
                    elif entry.name.lower().endswith(EXTENSIONS) and not entry.is_dir():
                        yield name
        except OSError as error:
            where = error.filename or os.path.join(folder, within)
            raise DataError(f"{where} cannot be read. Received: {error.strerror}") from error


def _name(file: Path, given: Path) -> str:
    """Return the name of `file` within the path that the user gave."""
    return file.name if file == given else file.relative_to(given).as_posix()


def check_headers(files: Iterable[Path], image_shape: ImageShape) -> None:
    """Raise unless every header says an image of that size; no pixel is read.

    Raises:
        DataError: If a file is broken or has another size.
    """
    for file in files:
        check_size(file, read_header(file)[0], image_shape[:2], file, image_shape)
