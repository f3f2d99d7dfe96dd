"""Images that stay in their files until they are indexed."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from vae_keras._types import Images, ImageShape
from vae_keras.data.images.one_image import AS_IT_IS, read_pixels
from vae_keras.data.images.preparation import Preparation
from vae_keras.errors import ArgumentError

# A thread holds Python's lock for most of its work: more threads help with a slow disk only.
THREADS = 2
_PER_TASK = 64  # files that a thread reads as one task


class ImageFiles:
    """Image files that look like an array of images and are read when they are indexed.

    An index, a slice, an array of indices or a mask reads the images; `take` returns `ImageFiles`
    again. Only the names are in memory: about as many bytes for each image as its name has
    characters.

    Args:
        paths: The files, at least one.
        image_shape: `(height, width, channels)` of every image. Channels are converted (1 is
            greyscale, 3 is RGB).
        native: For each file, whether TensorFlow's decoder gives the same pixels as Pillow's;
            `scan_images` finds out. Defaults to `None`: for no file.
        preparation: What is done to images of other sizes, and to transparent ones. Defaults to
            `Preparation()`, which refuses other sizes.

    Attributes:
        image_shape: As given.
        preparation: As given.
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
        preparation: Preparation = AS_IT_IS,
    ) -> None:
        height, width, channels = (int(size) for size in image_shape)
        if channels not in (1, 3) or height < 1 or width < 1:
            raise ArgumentError(
                "`image_shape` must be (height, width, 1) or (height, width, 3) for image files. "
                f"Received: image_shape={tuple(image_shape)}"
            )
        if not len(paths):
            raise ArgumentError("`paths` must hold at least one file. Received: paths=[]")
        self.image_shape: ImageShape = (height, width, channels)
        self.preparation = preparation
        names = [os.fsencode(path) for path in paths]
        # One block of bytes: a million Python strings would take several times as much memory. The
        # common prefix of all paths, counted in characters and not in folders, is stored once.
        self._prefix = os.path.commonprefix([min(names), max(names)]) or b""  # noqa: RUF071
        self._names = np.array([name[len(self._prefix) :] for name in names])
        self.native = np.zeros(len(names), bool) if native is None else np.asarray(native, bool)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self), *self.image_shape)

    @property
    def nbytes(self) -> int:
        """Bytes that all images would take in memory."""
        return len(self) * int(np.prod(self.image_shape))

    def __len__(self) -> int:
        return len(self._names)

    def path(self, index: int) -> Path:
        """Return the path of one file."""
        return Path(os.fsdecode(self._prefix + bytes(self._names[index])))

    def encoded_paths(self) -> tuple[bytes, np.ndarray]:
        """Return all paths as bytes: their common prefix, and the rest of each."""
        return self._prefix, self._names

    def take(self, indices: slice | np.ndarray) -> "ImageFiles":
        """Return a part, not read yet, at a slice, an array of indices or a mask; maybe none."""
        part = object.__new__(ImageFiles)
        part.image_shape, part.preparation = self.image_shape, self.preparation
        part._prefix, part._names = self._prefix, self._names[indices]
        part.native = self.native[indices]
        return part

    def __getitem__(self, index: Any) -> Images:
        """Read one image at an index, or the images at a slice, an array of indices or a mask.

        Raises:
            DataError: If a file is broken, missing, or has another size than `image_shape`.
        """
        if isinstance(index, int | np.integer):
            return self._pixels(int(index))
        part = self.take(np.asarray(index) if isinstance(index, list) else index)
        if len(part) <= _PER_TASK:
            return part.read()
        pieces = (slice(start, start + _PER_TASK) for start in range(0, len(part), _PER_TASK))
        images, done = np.empty(part.shape, np.uint8), 0
        with ThreadPoolExecutor(THREADS) as pool:
            for piece in pool.map(lambda which: part.take(which).read(), pieces):
                images[done : done + len(piece)] = piece
                done += len(piece)
        return images

    def read(self) -> Images:
        """Read all images in this thread.

        Raises:
            DataError: If a file is broken, missing, or has another size than `image_shape`.
        """
        images = np.empty(self.shape, np.uint8)
        for index in range(len(self)):
            images[index] = self._pixels(index)
        return images

    def _pixels(self, index: int) -> Images:
        path = self.path(index)
        return read_pixels(path, self.image_shape, preparation=self.preparation)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Images:
        """Read all images; `numpy.asarray(files)` calls this."""
        if copy is False:
            raise ValueError("Image files cannot become an array without being read.")
        images = self[:]
        return images if dtype is None else images.astype(dtype)

    def __repr__(self) -> str:
        return f"ImageFiles({len(self):,} of {self.image_shape})"
