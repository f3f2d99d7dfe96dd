"""Hostile files of images, made by hand: headers that lie, bombs, pickles, odd pixels."""

import gzip
import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from malformed import whole

# Kind; ending, which says what loader it is for; content, made when it is wanted if it is large.
Case = tuple[str, str, bytes | Callable[[], bytes]]
_MIB = 1 << 20


class Executed:
    """What a pickle of this leaves behind when it is loaded: a file in the canary folder."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, (f"touch '{self.canary}/executed'",)


def data_files(canary: Path) -> Iterator[Case]:
    """Yield every hand-made file; `canary` is a folder that nothing may touch."""
    yield from _idx()
    yield from _npy(canary)
    yield from _npz(canary)
    yield from _images()


def _idx() -> Iterator[Case]:
    array = whole.images()
    pixels = bytes(array)
    for magic in (b"", b"\0", b"\0\0\x08", b"\x01\0\x08\x03", b"\0\0\x0d\x03", b"\0\0\x08\x02"):
        yield "IDX: wrong magic", "idx", magic + struct.pack(">3I", 24, 8, 8) + pixels
    absurd = (2**32 - 1, 2**31, 10**9, 0)
    for size in absurd:
        for axis in range(3):
            shape = [24, 8, 8]
            shape[axis] = size
            header = b"\0\0\x08\x03" + struct.pack(">3I", *shape)
            yield "IDX: absurd shape", "idx", header + pixels
            yield "IDX: absurd shape", "idx", gzip.compress(header + pixels)
    for dimensions in (0, 1, 2, 4, 32, 255):
        header = bytes([0, 0, 8, dimensions]) + struct.pack(f">{dimensions}I", *[1] * dimensions)
        yield "IDX: other dimensions", "idx", header + pixels
    header = b"\0\0\x08\x03" + struct.pack(">3I", 24, 8, 8)
    yield "IDX: gzip bomb", "idx", lambda: gzip.compress(header + bytes(200 * _MIB), 9)
    large = b"\0\0\x08\x03" + struct.pack(">3I", 400, 1024, 1024)
    yield "IDX: gzip bomb", "idx", lambda: gzip.compress(large + bytes(400 * _MIB), 9)
    yield "IDX: gzip in gzip", "idx", gzip.compress(whole.idx_gz())
    yield "IDX: gzip members", "idx", gzip.compress(header) + gzip.compress(pixels)
    yield "IDX: gzip members", "idx", gzip.compress(b"") * 20_000 + whole.idx_gz()
    yield "IDX: gzip members", "idx", whole.idx_gz() + gzip.compress(b"more")


def _npy(canary: Path) -> Iterator[Case]:
    shapes = (
        *["(-1, 8, 8)", "(24, -8, -8)", "(10**12, 8, 8)", "(9223372036854775807, 2, 2)"],
        *["(4611686018427387904, 4, 4)", "(1000000, 1000000, 1)", "(0, 8, 8)", "()", "(24,)"],
        *[
            "(24, 8, 8, 1, 1)",
            "(24, 8, 'a')",
            "(24, 8.0, 8)",
            "[24, 8, 8]",
            "None",
            "(24, 8, None)",
        ],
        *["(1,)*99", "(24, 99999999999999999999999999, 8)", "(True, 8, 8)", "{}"],
    )
    for shape in shapes:
        yield "npy: absurd shape", "npy", _with_header(shape=shape)
    types = (
        *["'O'", "'|O8'", "[('a', 'O')]", "[('a', '<f4'), ('b', '<i4')]", "'S1000000000'"],
        *["'<f3'", "'V8'", "'M8[s]'", "'<U9'", "('<f4', (1000000, 1000000))", "'<c16'", "''"],
        *["'|u1,|u1'", "{'names': ['a'], 'formats': ['O']}", "7", "'os.system'", "lambda: 0"],
    )
    for kind in types:
        yield "npy: other types", "npy", _with_header(descr=kind)
    depth = ("(" * 9000, "[" * 90 + "]" * 90, "-" * 9000 + "1", "{" * 2000, "1+" * 4000 + "1")
    for text in (*depth, "__import__('os').system('x')", "\0", "'\\d' is 2"):
        yield "npy: header that is no dictionary", "npy", _raw_header(text.encode())
    for version in (b"\1\0", b"\2\0", b"\3\0", b"\4\0", b"\xff\xff"):
        yield "npy: other versions", "npy", b"\x93NUMPY" + version + b"\xff" * 4 + bytes(90)
        yield "npy: other versions", "npy", b"\x93NUMPY" + version + b"\x10\0\0\0" + b"{" * 90
    payload = np.array([Executed(canary)], dtype=object)
    file = io.BytesIO()
    np.save(file, payload, allow_pickle=True)
    yield "npy: pickle", "npy", file.getvalue()
    for protocol in range(6):
        yield "npy: pickle", "npy", pickle.dumps(Executed(canary), protocol)
        yield "npz: pickle", "npz", pickle.dumps(Executed(canary), protocol)
    for value in (np.nan, np.inf, -np.inf, 1e300):
        array = whole.images() / 255
        array[1, 2, 3] = value
        yield "npy: no finite numbers", "npy", whole.npy(array)
    for array in (
        np.full((24, 8, 8), 256),
        np.full((24, 8, 8), -1),
        np.full((24, 8, 8), 2**63 - 1),
    ):
        yield "npy: values that are no bytes", "npy", whole.npy(array)
    good = whole.images()
    for array in (np.asfortranarray(good), good.astype(">f8") / 255, good.astype(">u2"), good > 9):
        yield "npy: other order of bytes", "npy", whole.npy(array)


def _npz(canary: Path) -> Iterator[Case]:
    for size in (40, 200, 1500):
        yield "npz: bomb", "npz", partial(_npz_bomb, size, zipfile.ZIP_DEFLATED)
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield "npz: bomb", "npz", partial(_npz_bomb, 100, compression)
    small = whole.npy()
    yield (
        "npz: absurd shape",
        "npz",
        whole.zipped({"x.npy": _with_header(shape="(10**6, 10**6, 9)")}),
    )
    yield "npz: absurd shape", "npz", whole.zipped({"x.npy": _with_header(shape="(-1, 8, 8)")})
    yield "npz: names", "npz", whole.zipped([("x.npy", small)] * 3)
    yield "npz: names", "npz", whole.zipped([(f"{canary}/x.npy", small), ("../../x.npy", small)])
    yield "npz: names", "npz", whole.zipped({"x": small, "y": b"no array"})
    yield "npz: names", "npz", whole.zipped({"x.npy": b"", "y.npy": b"no array"})
    yield "npz: names", "npz", whole.zipped({})
    yield "npz: names", "npz", whole.zipped({f"{n}.npy": b"" for n in range(60_000)})
    file = io.BytesIO()
    np.save(file, np.array([Executed(canary)] * 24, dtype=object), allow_pickle=True)
    yield "npz: pickle", "npz", whole.zipped({"x.npy": file.getvalue()})
    yield "npz: pickle", "npz", whole.zipped({"x.npy": small, "y.npy": file.getvalue()})
    yield "npz: pickle", "npz", whole.zipped({"x.npy": pickle.dumps(Executed(canary))})
    for y in (whole.labels()[:-1], whole.labels() - 1.5, np.full(24, -1), np.full(24, 10**12)):
        yield "npz: labels that do not fit", "npz", whole.npz(x=whole.images(), y=y)
    for y in (np.full(24, np.nan), np.full(24, "shoe"), np.full(24, 1e300), np.zeros((24, 1))):
        yield "npz: labels that do not fit", "npz", whole.npz(x=whole.images(), y=y)
    archive = bytearray(whole.npz(compressed=False))
    archive[6] |= 1  # encrypted, says the first entry
    yield "npz: encrypted", "npz", bytes(archive)
    central = archive.index(b"PK\1\2")
    archive[central + 8] |= 1
    yield "npz: encrypted", "npz", bytes(archive)
    for field in (16, 20, 24, 28, 30, 32, 42):  # checksum, sizes, lengths, offset
        for value in (0, 2**16 - 1, 2**31):
            archive = bytearray(whole.npz())
            at = archive.index(b"PK\1\2") + field
            archive[at : at + 2] = (value % 2**16).to_bytes(2, "little")
            archive[at + 2 : at + 4] = (value >> 16).to_bytes(2, "little")
            yield "npz: directory that lies", "npz", bytes(archive)


def _npz_bomb(size: int, compression: int) -> bytes:
    return whole.zipped({"x.npy": whole.npy(np.zeros((size, 1024, 1024), np.uint8))}, compression)


def _images() -> Iterator[Case]:
    for width, height in ((60_000, 60_000), (13_000, 13_000), (9_000, 9_000), (5_000, 5_000)):
        for colours in (0, 2, 6):
            yield "image: PNG bomb", "png", partial(_png, width, height, colours)
    for width, height in ((2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (0, 24), (24, 0), (0, 0)):
        yield "image: PNG of absurd size", "png", _png(width, height, 2, rows=1)
    yield "image: text with an image's name", "png", b"<html><script>alert(1)</script>"
    yield "image: text with an image's name", "png", b"%!PS\n(/etc/passwd) (r) file\n"
    yield "image: text with an image's name", "png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    yield "image: text with an image's name", "png", b""
    for kind in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"):
        yield "image: another ending", "png", whole.picture(kind)
    for scans in (50, 20_000):
        yield "image: JPEG of many scans", "jpg", partial(_scans, scans)
    jpeg = whole.picture("JPEG")
    yield "image: JPEG of many segments", "jpg", jpeg[:2] + b"\xff\xfe\0\2" * 500_000 + jpeg[2:]
    yield from _modes()
    for name in (b"zTXt", b"iCCP"):
        yield "image: PNG with a bomb beside the pixels", "png", partial(_beside, name)


def _modes() -> Iterator[Case]:
    from PIL import Image

    for mode, kind in (("CMYK", "JPEG"), ("CMYK", "TIFF"), ("LAB", "TIFF"), ("P", "PNG")):
        file = io.BytesIO()
        Image.new(mode, (24, 24)).save(file, kind)
        yield "image: other modes", "png", file.getvalue()
    for mode, kind in (("I;16", "PNG"), ("I", "TIFF"), ("F", "TIFF"), ("1", "PNG")):
        file = io.BytesIO()
        Image.new(mode, (24, 24)).save(file, kind)
        yield "image: other modes", "png", file.getvalue()
    frames = [Image.new("RGB", (24, 24), (n, n, n)) for n in range(60)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        file = io.BytesIO()
        frames[0].save(file, kind, save_all=True, append_images=frames[1:])
        yield "image: frames", "png", file.getvalue()


def _scans(count: int) -> bytes:
    """Return a JPEG with so many scans of no news, each a walk through all its pixels."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (4096, 4096), 9).save(file, "JPEG", progressive=True)
    jpeg = file.getvalue()
    start = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[start:-2] * count + b"\xff\xd9"


def _with_header(
    *, descr: str = "'|u1'", fortran: str = "False", shape: str = "(24, 8, 8)"
) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    return _raw_header(header.encode())


def _raw_header(text: bytes) -> bytes:
    text = text.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(whole.images())


def _png(width: int, height: int, colours: int, *, rows: int | None = None) -> bytes:
    """Return a black PNG, of a few bytes even where it is huge."""
    channels = {0: 1, 2: 3, 6: 4}[colours]
    head = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    packer, body = zlib.compressobj(9), b""
    row = bytes(1 + channels * min(width, 70_000))
    for _ in range(min(height, 2000) if rows is None else rows):
        body += packer.compress(row)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", body + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + chunks + _chunk(b"IEND", b"")


def _beside(name: bytes) -> bytes:
    bomb, png = zlib.compress(bytes(300 * _MIB), 9), _png(24, 24, 2)
    return png[:33] + _chunk(name, b"a\0\0" + bomb) + png[33:]


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
