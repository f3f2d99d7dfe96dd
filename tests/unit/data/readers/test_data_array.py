import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from vae_keras.data import load_dataset
from vae_keras.data.readers.array import as_images, as_labels, read_array_file
from vae_keras.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 4, 6, 3)).astype(np.uint8)
LABELS = np.arange(20) % 3


def save(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, allow_pickle=True, **arrays)
    return path


def test_npy_holds_images_only(tmp_path: Path):
    np.save(tmp_path / "my.npy", IMAGES)
    source = read_array_file(tmp_path / "my.npy")
    np.testing.assert_array_equal(source.train.images, IMAGES)
    assert source.train.labels is None
    assert source.test is None
    assert source.origin == f"file {tmp_path / 'my.npy'}"


@pytest.mark.parametrize(
    ("image_key", "label_key"),
    [
        *[("x_train", "y_train"), ("x", "y"), ("images", "labels")],
        *[("train_images", "train_labels"), ("arr_0", "y")],
    ],
)
def test_npz_keys(tmp_path: Path, image_key: str, label_key: str):
    path = save(tmp_path / "a.npz", **{image_key: IMAGES, label_key: LABELS})
    source = read_array_file(path)
    np.testing.assert_array_equal(source.train.images, IMAGES)
    assert source.train.labels is not None
    np.testing.assert_array_equal(source.train.labels, LABELS)
    assert source.train.labels.dtype == np.int64


def test_first_key_present_wins(tmp_path: Path):
    path = save(tmp_path / "a.npz", images=IMAGES[:2], x_train=IMAGES[:5], x=IMAGES[:3])
    assert len(read_array_file(path).train) == 5


def test_published_test_set(tmp_path: Path):
    path = save(
        tmp_path / "a.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:4], y_test=LABELS[:4]
    )
    data = load_dataset("array", path)
    assert (len(data.train), len(data.validation), len(data.test)) == (18, 2, 4)
    np.testing.assert_array_equal(data.test.images, IMAGES[:4])


def test_other_arrays_are_not_read(tmp_path: Path):
    path = save(tmp_path / "a.npz", x=IMAGES, paths=np.array([{}], dtype=object))
    assert len(read_array_file(path).train) == 20


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.ones((2, 3, 4), np.uint8), np.ones((2, 3, 4, 1), np.uint8)),
        (np.full((2, 3, 4, 2), 255, np.int64), np.full((2, 3, 4, 2), 255, np.uint8)),
        (np.array([[[True, False]]]), np.array([[[[255], [0]]]], np.uint8)),
        (np.full((1, 2, 2), -0.25), np.full((1, 2, 2, 1), -0.25, np.float32)),
        (np.full((1, 2, 2), 0.5, np.float16), np.full((1, 2, 2, 1), 0.5, np.float32)),
        (np.full((1, 2, 2), 0.5, ">f4"), np.full((1, 2, 2, 1), 0.5, np.float32)),
    ],
)
def test_kinds_of_images(given: np.ndarray, expected: np.ndarray):
    images = as_images(given, "file")
    np.testing.assert_array_equal(images, expected)
    assert images.dtype == expected.dtype
    assert images.dtype.isnative


