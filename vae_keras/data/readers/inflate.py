"""Decompresses a gzip file, and ends soon whatever follows the compressed data."""

import zlib
from typing import BinaryIO

_CHUNK = 1 << 16
_MOST_MEMBERS = 100  # compressed parts that a file may consist of
_GZIP = 31  # zlib's `wbits` for the gzip format, whose checksum zlib verifies


class Inflated:
    """Reads a file that was compressed with gzip.

    Python's own `gzip` goes byte by byte through zeros after the last member, and through any
    number of empty members.

    Args:
        file: The file, open at its start.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = b""  # read from the file, not decompressed yet
        self._members = 1
        self._inflate = zlib.decompressobj(_GZIP)

    def read(self, size: int) -> bytes:
        """Return `size` decompressed bytes, or fewer at the end.

        Raises:
            EOFError: If the compressed data are cut short.
            zlib.error: If they are damaged.
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
        """Start the next member; return whether there is one."""
        self._left = self._left or self._file.read(_CHUNK)
        if not self._left.strip(b"\0"):
            return False  # only padding with zeros is left
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise zlib.error(f"more than {_MOST_MEMBERS} compressed parts")
        self._inflate = zlib.decompressobj(_GZIP)
        return True
