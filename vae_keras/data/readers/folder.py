"""A folder of images: flat, or of classes, or of sets; in memory, or read as needed."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from vae_keras._types import Images, Labels
from vae_keras.data.dataset import Source, Split
from vae_keras.data.images.image_files import find_names, read_files
from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.data.images.one_image import AS_IT_IS, size_in_memory
from vae_keras.data.images.preparation import Preparation
from vae_keras.data.images.scan_images import scan_images
from vae_keras.data.readers.array import MOST_CLASSES
from vae_keras.data.readers.keras_cache import shown
from vae_keras.errors import DataError
from vae_keras.io.text import printable

STREAMED_BYTES = 2 << 30  # a folder of more is read as needed
# What people call the folders of the three sets.
_SETS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_SHOWN_FROM = 20_000  # files; fewer are read before a progress bar would be noticed


def read_folder(
    path: Path,
    *,
    stream: bool | None = None,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    preparation: Preparation = AS_IT_IS,
) -> Source:
    """Read a folder of images.

    Images directly in the folder are unlabelled. Otherwise each sub-folder that holds images, at
    any depth, is a class, named after the sub-folder and numbered in sorted order. A folder with
    both is refused, because either reading would drop or mislabel images. Sub-folders that are
    named `train`, `val` and `test`, or the like, and nothing else, are the sets; each is read like
    a folder of its own. A folder around all others is passed over. Hidden files and folders, and
    files without the extension of an image, are left out. Links to folders are followed.

    Args:
        path: The folder.
        stream: Whether to check every file now, but to read the images as they are needed. Defaults
            to `None`: if they would take more than 2 GiB.
        image_size: `(height, width)` that images of any size are brought to. Defaults to `None`:
            all must have one.
        channels: 1 or 3. Defaults to `None`: 1 if all images are grey, otherwise 3.
        preparation: What is done to the images; its `crop` counts where there is an `image_size`.

    Raises:
        DataError: If there are no images, there are images both in the folder and in sub-folders,
            or an image is broken or has another size.
    """
    wanted: dict[str, Any] = {
        "image_size": image_size,
        "channels": channels,
        "preparation": preparation,
    }
    names = find_names(path)
    sets, within = _sets(names)
    labels, class_names = _classes(path, within)
    if stream is None:
        size = size_in_memory(path / names[0], image_size, preparation)
        stream = size * len(names) > STREAMED_BYTES
    origin = f"folder {shown(path)}"
    if sets is not None:
        found = ", ".join(f"{name} ({np.sum(sets == name):,})" for name in dict.fromkeys(sets))
        origin += f", its sets {found}"
    if not stream:
        images, seen = read_files([path / name for name in names], **wanted)
        part, checksum = Split(images, labels), None
    else:
        with _progress_bar(len(names)) as progress:
            scan = scan_images(path, names, progress=progress, **wanted)
        paths = [os.path.join(path, name) for name in names]
        files = ImageFiles(paths, scan.image_shape, native=scan.native, preparation=preparation)
        part, seen = Split(cast(Images, files), labels), scan.seen  # indexed like an array
        origin, checksum = f"{origin}, read as needed, sha256 over names and files", scan.checksum
    source = Source(
        part,
        None,
        origin,
        class_names,
        notice=seen.dark(),
        checksum=checksum,
        prepared=seen.line(part.images.shape[1:], preparation),
    )
    return source if sets is None else _of_sets(source, sets)


def _of_sets(source: Source, sets: np.ndarray) -> Source:
    """Return the images as the sets that their folders name."""
    images = source.train
    train = images.take(np.flatnonzero(sets == "train"))
    test, validation = (
        images.take(np.flatnonzero(sets == name)).bounded() if name in sets else None
        for name in ("test", "validation")
    )
    return replace(source, train=train, test=test, validation=validation)


def _sets(names: list[str]) -> tuple[np.ndarray | None, list[str]]:
    """Return the set of each file, `None` if the folder has none, and its name within the set.

    Args:
        names: Paths within the folder.
    """
    parts = [name.split(os.sep) for name in names]
    while len({one[0] for one in parts}) == 1 and min(map(len, parts)) > 2:
        parts = [one[1:] for one in parts]  # a folder around all others
    sets = [_SETS.get(one[0].lower()) if len(one) > 1 else None for one in parts]
    if None in sets or "train" not in sets:
        return None, [os.sep.join(one) for one in parts]
    return np.array(sets), [os.sep.join(one[1:]) for one in parts]


def _classes(path: Path, names: list[str]) -> tuple[Labels | None, tuple[str, ...] | None]:
    """Return the class of each file and the names of the classes; `None` for a flat folder."""
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
def _progress_bar(total: int) -> Iterator[Callable[[int], object] | None]:
    """Show a progress bar on a terminal while many files are scanned."""
    if total < _SHOWN_FROM or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Looking at {total:,} images", total=total)
        yield lambda done: bar.update(task, completed=done)
