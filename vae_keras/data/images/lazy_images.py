"""Images that stay in their files until they are asked for."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from vae_keras.data.images.one_image import read_pixels
from vae_keras.errors import ArgumentError

# Most of what a thread does is done under Python's lock: more of them only help a slow disk.
THREADS = 2
_TOGETHER = 64  # files a thread reads in one go


class ImageFiles:
    """Image files that look like an array of images and are read when they are indexed.

    A slice, an array of numbers or a mask gives the images themselves, `take` another lazy one. It
    holds the names alone, about as many bytes for each image as its name has characters.

    Args:
        paths: The files, at least one.
        image_shape: `(height, width, channels)` of every image. Channels are converted (1 is
            greyscale, 3 is RGB), sizes are not.
        native: Whether TensorFlow's decoder gives the pixels that Pillow's gives, for each file;
            `scan_images` finds out. Defaults to `None`: for none of them.

    Attributes:
        image_shape: As given.
        shape: `(n, height, width, channels)`.
        dtype: uint8.

    Raises:
        ArgumentError: If there is no file, or `image_shape` has neither 1 nor 3 channels.

    Example:
        >>> files = ImageFiles(sorted(Path("photos").glob("*.png")), (64, 64, 1))
        >>> files[:10].shape
        (10, 64, 64, 1)
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]],
        image_shape: Sequence[int],
        *,
        native: np.ndarray | None = None,
    ) -> None:
        height, width, channels = (int(size) for size in image_shape)
        if channels not in (1, 3) or height < 1 or width < 1:
            raise ArgumentError(
                "`image_shape` must be (height, width, 1) or (height, width, 3) for image files. "
                f"Received: image_shape={tuple(image_shape)}"
            )
        if not len(paths):
            raise ArgumentError("`paths` must hold at least one file. Received: paths=[]")
        self.image_shape = (height, width, channels)
        names = [os.fsencode(path) for path in paths]
        # One block of bytes: a Python object for each of a million paths takes several times as
        # much. What all begin with, in characters and not in folders, is held once.
        self._prefix = os.path.commonprefix([min(names), max(names)]) or b""  # noqa: RUF071
        self._names = np.array([name[len(self._prefix) :] for name in names])
        self.native = np.zeros(len(names), bool) if native is None else np.asarray(native, bool)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self), *self.image_shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all images, were they in memory."""
        return len(self) * int(np.prod(self.image_shape))

    def __len__(self) -> int:
        return len(self._names)

    def path(self, index: int) -> Path:
        """Return the path of one file."""
        return Path(os.fsdecode(self._prefix + bytes(self._names[index])))

    def encoded_paths(self) -> tuple[bytes, np.ndarray]:
        """Return all paths as bytes: what all begin with, and the rest of each."""
        return self._prefix, self._names

    def take(self, indices: slice | np.ndarray) -> "ImageFiles":
        """Return a part, still lazy: at a slice, numbers or a mask. It may hold no image."""
        part = object.__new__(ImageFiles)
        part.image_shape = self.image_shape
        part._prefix, part._names = self._prefix, self._names[indices]
        part.native = self.native[indices]
        return part

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read images: one for a number, an array of them for a slice, numbers or a mask.

        Raises:
            DataError: If a file is broken, gone, or has another size than `image_shape`.
        """
        if isinstance(index, int | np.integer):
            return read_pixels(self.path(int(index)), self.image_shape)
        part = self.take(np.asarray(index) if isinstance(index, list) else index)
        if len(part) <= _TOGETHER:
            return part.read()
        pieces = (slice(start, start + _TOGETHER) for start in range(0, len(part), _TOGETHER))
        images, done = np.empty(part.shape, np.uint8), 0
        with ThreadPoolExecutor(THREADS) as pool:
            for piece in pool.map(lambda which: part.take(which).read(), pieces):
                images[done : done + len(piece)] = piece
                done += len(piece)
        return images

    def read(self) -> np.ndarray:
        """Read all of them in this thread.

        Raises:
            DataError: If a file is broken, gone, or has another size than `image_shape`.
        """
        images = np.empty(self.shape, np.uint8)
        for place in range(len(self)):
            images[place] = read_pixels(self.path(place), self.image_shape)
        return images

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Read all of them."""
        if copy is False:
            raise ValueError("Image files cannot become an array without being read.")
        images = self[:]
        return images if dtype is None else images.astype(dtype)

    def __repr__(self) -> str:
        return f"ImageFiles({len(self):,} of {self.image_shape})"
