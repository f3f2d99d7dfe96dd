import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from vae_keras.data.readers.idx import IDX_FILES, read_idx, read_idx_folder
from vae_keras.errors import DataError

VALUES = np.arange(24, dtype=np.uint8)
GOOD = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 3, 4) + VALUES.tobytes()


@pytest.mark.parametrize("encode", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_values_and_shape(tmp_path: Path, encode):
    path = tmp_path / "images"
    path.write_bytes(encode(GOOD))
    images = read_idx(path, 3)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, VALUES.reshape(2, 3, 4))
    assert images.flags.writeable


def header(*sizes: int, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file.*an empty file"),
        (b"\x89PNG1234567890123", "not an IDX file.*89 50 4e 47"),
        (header(2, 3, 4, kind=0x0D) + bytes(96), "unsigned bytes.*type 0x0d"),
        (header(24) + bytes(24), "must have 3 dimensions. Received: 1"),
        (GOOD[:10], "cut short in its header. Received: 10 bytes"),
        (GOOD[:-1], "cut short"),
        (GOOD + b"x", "continues after the 24 bytes"),
        (header(0, 28, 28), "no size may be 0"),
        (header(2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(9), "more than the file can hold"),
        (gzip.compress(GOOD, mtime=0)[:-12], "damaged or cut short"),
        (gzip.compress(GOOD[:-1], mtime=0), r"shape \(2, 3, 4\) takes 24 bytes. Received: 23"),
        (gzip.compress(GOOD + b"x", mtime=0), "continues after"),
        (gzip.compress(GOOD, mtime=0) + b"rubbish", "damaged or cut short"),
        (gzip.compress(GOOD, mtime=0)[:10] + b"\xff" * 30, "damaged or cut short"),
        (gzip.compress(GOOD, mtime=0)[:-8] + bytes(8), "damaged or cut short"),
        (gzip.compress(header(2**31, 2**31, 2) + bytes(99), mtime=0), "than the file can hold"),
    ],
)
def test_wrong_file_is_one_line_that_names_it(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "some-images.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path, 3)
    assert "some-images.gz" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_unreadable_file(tmp_path: Path):
    with pytest.raises(DataError, match=r"none.gz cannot be read. Received: No such file"):
        read_idx(tmp_path / "none.gz", 3)
    with pytest.raises(DataError, match=r"must be a file. Received: a folder"):
        read_idx(tmp_path, 3)


def test_folder(tmp_path: Path, write_idx):
    train, test = read_idx_folder(write_idx(tmp_path, 3))
    assert train.images.shape == (40, 6, 5, 1)
    assert test.images.shape == (12, 6, 5, 1)
    assert train.labels is not None
    assert train.labels.dtype == np.int64


def test_folder_with_plain_files(tmp_path: Path, write_idx):
    expected, _ = read_idx_folder(write_idx(tmp_path, 3))
    for name in IDX_FILES:
        path = tmp_path / name
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    train, _ = read_idx_folder(tmp_path)
    np.testing.assert_array_equal(train.images, expected.images)


def test_folder_names_the_missing_files(tmp_path: Path, write_idx):
    (write_idx(tmp_path, 0) / IDX_FILES[1]).unlink()
    with pytest.raises(DataError, match=r"missing: train-labels-idx1-ubyte.gz. Received: train-im"):
        read_idx_folder(tmp_path)


def test_folder_with_fewer_labels_than_images(tmp_path: Path, write_idx):
    write_idx(tmp_path, 0)
    (tmp_path / IDX_FILES[1]).write_bytes(header(39) + bytes(39))
    with pytest.raises(DataError, match="Received: 40 images, 39 labels"):
        read_idx_folder(tmp_path)


def test_folder_with_two_sizes(tmp_path: Path, write_idx):
    write_idx(tmp_path, 0)
    (tmp_path / IDX_FILES[2]).write_bytes(header(12, 7, 5) + bytes(12 * 35))
    with pytest.raises(DataError, match=r"of one size. Received: \(6, 5\) and \(7, 5\)"):
        read_idx_folder(tmp_path)