def with_values(*values: float) -> np.ndarray:
    images = np.zeros((2, 3, 4))
    images.flat[: len(values)] = values
    return images


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((3, 4)), r"Received: shape \(3, 4\)"),
        (np.zeros((1, 2, 3, 4, 5)), r"Received: shape \(1, 2, 3, 4, 5\)"),
        (np.zeros((0, 28, 28)), r"at least one image.*Received: shape \(0, 28, 28\)"),
        (with_values(256).astype(int), r"integers in 0..255.*int64 in 0..256"),
        (with_values(-1).astype(int), "int64 in -1..0"),
        (with_values(np.nan, np.inf, -np.inf), "3 of 24 values are NaN or infinite"),
        (with_values(1e300), "1 of 24 values are NaN or infinite"),
        (np.zeros((2, 3, 4), complex), "Received: complex128"),
        (np.zeros((2, 3, 4), "U3"), "Received: <U3"),
    ],
)
def test_images_that_are_refused(tmp_path: Path, images: np.ndarray, message: str):
    path = save(tmp_path / "mine.npz", x=images)
    with pytest.raises(DataError, match=message) as caught:
        read_array_file(path)
    assert str(caught.value).startswith(f"{path}: x must hold")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS[:19], r"shape \(20,\). Received: shape \(19,\)"),
        (np.ones((20, 2)), r"Received: shape \(20, 2\)"),
        (LABELS + 0.5, "whole numbers. Received: float64"),
        (np.full(20, np.nan), "whole numbers"),
        (np.full(20, np.datetime64("2020-01-01")), "whole numbers. Received: datetime64"),
    ],
)
def test_labels_that_are_refused(tmp_path: Path, labels: np.ndarray, message: str):
    path = save(tmp_path / "mine.npz", x=IMAGES, y=labels)
    with pytest.raises(DataError, match=message) as caught:
        read_array_file(path)
    assert "mine.npz: y" in str(caught.value)


@pytest.mark.parametrize("labels", [[[2], [0]], [[0, 0, 1], [1, 0, 0]], [[0.0, 0, 1], [1, 0, 0]]])
def test_labels_in_columns(labels):
    assert as_labels(np.array(labels), 2, "file").tolist() == [2, 0]


@pytest.mark.parametrize("keys", [("x_{}", "y_{}"), ("{}_images", "{}_labels")])
def test_a_validation_set_of_the_file_is_used(tmp_path: Path, keys: tuple[str, str]):
    arrays = {}
    for name, count in (("train", 20), ("val", 5), ("test", 4)):
        arrays[keys[0].format(name)] = IMAGES[:count] + np.uint8(count)
        arrays[keys[1].format(name)] = LABELS[:count, np.newaxis]
    path = save(tmp_path / "a.npz", **arrays)
    data = load_dataset("array", path)
    assert (len(data.train), len(data.validation), len(data.test)) == (20, 5, 4)
    np.testing.assert_array_equal(data.validation.images, (IMAGES[:5] + np.uint8(5)))
    np.testing.assert_array_equal(data.validation.labels, LABELS[:5])
    assert len(load_dataset("array", path, validation_size=0).validation) == 0
    arrays[keys[0].format("val")] = IMAGES[:5, :3]
    with pytest.raises(DataError, match="the validation images must have the shape"):
        read_array_file(save(tmp_path / "b.npz", **arrays))


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
def test_integers_0_and_1_are_black_and_white(tmp_path: Path, dtype: str):
    binary = (IMAGES % 2).astype(dtype)
    binary[0] = 0  # one black image changes nothing
    data = load_dataset("array", save(tmp_path / "a.npz", x_train=binary, x_test=binary[:4]))
    np.testing.assert_array_equal(data.test.images, binary[:4] * np.uint8(255))
    assert (data.notice is None) == (dtype == "bool")
    assert set(np.unique(data.train.images)) == {0, 255}
    dark = IMAGES.copy() // 2
    dark[0] = 1
    assert load_dataset("array", save(tmp_path / "b.npz", x=dark)).notice is None


def test_labels_that_are_whole_floats():
    labels = as_labels(np.array([2.0, 0.0]), 2, "file")
    assert labels.dtype == np.int64
    assert labels.tolist() == [2, 0]


@pytest.mark.parametrize("test", [IMAGES[:, :3], IMAGES.astype(np.float32)])
def test_test_set_unlike_the_training_set(tmp_path: Path, test: np.ndarray):
    path = save(tmp_path / "mine.npz", x=IMAGES, x_test=test)
    with pytest.raises(DataError, match=r"mine.npz: the test images must have the shape and type"):
        read_array_file(path)


