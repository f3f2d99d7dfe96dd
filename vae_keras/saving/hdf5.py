"""Reads the HDF5 file of a model's weights without the HDF5 library.

The library is written in C, and some files with randomly changed bytes made it free memory twice.
So it is given nothing that a stranger wrote. Through h5py, Keras writes the oldest HDF5 format, and
a small part of it: groups as symbol tables, and arrays of numbers in one piece. This module reads
that part and refuses everything else.

References:
    HDF5 file format specification, version 1.1: superblock version 0, version 1 object headers.
"""

import math
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vae_keras.saving.refused import Refused

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Bytes 8 to 15 of the file: versions, all 0, then 8 bytes for each offset and for each length.
_SUPERBLOCK = bytes([0, 0, 0, 0, 0, 8, 8, 0])
_UNDEFINED = (1 << 64) - 1
_MAX_OBJECTS, _MAX_MESSAGES = 50_000, 500_000
_MAX_DEPTH, _MAX_NAME, _MAX_RANK = 64, 1_024, 32
_DATASPACE, _DATATYPE, _LAYOUT, _CONTINUATION, _SYMBOLS = 0x1, 0x3, 0x8, 0x10, 0x11
_KEPT = (_DATASPACE, _DATATYPE, _LAYOUT, _SYMBOLS)
_REFUSED = {
    0x2: "a link to elsewhere",
    0x6: "a link to elsewhere",
    0x7: "values that lie in another file",
    0xB: "compressed values",
}
# Properties of a float after its bit width: place and width of exponent and mantissa, and the bias.
_FLOATS = {2: "0a05000a0f000000", 4: "170800177f000000", 8: "340b0034ff030000"}


def _datatypes() -> dict[bytes, np.dtype]:
    """Return the types of numbers that Keras writes, by their description in HDF5."""
    found = {}
    for order, sign in (("<", 0), (">", 1)):
        for size, properties in _FLOATS.items():
            head = struct.pack("<4BIHH", 0x11, 0x20 + sign, 8 * size - 1, 0, size, 0, 8 * size)
            found[head + bytes.fromhex(properties)] = np.dtype(f"{order}f{size}")
        for kind, signed in (("u", 0), ("i", 8)):
            for size in (1, 2, 4, 8):
                head = struct.pack("<4BIHH", 0x10, signed + sign, 0, 0, size, 0, 8 * size)
                found[head] = np.dtype(f"{order}{kind}{size}")
    found[struct.pack("<4BI", 0x15, 0, 0, 0, 2)] = np.dtype("V2")  # bfloat16
    base = struct.pack("<4BIHH", 0x10, 8, 0, 0, 1, 0, 8)
    names = b"FALSE\0\0\0TRUE\0\0\0\0" + bytes([0, 1])
    found[struct.pack("<4BI", 0x18, 2, 0, 0, 1) + base + names] = np.dtype(bool)
    return found


_DATATYPES = _datatypes()


@dataclass(frozen=True)
class Weights:
    """The content of an HDF5 file of weights.

    Args:
        arrays: Arrays by path; they are views of the file's bytes.
        groups: Paths of all groups, including empty ones.
    """

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)

    @property
    def values(self) -> int:
        """Number of values in all arrays together."""
        return sum(array.size for array in self.arrays.values())


def read_weights(content: bytes) -> Weights:
    """Read the arrays of an HDF5 file.

    Raises:
        Refused: If it is damaged, or has anything but groups and arrays of numbers, each in one
            piece, uncompressed and in this file.
    """
    if not content.startswith(_SIGNATURE):
        raise Refused("model.weights.h5 is no HDF5 file")
    try:
        return _Reader(content).read_all()
    except (struct.error, OverflowError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f"model.weights.h5 is damaged: {error}") from error


