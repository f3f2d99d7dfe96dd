"""A stream of what a gzip file holds, that ends soon on whatever lies behind it."""

import zlib
from typing import BinaryIO

_CHUNK = 1 << 16
_MOST_MEMBERS = 100  # that a file may be put together from
_GZIP = 31  # zlib's number for the format with its checksum


class Inflated:
    """Reads a file that was compressed with gzip.

    Python's own reader walks byte by byte through zeros behind the last member, and through any
    number of empty members.

    Args:
        file: Open, at its start.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = b""  # read from the file, not looked at
        self._members = 1
        self._inflate = zlib.decompressobj(_GZIP)

    def read(self, size: int) -> bytes:
        """Return so many bytes, or fewer where it ends.

        Raises:
            EOFError: If the file is cut short.
            zlib.error: If it is damaged.
        """
        parts: list[bytes] = []
        while size > 0:
            if self._inflate.eof and not self._next_member():
                break
            data = self._left or self._file.read(_CHUNK)
            part = self._inflate.decompress(data, size)
            if not part and not data and not self._inflate.eof:
                raise EOFError("the end of the compressed data is missing")
            self._left = self._inflate.unconsumed_tail or self._inflate.unused_data
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _next_member(self) -> bool:
        """Begin with the next member, if there is one."""
        self._left = self._left or self._file.read(_CHUNK)
        if not self._left.strip(b"\0"):
            return False  # as tapes are filled up
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise zlib.error(f"more than {_MOST_MEMBERS} compressed parts")
        self._inflate = zlib.decompressobj(_GZIP)
        return True
