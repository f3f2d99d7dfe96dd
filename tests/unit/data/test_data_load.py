import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_keras.data import DATASET_NAMES, load_dataset
from vae_keras.errors import ArgumentError, DataError


def test_digits():
    data = load_dataset("digits")
    assert (len(data.train), len(data.validation), len(data.test)) == (1295, 143, 359)
    assert data.image_shape == (8, 8, 1)
    assert data.train.images.dtype == np.uint8
    assert data.train.images.max() == 255  # 16 in scikit-learn
    assert set(np.unique(data.train.images)) <= {round(value * 255 / 16) for value in range(17)}
    assert data.class_names == tuple("0123456789")
    assert data.notice is None
    assert data.factor_names is data.train.factors is data.test.factors is None


def test_names():
    expected = ("fashion_mnist", "mnist", "digits", "sprites", "folder", "array")
    assert expected == DATASET_NAMES
    with pytest.raises(
        ArgumentError, match=r"Did you mean 'fashion_mnist'.*dataset='fashon_mnist'"
    ):
        load_dataset("fashon_mnist")


@pytest.mark.parametrize("name", ["folder", "array"])
def test_own_images_need_a_path(name: str):
    with pytest.raises(ArgumentError, match=f"`path` must be given with dataset='{name}'"):
        load_dataset(name)


@pytest.mark.parametrize("name", [None, "fashion_mnist", "array"])
def test_array_file_by_its_path(tmp_path: Path, name: str | None):
    np.save(tmp_path / "my.npy", np.zeros((10, 3, 3), np.uint8))
    data = load_dataset(name, tmp_path / "my.npy")
    assert data.name == "array"
    assert data.image_shape == (3, 3, 1)


@pytest.mark.parametrize("name", [None, "fashion_mnist", "folder"])
def test_image_folder_by_its_path(tmp_path: Path, name: str | None):
    for number in range(5):
        Image.new("L", (3, 2)).save(tmp_path / f"{number}.png")
    data = load_dataset(name, str(tmp_path))
    assert data.name == "folder"
    assert data.image_shape == (2, 3, 1)


def test_idx_folder_by_its_path(tmp_path: Path, write_idx):
    assert load_dataset(None, write_idx(tmp_path, 1)).name == "fashion_mnist"


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist", "folder", "array"])
def test_path_that_does_not_exist(tmp_path: Path, name: str):
    with pytest.raises(DataError, match=r"`path` must exist. Received: path='.*nowhere'"):
        load_dataset(name, tmp_path / "nowhere")


def test_folder_with_nothing_of_use(tmp_path: Path):
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(DataError, match=r"must hold images \(.png.*or the four IDX files"):
        load_dataset(path=tmp_path)


def test_file_of_another_kind(tmp_path: Path):
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(
        DataError, match=r"a folder of images.*\.npz file. Received: path='.*a.csv'"
    ):
        load_dataset(path=tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("name", "reason"), [("digits", "scikit-learn carries"), ("sprites", "the package draws")]
)
def test_sets_without_files_take_no_path(tmp_path: Path, name: str, reason: str):
    message = rf"`path` must not be given with dataset='{name}', which {reason}\. Received: path="
    with pytest.raises(ArgumentError, match=message):
        load_dataset(name, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train_size": 0}, "`train_size` must be a positive integer. Received: train_size=0"),
        ({"train_size": -5}, "train_size=-5"),
        ({"train_size": 2.5}, "train_size=2.5"),
        ({"train_size": True}, "train_size=True"),
        ({"validation_size": -1}, "`validation_size` must be an integer of at least 0"),
        ({"validation_size": None}, "validation_size=None"),
        ({"seed": -1}, "`seed` must be an integer of at least 0. Received: seed=-1"),
        ({"seed": "a"}, "seed='a'"),
        ({"crop": "pad"}, "`crop` must go with `image_size`"),
        ({"background": "blue"}, "`background` must go with a folder"),
        ({"channels": 3}, "`channels` must be 1 or 3, for a folder"),
        ({"image_size": 0}, "`image_size` must be the side"),
    ],
)
def test_arguments_that_make_no_sense(arguments: dict, message: str):
    with pytest.raises(ArgumentError, match=message):
        load_dataset("digits", **arguments)


@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_arrays_in_another_size(tmp_path: Path, kind: str, channels: int):
    images = np.zeros((10, 4, 8, channels), kind)
    images[:, :, 2:6] = np.arange(1, 1 + channels) * 10  # what the centred square holds
    np.savez(tmp_path / "a.npz", x_train=images, x_test=images[:2])
    data = load_dataset("array", tmp_path / "a.npz", image_size=2, validation_size=1)
    assert data.image_shape == (2, 2, channels)
    assert data.train.images.dtype == kind
    for split in (data.train, data.validation, data.test):
        np.testing.assert_allclose(split.images[0, 0, 0], np.arange(1, 1 + channels) * 10, rtol=0.2)
    assert data.prepared == "images of 4 x 8, centre-cropped and resized to 2 x 2"
    assert data.train.images.max() <= images.max()


def test_floats_have_no_background(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.zeros((9, 4, 8), "float32"))
    with pytest.raises(DataError, match=r"crop='pad'.*Received: 1 channels of float32"):
        load_dataset("array", tmp_path / "a.npy", image_size=4, crop="pad")


def test_digits_of_32_by_32():
    data = load_dataset("digits", train_size=20, image_size=32, crop="none")
    assert data.image_shape == (32, 32, 1)
    small = load_dataset("digits", train_size=20).train.images
    means = data.train.images.mean(axis=(1, 2, 3)), small.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(*means, rtol=0.05)


def test_numpy_integers_are_integers():
    assert len(load_dataset("digits", train_size=np.int64(7)).train) == 7  # type: ignore[arg-type]


def test_import_is_light():
    code = (
        "import sys, vae_keras.data; "
        "print([m for m in ('keras', 'tensorflow', 'PIL', 'sklearn', 'urllib.request') "
        "if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"