class _Reader:
    """One pass over the content of a file."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._weights = Weights()
        self._bytes = 0
        self._messages = 0
        self._seen: set[int] = set()

    def read_all(self) -> Weights:
        base, _, _, driver, _, root = self._at("<6Q", 24)
        if self._content[8:16] != _SUPERBLOCK or base != 0 or driver != _UNDEFINED:
            raise _refused("a format that Keras does not write")
        stack = [("", root)]
        while stack:
            path, address = stack.pop()
            self._visit(address)
            messages = self._header(address)
            if _SYMBOLS in messages:
                if path:
                    self._weights.groups.append(path)
                if path.count("/") >= _MAX_DEPTH:
                    raise _refused(f"groups more than {_MAX_DEPTH} deep")
                stack.extend(self._members(path, messages[_SYMBOLS]))
            elif path and _LAYOUT in messages:
                self._weights.arrays[path] = self._array(path, messages)
            else:
                raise _refused(f"{path[-80:]!r}, neither group nor array")
        return self._weights

    def _at(self, form: str, position: int) -> tuple[Any, ...]:
        """Return the fields at a position of the file, in the format of `struct`."""
        return struct.unpack_from(form, self._content, position)

    def _visit(self, address: int) -> None:
        """Note a part of the file, each of which may be read once: this also ends cycles."""
        if address in self._seen:
            raise _refused("a part that is there twice")
        self._seen.add(address)
        if len(self._seen) > 2 * _MAX_OBJECTS:
            raise _refused(f"more than {_MAX_OBJECTS} groups and arrays")

    def _header(self, address: int) -> dict[int, tuple[int, int]]:
        """Return where the messages in the header of an object begin and end, by kind."""
        # An object header of version 1, in bytes from `address`:
        #
        #   0  version (1)        2  number of messages     4  reference count
        #   8  size of the first block of messages          16  the first block
        #
        # A block holds messages one after the other. Each begins with its kind (2 bytes), size (2),
        # flags (1) and 3 reserved bytes; its body follows. The message "continuation" gives address
        # and size of a further block.
        version, left, size = self._at("<BxH4xI", address)
        if version != 1:
            raise _refused("a format that Keras does not write")
        found: dict[int, tuple[int, int]] = {}
        blocks = [(address + 16, size)]
        while blocks:
            position, length = blocks.pop()
            end = position + length
            while left and position + 8 <= end:
                kind, size, flags = self._at("<HHB", position)
                body, position, left = position + 8, position + 8 + size, left - 1
                self._messages += 1
                if self._messages > _MAX_MESSAGES or position > end or flags & 2:
                    raise _refused("headers that Keras does not write")
                if kind in _REFUSED:
                    raise _refused(_REFUSED[kind])
                if kind == _CONTINUATION:
                    blocks.append(self._at("<QQ", body))
                elif kind in found:
                    raise _refused("headers that Keras does not write")
                elif kind in _KEPT:
                    found[kind] = (body, position)
        return found

    def _members(self, path: str, symbols: tuple[int, int]) -> list[tuple[str, int]]:
        """Return paths and addresses of the members of a group."""
        tree, heap = self._at("<QQ", symbols[0])
        kind, version, size, _, names = self._at("<4sB3xQQQ", heap)
        if kind != b"HEAP" or version != 0 or names + size > len(self._content):
            raise _refused("a group without names")
        found: dict[str, int] = {}
        nodes = [tree]
        while nodes:
            node = nodes.pop()
            self._visit(node)
            kind, of, level, count = self._at("<4sBBH", node)
            if kind != b"TREE" or of != 0:
                raise _refused("a group that is damaged")
            children = [self._at("<Q", node + 32 + 16 * index)[0] for index in range(count)]
            if level:
                nodes.extend(children)
                continue
            for child in children:
                self._visit(child)
                for offset, address in self._symbols(child):
                    name = self._name(names, names + size, offset)
                    if name in found:
                        raise _refused(f"{name[:80]!r} twice")
                    found[name] = address
        return [(f"{path}/{name}".lstrip("/"), address) for name, address in found.items()]

    def _symbols(self, address: int) -> list[tuple[int, int]]:
        """Return the offset of the name, and the address, of each member in a symbol table node."""
        kind, version, count = self._at("<4sBxH", address)
        if kind != b"SNOD" or version != 1:
            raise _refused("a group that is damaged")
        entries = [self._at("<QQI", address + 8 + 40 * index) for index in range(count)]
        if any(cached not in (0, 1) for _, _, cached in entries):
            raise _refused("a link to elsewhere")
        return [(offset, header) for offset, header, _ in entries]

    def _name(self, start: int, stop: int, offset: int) -> str:
        """Return the name at an offset within the heap of names from `start` to `stop`."""
        end = self._content.find(b"\0", start + offset, min(start + offset + _MAX_NAME, stop))
        name = self._content[start + offset : max(end, 0)].decode("utf-8")
        if not name or "/" in name or set(name) == {"."}:
            raise _refused("a group without names")
        return name

    def _array(self, path: str, messages: dict[int, tuple[int, int]]) -> np.ndarray:
        """Return the array that the messages of a header describe: a view of the file's bytes."""
        # The body of each message, in bytes from its start:
        #
        #   dataspace  0  version (1)    1  rank           2  flags (1: largest sizes follow)
        #              8  the sizes, 8 bytes each
        #   datatype   0  class and version, bit field, size and properties, as in `_DATATYPES`,
        #                 then padding with zeros
        #   layout     0  version (3)    1  class (1: contiguous)
        #              2  address of the values, 8 bytes   10  their size in bytes, 8 bytes
        name = repr(path[-80:])
        if _DATASPACE not in messages or _DATATYPE not in messages:
            raise _refused(f"{name}, which is damaged")
        start, _ = messages[_DATASPACE]
        version, rank, flags = self._at("<3B", start)
        if version != 1 or rank > _MAX_RANK or flags & ~1:
            raise _refused(f"{name} without a shape")
        shape = self._at(f"<{rank}Q", start + 8)
        start, end = messages[_DATATYPE]
        described = self._content[start:end]
        dtype = next(
            (
                dtype
                for known, dtype in _DATATYPES.items()
                if described.startswith(known) and not any(described[len(known) :])
            ),
            None,
        )
        if dtype is None:
            raise _refused(f"{name}, not of numbers")
        version, kind, address, size = self._at("<BBQQ", messages[_LAYOUT][0])
        if version != 3 or kind != 1:
            raise _refused(f"{name}, in pieces or not in this file")
        if size != math.prod(shape) * dtype.itemsize or (size and address == _UNDEFINED):
            raise _refused(f"{name} of shape {shape[:8]}, not all of it")
        self._bytes += size
        if self._bytes > len(self._content):
            raise _refused("arrays of more bytes than the file")
        return np.frombuffer(
            self._content, dtype, math.prod(shape), address if size else 0
        ).reshape(shape)


def _refused(what: str) -> Refused:
    return Refused(f"model.weights.h5 has {what}")
