"""The images that a command is given for a saved model: files, folders and arrays."""

import os
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from vae_keras._types import Images
from vae_keras.data import ImageFiles, Preparation
from vae_keras.data.images.image_files import check_headers, find_names
from vae_keras.data.images.seen import Seen
from vae_keras.data.readers.array import SUFFIXES, read_array_file
from vae_keras.errors import ArgumentError, DataError
from vae_keras.io.text import printable
from vae_keras.models import ImageModel


class GivenImages:
    """Images in the shape that a model takes, in the order in which they were named.

    Files of images are looked at and not read yet; arrays are read. What was done to the training
    images of the model is done to them.

    Args:
        vae: The model.
        images: Image files, folders of them, `.npy` and `.npz` files.
        crop: See `Preparation`. Defaults to `None`: that of the model.
        background: See `Preparation`. Defaults to `None`: that of the model.

    Raises:
        ArgumentError: If there are no images, or `crop` or `background` is not known.
        DataError: If one cannot be read, or does not fit the model and is not to be fitted.
    """

    def __init__(
        self,
        vae: ImageModel,
        images: Sequence[str],
        *,
        crop: str | None = None,
        background: str | None = None,
    ) -> None:
        if not images:
            raise ArgumentError("`images` must be at least one file or folder. Received: images=()")
        self.vae = vae
        self.preparation = Preparation(
            crop or vae.preparation.crop, background or vae.preparation.background
        )
        self._seen = Seen()
        self._done: list[str] = []  # to arrays, a line for each
        self._parts: list[ImageFiles | Images] = []
        self._names: list[str] = []  # of an array; empty for files
        self._ends: list[int] = []
        paths: list[str] = []
        for one in images:
            given = os.path.expanduser(one)
            if not os.path.isfile(given):
                paths += [os.path.join(given, name) for name in find_names(Path(given))]
            elif not given.lower().endswith(SUFFIXES):
                paths.append(given)
            else:
                self._add_files(paths)
                self._add_arrays(Path(given))
                paths = []
        self._add_files(paths)

    def __len__(self) -> int:
        return self._ends[-1]

    def name(self, position: int) -> str:
        """Return the path of an image; in an array with its number: `digits.npz:test[3]`."""
        part, within = self._place(position)
        if isinstance(files := self._parts[part], ImageFiles):
            return files.path(within).as_posix()
        return f"{self._names[part]}[{within}]"

    def stem(self, position: int) -> str:
        """Return a name for a file that is made of an image."""
        part, within = self._place(position)
        if isinstance(files := self._parts[part], ImageFiles):
            return files.path(within).stem
        path, _, name = self._names[part].rpartition(":")
        return "_".join([Path(path or name).stem, *([name] if path else []), str(within)])

    def parts(self, size: int) -> list[tuple[int, ImageFiles | Images]]:
        """Return the images in parts of at most `size`, each with the position of its first."""
        found: list[tuple[int, ImageFiles | Images]] = []
        for part, end in zip(self._parts, self._ends, strict=True):
            for start in range(0, len(part), size):
                some = slice(start, start + size)
                piece = part.take(some) if isinstance(part, ImageFiles) else part[some]
                found.append((end - len(part) + start, piece))
        return found

    def say_what_is_done(self) -> None:
        """Print what is done to the images, if anything is: to all files, and to each array."""
        files = self._seen.line(self.vae.image_shape, self.preparation)
        for line in ([f"Images: {files}"] if files else []) + self._done:
            print(printable(line))

    def _place(self, position: int) -> tuple[int, int]:
        """Return the number of the part that holds an image, and its position within."""
        part = bisect_right(self._ends, position)
        return part, position - (self._ends[part] - len(self._parts[part]))

    def _add(self, images: ImageFiles | Images, name: str) -> None:
        self._ends.append((self._ends[-1] if self._ends else 0) + len(images))
        self._parts.append(images)
        self._names.append(name)

    def _add_files(self, paths: list[str]) -> None:
        if not paths:
            return
        files = ImageFiles(paths, self.vae.image_shape, preparation=self.preparation)
        check_headers(files, self._seen)
        self._add(files, "")

    def _add_arrays(self, path: Path) -> None:
        """Add the images of an array file: training, validation and test set, one by one."""
        source = read_array_file(path)
        sets = {"train": source.train, "validation": source.validation, "test": source.test}
        held = {name: split.images for name, split in sets.items() if split is not None}
        if source.notice:
            self._done.append(f"{path}: {source.notice}")
        size = self.vae.image_shape[:2]
        for name, images in held.items():
            whose = str(path) if len(held) == 1 else f"{path}:{name}"
            before = images.shape[1:3]
            if self.preparation.crop is not None:
                images = self.preparation.fitted_array(images, size, whose)
            elif before != size:
                raise DataError(
                    f"{whose} must hold images of {size[0]} x {size[1]} pixels, as the model "
                    "expects: `crop` (`--crop center`) fits images of other sizes. "
                    f"Received: {before[0]} x {before[1]}"
                )
            if before != size:
                done = self.preparation.described(size)
                self._done.append(f"{whose}: images of {before[0]} x {before[1]}, {done}")
            self._add(cast(Images, self.vae.check_images(images, name=whose)), whose)
