import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_keras.data import Preparation, load_dataset
from vae_keras.data.readers.folder import read_folder
from vae_keras.errors import DataError


def save(path: Path, value: int, mode: str = "L", size: tuple[int, int] = (6, 4)) -> Path:
    """Write an image of one grey value; `size` is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, value).convert(mode).save(path)
    return path


def test_flat_folder_in_sorted_order(tmp_path: Path):
    for name, value in [("b.png", 2), ("a.PNG", 1), ("c.bmp", 3)]:
        save(tmp_path / name, value)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_text("not an image")
    save(tmp_path / ".cache" / "thumbnail.png", 9, size=(1, 1))
    source = read_folder(tmp_path)
    assert source.train.images.shape == (3, 4, 6, 1)
    assert source.train.images[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert source.train.labels is None
    assert source.class_names is None
    assert source.test is None
    assert source.origin == f"folder {tmp_path}"


def test_sub_folder_per_class(tmp_path: Path):
    save(tmp_path / "shoe" / "1.png", 1)
    save(tmp_path / "bag" / "2.png", 2)
    save(tmp_path / "bag" / "more" / "3.png", 3)
    (tmp_path / "empty").mkdir()
    (tmp_path / "readme.md").write_text("about")
    source = read_folder(tmp_path)
    assert source.class_names == ("bag", "shoe")
    assert source.train.labels is not None
    assert source.train.labels.dtype == np.int64
    assert source.train.labels.tolist() == [0, 0, 1]
    assert source.train.images[:, 0, 0, 0].tolist() == [2, 3, 1]


@pytest.mark.parametrize("wrapper", ["", "archive"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "valid", "Testing")])
def test_sets_that_folders_name(tmp_path: Path, wrapper: str, stream: bool, names: tuple[str, ...]):
    for number, name in enumerate(names):
        for value in range(4 - number):
            save(tmp_path / wrapper / name / "ab"[value % 2] / f"{value}.png", 10 * number + value)
    source = read_folder(tmp_path, stream=stream)
    assert source.class_names == ("a", "b")
    assert source.origin.startswith(
        f"folder {tmp_path}, its sets test (2), train (4), validation (3)"
    )
    for split, values in (
        (source.train, [0, 2, 1, 3]),
        (source.validation, [10, 12, 11]),
        (source.test, [20, 21]),
    ):
        assert split is not None and split.labels is not None
        assert split.images[:][:, 0, 0, 0].tolist() == values
        assert split.labels.tolist() == [value % 2 for value in values]
    data = load_dataset("folder", tmp_path, stream=stream)
    assert [len(one) for one in (data.train, data.validation, data.test)] == [4, 3, 2]


def test_sets_without_classes_and_sets_that_are_missing(tmp_path: Path):
    for value in range(12):
        save(tmp_path / "train" / f"{value}.png", value)
    for value in range(3):
        save(tmp_path / "test" / f"{value}.png", 100 + value)
    data = load_dataset("folder", tmp_path, validation_size=2)
    assert data.class_names is None and data.train.labels is None
    assert [len(one) for one in (data.train, data.validation, data.test)] == [10, 2, 3]
    assert data.test.images[:, 0, 0, 0].tolist() == [100, 101, 102]


@pytest.mark.parametrize("names", [("train", "plane"), ("test", "val")])
def test_folders_that_are_no_sets_are_classes(tmp_path: Path, names: tuple[str, ...]):
    for value, name in enumerate(names):
        save(tmp_path / name / f"{value}.png", value)
    source = read_folder(tmp_path)
    assert source.class_names == tuple(sorted(names))
    assert source.test is None


def test_images_beside_classes_are_refused(tmp_path: Path):
    save(tmp_path / "loose.png", 1)
    save(tmp_path / "shoe" / "1.png", 1)
    with pytest.raises(DataError, match=r"not both. Received: loose.png beside shoe/1.png"):
        read_folder(tmp_path)


def test_one_colour_image_makes_all_rgb(tmp_path: Path):
    save(tmp_path / "a.png", 10)
    save(tmp_path / "b.png", 20, "RGB")
    images = read_folder(tmp_path).train.images
    assert images.shape == (2, 4, 6, 3)
    assert images[0, 0, 0].tolist() == [10, 10, 10]


def photos(folder: Path) -> Path:
    """Write images of five sizes and many kinds."""
    save(folder / "cat" / "grey.png", 10, size=(9, 4))
    save(folder / "cat" / "colour.png", 20, "RGB", size=(30, 40))
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(folder / "cat" / "glass.png")
    Image.fromarray(np.full((8, 8), 65_535, np.uint16)).save(folder / "cat" / "deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.new("RGB", (16, 8), "red")
    (folder / "dog").mkdir()
    turned.save(folder / "dog" / "turned.jpg", exif=exif)
    return folder


@pytest.mark.parametrize("stream", [False, True])
def test_a_folder_of_any_sizes(tmp_path: Path, stream: bool):
    data = load_dataset("folder", photos(tmp_path), image_size="6x8", crop="pad", stream=stream)
    assert data.image_shape == (6, 8, 3)
    assert data.prepared == (
        "5 images of 5 sizes, resized and padded to 6 x 8; 1 turned by Exif orientation; "
        "1 with transparency, laid over white; 1 of more than 8 bits, scaled to 8; "
        "2 grey, given three equal channels"
    )
    source = read_folder(
        tmp_path, stream=stream, image_size=(6, 8), preparation=Preparation("pad", "blue")
    )
    colour, deep, glass, grey, turned = source.train.images[:]
    blue = [0, 0, 255]
    assert (colour[0, 3].tolist(), colour[0, 0].tolist()) == ([20] * 3, blue)
    assert (deep[0, 4].tolist(), deep[0, 0].tolist()) == ([255] * 3, blue)
    assert glass.reshape(-1, 3).tolist() == [blue] * 48
    assert (grey[3, 0].tolist(), grey[0, 0].tolist()) == ([10] * 3, blue)
    assert (turned[0, 3, 0] > 200, turned[0, 0].tolist()) == (True, blue)


@pytest.mark.parametrize("stream", [False, True])
def test_any_sizes_without_a_size_are_refused_with_the_flag(tmp_path: Path, stream: bool):
    with pytest.raises(DataError, match=r"`image_size` \(`--image-size 64`;.* brings"):
        read_folder(photos(tmp_path), stream=stream)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_channels_that_are_asked_for(tmp_path: Path, stream: bool, channels: int):
    save(tmp_path / "a.png", 10)
    save(tmp_path / "b.png", 20, "RGB")
    data = load_dataset("folder", tmp_path, validation_size=0, stream=stream, channels=channels)
    assert data.image_shape == (4, 6, channels)
    what = {1: "1 in colour, made grey", 3: "1 grey, given three equal channels"}[channels]
    assert data.prepared == f"2 images of 4 x 6; {what}"


def test_nothing_done_is_nothing_said(tmp_path: Path):
    save(tmp_path / "a.png", 10)
    assert read_folder(tmp_path).prepared is None
    assert (
        read_folder(tmp_path, image_size=(4, 6), preparation=Preparation("none")).prepared is None
    )


def test_sixteen_bits_that_hold_twelve_are_said_to_be_dark(tmp_path: Path):
    Image.fromarray(np.full((4, 6), 4095, np.uint16)).save(tmp_path / "a.png")
    notice = read_folder(tmp_path).notice
    assert notice is not None and "brightest value that was found is 4,095 of 65,535" in notice
    Image.fromarray(np.full((4, 6), 4096, np.uint16)).save(tmp_path / "b.png")
    assert read_folder(tmp_path).notice is None


def test_images_of_other_kinds_are_told(tmp_path: Path):
    save(tmp_path / "a" / "1.png", 1)
    for name in ("2.HEIC", "3.dng", "4.txt"):
        (tmp_path / "a" / name).write_bytes(b"")
    with pytest.warns(UserWarning, match=r"holds 2 images of kinds that are not read, a/[23]\."):
        assert len(read_folder(tmp_path).train) == 1


def test_a_class_that_is_a_link(tmp_path: Path):
    save(tmp_path / "all" / "cats" / "1.png", 1)
    save(tmp_path / "mine" / "dog" / "2.png", 2)
    (tmp_path / "mine" / "cat").symlink_to(tmp_path / "all" / "cats")
    source = read_folder(tmp_path / "mine")
    assert source.class_names == ("cat", "dog")
    assert source.train.images[:, 0, 0, 0].tolist() == [1, 2]


def test_no_images(tmp_path: Path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(DataError, match=r"extensions .png, .jpg, .jpeg.*.webp"):
        read_folder(tmp_path)


def test_split_of_a_folder(tmp_path: Path):
    for number in range(50):
        save(tmp_path / f"{number:02}.png", number)
    data = load_dataset("folder", tmp_path)
    parts = [part.images[:, 0, 0, 0].tolist() for part in (data.train, data.validation, data.test)]
    assert [len(part) for part in parts] == [36, 4, 10]
    assert sorted(itertools.chain(*parts)) == list(range(50))
    assert parts[0] == sorted(parts[0])
