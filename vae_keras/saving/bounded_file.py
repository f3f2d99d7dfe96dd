"""A zip file whose directory is bounded before it is read."""

import io
from typing import Any

from vae_keras.saving.refused import Refused

# Names and places of a few hundred members; `zipfile` reads the directory whole.
_MAX_DIRECTORY = 1 << 16


class BoundedFile(io.RawIOBase):
    """A file for `zipfile`, of which nothing long is read until `unbounded` is called.

    Args:
        file: The file, open for reading bytes, unbuffered or not.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._bounded = True

    def unbounded(self) -> None:
        """Let members be read: what the directory says of their sizes has been checked."""
        self._bounded = False

    def read(self, size: int | None = -1) -> bytes:
        if self._bounded and size is not None and size > _MAX_DIRECTORY:
            raise Refused(f"a zip directory of {size} bytes, more than {_MAX_DIRECTORY}")
        if self._bounded and (size is None or size < 0):
            # `zipfile` asks for all that is left where it looks for a comment: 65,535 bytes at
            # most, and 22 before them.
            size = _MAX_DIRECTORY + 100
        return self._file.read(size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
