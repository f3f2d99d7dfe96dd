"""What a file of the user's may be: a regular one, that does not unpack to many times its size."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from vae_keras.errors import DataError

# A small file may unpack to so much whatever its size is; a larger one to so many times its size.
# Images hardly shrink to less than a fiftieth, drawings of one shape on black to a hundredth.
UNPACKED_BYTES, UNPACKED_RATIO = 128 << 20, 128
# Without the first the opening of a pipe waits for a writer; Windows has none, but kinds of text.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FLAGS |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file to read its bytes, and never wait for one that nobody writes.

    Raises:
        DataError: If it is a folder, a pipe, a socket or a device.
        OSError: If it cannot be opened.
    """
    return os.fdopen(_opened(path)[0], "rb")


def read_regular(path: str | os.PathLike[str], most: int) -> bytes:
    """Read a whole file, in half the time that a file object takes for a small one.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        DataError: If it is larger, or a folder, a pipe, a socket or a device.
        OSError: If it cannot be read.
    """
    number, size = _opened(path)
    try:
        check_bytes(path, size, most)
        parts = []
        while part := os.read(number, size + 1):
            parts.append(part)
            size -= len(part)
            if size < 0:  # it grows
                break
    finally:
        os.close(number)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def check_bytes(path: str | os.PathLike[str], size: int, most: int) -> None:
    """Raise `DataError` unless a file has at most so many bytes."""
    if size > most:
        raise DataError(
            f"{path} is too large to be safe: at most {most >> 20} MiB. Received: {size} bytes"
        )


def check_unpacked(path: Path, stored: int, unpacked: int) -> None:
    """Raise unless what `path` holds may be unpacked.

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
    memory = _memory()
    if memory is not None and unpacked > memory:
        raise DataError(
            f"{path} does not fit in memory. Received: {unpacked} bytes, of {memory} that the "
            "machine has"
        )


def _opened(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Open a regular file; return its number and its size in bytes."""
    number = os.open(path, _FLAGS)
    found = os.fstat(number)
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        os.close(number)
        raise DataError(f"{path} must be a file. Received: {_KINDS.get(kind, 'something else')}")
    return number, found.st_size


def _memory() -> int | None:
    """Return the bytes of memory that the machine has, `None` where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
