"""Finds image files, and reads files of one size into one array of bytes."""

import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vae_keras._types import Images, ImageShape
from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.data.images.one_image import AS_IT_IS, check_size, read_header, read_pixels
from vae_keras.data.images.preparation import Preparation
from vae_keras.data.images.seen import Seen
from vae_keras.errors import ArgumentError, DataError

EXTENSIONS = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
    *(".pgm", ".ppm"),
)


# Images that Pillow alone does not read, or not as pixels: left out, and told.
_NOT_READ = (
    *(".heic", ".heif", ".avif", ".jp2", ".svg", ".psd", ".exr", ".hdr", ".dcm", ".nii"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".raw"),
)


def read_images(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    image_shape: ImageShape | None = None,
    crop: str | None = None,
    background: str = "white",
) -> tuple[Images, list[str]]:
    """Read image files, or all image files in folders.

    Folders are read with their sub-folders, sorted by path. Hidden files, and files without the
    extension of an image, are left out. Images are turned upright as Exif says; grey ones of 16
    bits are scaled by their depth, floats from 0..1.

    Args:
        path: A file, a folder, or several of them.
        image_shape: `(height, width, channels)` of the result. Channels are converted (1 is
            greyscale, 3 is RGB). Defaults to `None`: all images must have one size, and become
            greyscale if all of them are, otherwise RGB.
        crop: How images of other sizes than `image_shape` are fitted: `"center"` cuts off what is
            beyond its shape and resizes the rest, `"none"` resizes the whole image, stretched,
            `"pad"` resizes it until it fits on the background. Defaults to `None`: they are
            refused.
        background: Colour behind transparent and padded images, by name or as `#rrggbb`. Defaults
            to `"white"`.

    Returns:
        Images, uint8, shape `(n, height, width, channels)`, and one name per image: its path within
        `path`, or the path itself if several were given.

    Raises:
        DataError: If there is no image, an image is broken or has several pages, or has another
            size and `crop` is `None`.
        ArgumentError: If `path` is an empty list, `image_shape` has neither 1 nor 3 channels,
            `crop` is given without it, or `crop` or `background` is not known.

    Example:
        >>> images, names = read_images("photos", image_shape=(64, 64, 3), crop="center")
    """
    if crop is not None and image_shape is None:
        raise ArgumentError(
            f"`crop` must go with `image_shape`, the shape to fit. Received: crop={crop!r}"
        )
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
    preparation = Preparation(crop, background)
    return read_files(files, image_shape=image_shape, preparation=preparation)[0], names


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


def read_files(
    files: Sequence[Path],
    *,
    image_shape: ImageShape | None = None,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    preparation: Preparation = AS_IT_IS,
) -> tuple[Images, Seen]:
    """Read image files into one array.

    All headers are read before the first pixel, so that a wrong size is found at once and memory is
    allocated once.

    Args:
        files: At least one path.
        image_shape: See `read_images`.
        image_size: `(height, width)` of the result, if `image_shape` is not given. Defaults to
            `None`: that of the first file.
        channels: Its channels. Defaults to `None`: 1 if all images are grey, otherwise 3.
        preparation: What is done to the images.

    Returns:
        Images, uint8, shape `(n, height, width, channels)`, and what was seen of the files.

    Raises:
        DataError: If a file is broken or has another size.
        ArgumentError: If `image_shape` has neither 1 nor 3 channels.
    """
    size = image_size
    if image_shape is not None:
        size, channels = image_shape[:2], image_shape[2]
    if channels not in (None, 1, 3):
        raise ArgumentError(
            "`image_shape` must have 1 channel (greyscale) or 3 (RGB) for image files. "
            f"Received: image_shape={tuple(image_shape or ())}"
        )
    seen, first = Seen(), files[0] if image_shape is None else None
    for file in files:
        header = read_header(file, preparation)
        size = size or header.size
        if preparation.crop is None:
            check_size(file, header.size, size, first)
        seen.add(header, file)
    assert size is not None
    shape = (*size, seen.channels if channels is None else channels)
    if preparation.crop is not None:  # decoding and resizing photos takes long: in threads
        return ImageFiles(files, shape, preparation=preparation)[:], seen
    images = np.empty((len(files), *shape), np.uint8)
    for index, file in enumerate(files):
        images[index] = read_pixels(file, shape, first=first, preparation=preparation)
    return images, seen


def holds_images(folder: Path) -> bool:
    """Tell whether `find_images` would find an image."""
    return any(True for _ in _walk(folder))


def _walk(folder: Path) -> Iterator[str]:
    """Yield the names of image files in `folder` and below.

    Links to folders are followed once all real folders are read. A folder that was read already,
    or that `folder` lies in, is not read again.
    """
    above = Path(os.path.realpath(folder)).parents
    seen = {_identity(one) for one in above}
    left = [""]  # no recursion: folders may be nested deeper than Python's stack
    links: list[str] = []
    not_read: list[str] = []
    while left or links:
        links.sort(reverse=True)
        within = left.pop() if left else links.pop()
        place = os.path.join(folder, within)
        try:
            identity = _identity(place)
            if identity in seen:
                warnings.warn(
                    f"{place} is left out: it is a folder that is read already, or one around it.",
                    stacklevel=2,
                )
                continue
            seen.add(identity)
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    name = os.path.join(within, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        left.append(name)
                    elif entry.is_symlink() and os.path.isdir(os.path.join(folder, name)):
                        links.append(name)
                    elif entry.name.lower().endswith(EXTENSIONS):
                        yield name
                    elif entry.name.lower().endswith(_NOT_READ):
                        not_read.append(name)
        except OSError as error:
            where = error.filename or place
            raise DataError(f"{where} cannot be read. Received: {error.strerror}") from error
    if not_read:
        warnings.warn(
            f"{folder} holds {len(not_read):,} images of kinds that are not read, "
            f"{not_read[0]} for instance: they are left out. Convert them to PNG or JPEG.",
            stacklevel=2,
        )


def _identity(folder: str | Path) -> tuple[int, int]:
    """Return what a folder is known by, whatever its path."""
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def _name(file: Path, given: Path) -> str:
    """Return the name of `file` within the path that the user gave."""
    return file.name if file == given else file.relative_to(given).as_posix()


def check_headers(files: ImageFiles, seen: Seen) -> None:
    """Raise unless every header says an image that can be read; no pixel is read.

    Args:
        files: The images.
        seen: Counts what is found.

    Raises:
        DataError: If a file is broken, or has another size and is not to be fitted.
    """
    for file in map(files.path, range(len(files))):
        header = read_header(file, files.preparation)
        if files.preparation.crop is None:
            check_size(file, header.size, files.image_shape[:2], None)
        seen.add(header, file)
