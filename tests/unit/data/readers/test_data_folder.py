import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_keras.data import load_dataset
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
