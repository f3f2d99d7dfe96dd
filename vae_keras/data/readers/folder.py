"""A folder of images: flat, or with one sub-folder per class; held in memory, or read as needed."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np

from vae_keras.data.dataset import Source, Split
from vae_keras.data.images.image_files import decode, find_names, read_images
from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.data.images.one_image import size_in_memory
from vae_keras.data.images.scan_images import scan_images
from vae_keras.data.readers import keras_cache
from vae_keras.data.readers.array import MOST_CLASSES
from vae_keras.errors import DataError
from vae_keras.io.text import printable

__all__ = ["read", "read_images"]

STREAMED_BYTES = 2 << 30
_SHOWN_FROM = 20_000  # files; fewer are read before a bar has been noticed


def read(path: Path, *, stream: bool | None = None) -> Source:
    """Read a folder of images, which has no published test set.

    Images directly in the folder are unlabelled. Otherwise each sub-folder that holds images, at
    any depth, is a class, named after the sub-folder and numbered in sorted order. A folder that
    has both is refused, because either reading would drop or mislabel images. Hidden files and
    folders are left out, as are files that are not images by their extension.

    Args:
        path: The folder.
        stream: Whether to look at every file now, but to read the images as they are needed. By
            default where they would take more than 2 GiB.

    Raises:
        DataError: If there are no images, or both kinds, or an image is broken or has another size.
    """
    names = find_names(path)
    labels, class_names = _classes(path, names)
    if stream is None:
        stream = size_in_memory(path / names[0]) * len(names) > STREAMED_BYTES
    origin = f"folder {keras_cache.shown(path)}"
    if not stream:
        images = decode([path / name for name in names])
        return Source(Split(images, labels), None, origin, class_names)
    with _progress(len(names)) as progress:
        scan = scan_images(path, names, progress=progress)
    paths = [os.path.join(path, name) for name in names]
    files = ImageFiles(paths, scan.image_shape, native=scan.native)
    return Source(
        Split(cast(np.ndarray, files), labels),  # to index, they are one
        None,
        f"{origin}, read as needed, sha256 over names and files",
        class_names,
        checksum=scan.checksum,
    )


def _classes(path: Path, names: list[str]) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
    """Return the number of each file's class and the classes' names; `None` of a flat folder."""
    nested = [name for name in names if os.sep in name]
    if not nested:
        return None, None
    if len(nested) < len(names):
        flat = next(name for name in names if os.sep not in name)
        raise DataError(
            f"{path} must hold either images or one sub-folder of images per class, not both. "
            f"Received: {flat} beside {nested[0]}"
        )
    classes = [name.split(os.sep, 1)[0] for name in names]
    class_names = sorted(set(classes))
    if len(class_names) > MOST_CLASSES:
        raise DataError(
            f"{path} must hold at most {MOST_CLASSES} classes. Received: {len(class_names)} folders"
        )
    numbers = {name: number for number, name in enumerate(class_names)}
    labels = np.array([numbers[name] for name in classes], np.int64)
    return labels, tuple(map(printable, class_names))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object] | None]:
    """Show a bar on a terminal while many files are looked at."""
    if total < _SHOWN_FROM or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Looking at {total:,} images", total=total)
        yield lambda done: bar.update(task, completed=done)
