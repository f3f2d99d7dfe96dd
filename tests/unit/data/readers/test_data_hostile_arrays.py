"""Arrays and IDX files that mean harm: refused by name, soon, and in little memory."""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from vae_keras.data.readers import mnist
from vae_keras.data.readers.array import read_array_file
from vae_keras.data.readers.idx import read_idx
from vae_keras.errors import DataError
from vae_keras.io.bounded import UNPACKED_BYTES, UNPACKED_RATIO

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8)).astype(np.uint8)


def npy(images: np.ndarray = IMAGES) -> bytes:
    file = io.BytesIO()
    np.save(file, images)
    return file.getvalue()


def npy_of(shape: str, descr: str = "'|u1'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + bytes(IMAGES)


def npz(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()


# --- arrays -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [
        *["(-1, 8, 8)", "(12, -8, -8)", "(10**12, 8, 8)", "(9223372036854775807, 2, 2)"],
        *["(4611686018427387904, 4, 4)", "(13, 8, 8)", "(12, 8.0, 8)", "None", "(1,)*99"],
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_an_array_whose_header_lies(tmp_path: Path, shape: str, zipped: bool):
    path = tmp_path / ("x.npz" if zipped else "x.npy")
    path.write_bytes(npz([("x.npy", npy_of(shape))]) if zipped else npy_of(shape))
    with pytest.raises(DataError, match=f"{path.name} is damaged or cut short"):
        read_array_file(path)


@pytest.mark.parametrize("text", ["(" * 9000, "-" * 9000 + "1", "1+" * 4000 + "1", "'\\d' is 2"])
def test_an_array_whose_header_wears_the_parser_out(tmp_path: Path, text: str):
    text = text.ljust(117)
    content = b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode()
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npy is damaged or cut short"):
        read_array_file(tmp_path / "x.npy")


@pytest.mark.parametrize("kind", ["'|O8'", "[('a', 'O')]"])
def test_objects_under_any_name(tmp_path: Path, kind: str):
    (tmp_path / "x.npy").write_bytes(npy_of("(12, 8, 8)", kind))
    with pytest.raises(DataError, match=r"pickled objects.*can run code"):
        read_array_file(tmp_path / "x.npy")


def test_a_bomb_is_refused_by_its_directory(tmp_path: Path):
    size = UNPACKED_BYTES + (1 << 20)
    content = npz([("x.npy", npy(np.zeros((size >> 20, 1024, 1024), np.uint8)))])
    assert size > UNPACKED_RATIO * len(content)
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npz must unpack to at most 128 times its size"):
        read_array_file(tmp_path / "x.npz")


def test_several_small_bombs_are_one(tmp_path: Path):
    part = npy(np.zeros((100, 1024, 1024), np.uint8))
    (tmp_path / "x.npz").write_bytes(npz([("x_train.npy", part), ("x_test.npy", part)]))
    with pytest.raises(DataError, match="must unpack to at most"):
        read_array_file(tmp_path / "x.npz")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression(tmp_path: Path, compression: int):
    (tmp_path / "x.npz").write_bytes(npz([("x.npy", npy())], compression))
    with pytest.raises(DataError, match="must be compressed as NumPy does it"):
        read_array_file(tmp_path / "x.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_array_twice(tmp_path: Path):
    (tmp_path / "x.npz").write_bytes(npz([("x.npy", npy())] * 2))
    with pytest.raises(DataError, match=r"must hold each array once\. Received: x twice"):
        read_array_file(tmp_path / "x.npz")


def test_a_list_of_very_many_arrays(tmp_path: Path):
    (tmp_path / "x.npz").write_bytes(npz([(f"{number}.npy", b"") for number in range(30_000)]))
    with pytest.raises(DataError, match=r"x\.npz must hold a few arrays"):
        read_array_file(tmp_path / "x.npz")


def test_names_of_arrays_that_are_long(tmp_path: Path):
    (tmp_path / "x.npz").write_bytes(npz([("\x1b" + "a" * 60_000 + ".npy", b"")]))
    with pytest.raises(DataError, match=r"Received keys: \\x1baaa.* \.\.\.$") as caught:
        read_array_file(tmp_path / "x.npz")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_in_another_order_is_the_same_one(tmp_path: Path, order: str):
    np.save(tmp_path / "x.npy", np.array(IMAGES, order=order))
    images = read_array_file(tmp_path / "x.npy").train.images
    np.testing.assert_array_equal(images[..., 0], IMAGES)
    assert images.flags.c_contiguous


@pytest.mark.parametrize(
    "labels",
    [np.full(12, -1), np.full(12, 65_536), np.full(12, 10**12), np.full(12, 1e300)],
)
def test_labels_that_are_no_numbers_of_classes(tmp_path: Path, labels: np.ndarray):
    np.savez(tmp_path / "x.npz", x=IMAGES, y=labels)
    with pytest.raises(DataError, match=r"x\.npz: y must hold numbers of classes, from 0 to 65535"):
        read_array_file(tmp_path / "x.npz")


def test_mnist_with_more_classes_has_no_names(tmp_path: Path):
    np.savez(tmp_path / "mnist.npz", x_train=IMAGES, y_train=np.arange(12))
    assert mnist.read_mnist(tmp_path).class_names is None
    np.savez(tmp_path / "mnist.npz", x_train=IMAGES, y_train=np.arange(12) % 10)
    assert mnist.read_mnist(tmp_path).class_names == mnist.CLASS_NAMES


# --- IDX ----------------------------------------------------------------------------------------


def idx_header(*shape: int) -> bytes:
    return b"\0\0\x08" + bytes([len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


def test_a_gzip_bomb(tmp_path: Path):
    size = (UNPACKED_BYTES >> 20) + 10
    content = gzip.compress(idx_header(size, 1024, 1024) + bytes(size << 20), 6)
    (tmp_path / "idx").write_bytes(content)
    with pytest.raises(DataError, match=r"idx must unpack to at most 128 times its size"):
        read_idx(tmp_path / "idx", 3)


def test_parts_that_were_compressed_by_themselves(tmp_path: Path):
    parts = [idx_header(*IMAGES.shape), bytes(IMAGES[:5]), bytes(IMAGES[5:])]
    (tmp_path / "idx").write_bytes(b"".join(map(gzip.compress, parts)) + bytes(1000))
    np.testing.assert_array_equal(read_idx(tmp_path / "idx", 3), IMAGES)


def test_any_number_of_empty_parts(tmp_path: Path):
    (tmp_path / "idx").write_bytes(gzip.compress(b"") * 1000)
    with pytest.raises(DataError, match="more than 100 compressed parts"):
        read_idx(tmp_path / "idx", 3)


def test_what_lies_behind_a_part(tmp_path: Path):
    whole = gzip.compress(idx_header(*IMAGES.shape) + bytes(IMAGES))
    for behind, message in ((b"text", "damaged or cut short"), (whole, "continues after")):
        (tmp_path / "idx").write_bytes(whole + behind)
        with pytest.raises(DataError, match=message):
            read_idx(tmp_path / "idx", 3)
    (tmp_path / "idx").write_bytes(whole[:-4])
    with pytest.raises(DataError, match="the end of the compressed data is missing"):
        read_idx(tmp_path / "idx", 3)
    (tmp_path / "idx").write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    with pytest.raises(DataError, match="incorrect data check"):
        read_idx(tmp_path / "idx", 3)