def pickled() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def npz_bytes() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=IMAGES)
    return buffer.getvalue()


def npy_bytes(images: np.ndarray = IMAGES) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, images)
    return buffer.getvalue()


def with_shape(shape: str) -> bytes:
    """Return a .npy file whose header promises `shape`."""
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }" % shape  # noqa: UP031
    text = header.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(8)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.npy", pickled(), "pickled objects.*can run code"),
        ("a.npz", zipped(x=pickled()), "pickled objects"),
        ("a.npy", b"\x80\x04\x95 a bare pickle", "is not a NumPy .npy file"),
        ("a.npy", b"", "is not a NumPy .npy file"),
        ("a.npz", b"\x89PNG and so on", "is not a NumPy .npz file.*PNG"),
        ("a.npz", npy_bytes(), "is not a NumPy .npz file"),
        ("a.npy", npy_bytes()[:-10], "damaged or cut short"),
        ("a.npy", npy_bytes()[:20], "damaged or cut short"),
        ("a.npy", with_shape("(2, 'a')"), "damaged or cut short"),
        ("a.npy", with_shape("(1000000, 1000000, 1000000)"), "memory|damaged"),
        ("a.npz", zipped(x=with_shape("(1000000, 1000000, 1000000)")), "memory|damaged"),
        ("a.npz", npz_bytes()[:-30], "damaged or cut short"),
        ("a.npz", npz_bytes()[:100] + b"\xff" * 50 + npz_bytes()[150:], "damaged or cut short"),
        ("a.npz", zipped(pixels=npy_bytes(), rows=npy_bytes()), "Received keys: pixels, rows"),
        ("a.npz", zipped(), "Received keys: none"),
    ],
)
def test_file_that_is_refused(tmp_path: Path, name: str, content: bytes, message: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_array_file(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path):
    with pytest.raises(DataError, match=r"none.npy cannot be read. Received: No such file"):
        read_array_file(tmp_path / "none.npy")


@pytest.mark.parametrize("shape", [(20, 3, 8, 8), (8, 8, 90), (8, 8, 3, 40), (1, 1, 28, 28)])
def test_another_layout_is_named(tmp_path, shape):
    np.save(tmp_path / "images.npy", np.zeros(shape, "uint8"))
    with pytest.raises(
        DataError, match=r"It seems to hold the .*`np\.moveaxis\(x, 1?-?1, .*first|last"
    ):
        read_array_file(tmp_path / "images.npy")


@pytest.mark.parametrize("shape", [(20, 8, 8, 13), (4, 4, 30, 3), (8, 8, 16), (90, 8, 8, 4)])
def test_a_layout_of_images_is_read(tmp_path, shape):
    np.save(tmp_path / "images.npy", np.full(shape, 7, "uint8"))
    assert read_array_file(tmp_path / "images.npy").train.images.shape[:3] == shape[:3]


@pytest.mark.parametrize("kind", ["U", "S"])
def test_names_of_classes_are_numbered(tmp_path, kind):
    names = np.array(["shoe", "bag", "coat"]).astype(kind)
    labels = names[np.arange(20) % 3]
    path = save(tmp_path / "a.npz", x=IMAGES, y=labels, x_test=IMAGES[:3], y_test=names)
    source = read_array_file(path)
    assert source.class_names == ("bag", "coat", "shoe")
    np.testing.assert_array_equal(source.train.labels, np.array([2, 0, 1])[np.arange(20) % 3])
    np.testing.assert_array_equal(source.test.labels, [2, 0, 1])
    other = np.array(["shoe", "hat", "coat"])
    path = save(tmp_path / "b.npz", x=IMAGES, y=labels, x_test=IMAGES[:3], y_test=other)
    with pytest.raises(DataError, match=r"y_test must hold classes of the training.*'hat'"):
        read_array_file(path)
