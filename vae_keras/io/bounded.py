"""Files that anybody may have written: regular ones only, and never read further than is safe."""

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vae_keras.errors import DataError

# Limit on the unpacked size: 128 MiB, or 128 times the stored size if that is more. Photographs
# hardly shrink to less than a fiftieth, drawings of one shape on black to about a hundredth.
UNPACKED_BYTES, UNPACKED_RATIO = 128 << 20, 128
# O_NONBLOCK: without it, opening a pipe blocks until a writer appears (Windows does not have it).
# O_BINARY: without it, Windows would translate line ends.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FLAGS |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# The record at the end of a zip archive, 22 bytes, and the longest comment that may follow it.
_ZIP_END_BYTES = 22 + (1 << 16)


class LongTableError(ValueError):
    """A zip archive whose table of contents is too long to be read.

    Args:
        size: Bytes of the table.
        most: Bytes that it may have.
    """

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"a zip directory of {size} bytes, more than {most}")
        self.size = size


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file for reading bytes; never wait for a pipe that nobody writes to.

    Raises:
        DataError: If it is a folder, a pipe, a socket or a device.
        OSError: If it cannot be opened.
    """
    return os.fdopen(_open_descriptor(path)[0], "rb")


def read_regular(path: str | os.PathLike[str], most: int) -> bytes:
    """Read a whole regular file. For a small file it takes half the time of a file object.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        DataError: If it is larger, or a folder, a pipe, a socket or a device.
        OSError: If it cannot be read.
    """
    descriptor, size = _open_descriptor(path)
    try:
        check_bytes(path, size, most)
        parts = []
        while part := os.read(descriptor, size + 1):
            parts.append(part)
            size -= len(part)
            if size < 0:  # the file grows while it is read
                break
    finally:
        os.close(descriptor)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@contextmanager
def open_zip(file: BinaryIO, most: int) -> Iterator[zipfile.ZipFile]:
    """Open the zip archive in a file, unless its table of contents is too long.

    `zipfile` reads that table as a whole, however long the archive says it is.

    Args:
        file: Open for reading; it stays open.
        most: Bytes that the table of contents may have.

    Yields:
        The archive. The sizes of its members are not checked yet: see `check_unpacked`.

    Raises:
        LongTableError: If the table is longer.
        zipfile.BadZipFile: If it is not a zip archive, or a damaged one.
    """
    bounded = _BoundedReads(file, most)
    with zipfile.ZipFile(bounded) as archive:
        bounded.most = None
        yield archive


def check_bytes(path: str | os.PathLike[str], size: int, most: int) -> None:
    """Raise `DataError` unless the size of a file, in bytes, is at most `most`."""
    if size > most:
        raise DataError(
            f"{path} is too large to be safe: at most {most >> 20} MiB. Received: {size} bytes"
        )


def check_unpacked(path: Path, stored: int, unpacked: int) -> None:
    """Raise unless the content of `path` may be unpacked.

    Args:
        path: Named in the message.
        stored: Bytes of the file.
        unpacked: Bytes that its header promises.

    Raises:
        DataError: If it is far more than the file's size, or more than the memory of the machine.
    """
    if unpacked > max(UNPACKED_BYTES, UNPACKED_RATIO * stored):
        raise DataError(
            f"{path} must unpack to at most {UNPACKED_RATIO} times its size, or "
            f"{UNPACKED_BYTES >> 20} MiB. Received: {stored} bytes that promise {unpacked}"
        )
    memory = machine_memory()
    if memory is not None and unpacked > memory:
        raise DataError(
            f"{path} does not fit in memory. Received: {unpacked} bytes, of {memory} that the "
            "machine has"
        )


def machine_memory() -> int | None:
    """Return the bytes of memory of the machine; `None` where the platform does not report it."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _open_descriptor(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Open a regular file; return its descriptor and its size in bytes."""
    descriptor = os.open(path, _FLAGS)
    status = os.fstat(descriptor)
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        os.close(descriptor)
        raise DataError(f"{path} must be a file. Received: {_KINDS.get(kind, 'something else')}")
    return descriptor, status.st_size


class _BoundedReads(io.RawIOBase):
    """A file for `zipfile` that refuses to read much at once.

    Args:
        file: The file.
        most: Bytes of one read; `None` lifts the bound.
    """

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self.most: int | None = most

    def read(self, size: int | None = -1) -> bytes:
        if self.most is not None:
            if size is None or size < 0:  # `zipfile` looks for the record at the end
                size = _ZIP_END_BYTES
            elif size > self.most:  # the table of contents
                raise LongTableError(size, self.most)
        return self._file.read(-1 if size is None else size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
