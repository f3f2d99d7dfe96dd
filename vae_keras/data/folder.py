"""A folder of images: flat, or with one sub-folder per class."""

from pathlib import Path

import numpy as np

from vae_keras.data import keras_cache
from vae_keras.data.image_dataset import Source, Split
from vae_keras.data.image_files import decode, find_images, read_images
from vae_keras.errors import DataError

__all__ = ["read", "read_images"]


def read(path: Path) -> Source:
    """Read a folder of images, which has no published test set.

    Images directly in the folder are unlabelled. Otherwise each sub-folder that holds images, at
    any depth, is a class, named after the sub-folder and numbered in sorted order. A folder that
    has both is refused, because either reading would drop or mislabel images. Hidden files and
    folders are left out, as are files that are not images by their extension.

    Raises:
        DataError: If there are no images, or both kinds, or an image is broken or has another size.
    """
    files = find_images(path)
    flat = [file for file in files if file.parent == path]
    origin = f"folder {keras_cache.shown(path)}"
    if not flat:
        return _read_classes(path, files, origin)
    if len(flat) < len(files):
        nested = next(file for file in files if file.parent != path)
        raise DataError(
            f"{path} must hold either images or one sub-folder of images per class, not both. "
            f"Received: {flat[0].name} beside {nested.relative_to(path)}"
        )
    return Source(Split(decode(files)), None, origin)


def _read_classes(path: Path, files: list[Path], origin: str) -> Source:
    """Read images whose class is the sub-folder of `path` that they lie in."""
    classes = [file.relative_to(path).parts[0] for file in files]
    names = tuple(sorted(set(classes)))
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.array([numbers[name] for name in classes], np.int64)
    return Source(Split(decode(files), labels), None, origin, names)
