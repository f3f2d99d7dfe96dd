"""Folders that are read as they are needed, split like those that are held in memory."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_keras.data import ImageFiles, Split, binarized, load_dataset, split, without_classes
from vae_keras.data import dataset as image_dataset
from vae_keras.data.readers import folder
from vae_keras.data.readers.sprites import FACTORS, draw_sprites, sprite_values, write_sprites
from vae_keras.errors import ArgumentError, DataError


def write(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (3, 2), value).save(path)


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    for number in range(100):
        write(tmp_path / "flat" / f"{number:02}.png", number)
    return tmp_path / "flat"


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    for number in range(60):
        write(tmp_path / "classes" / "abc"[number % 3] / f"{number:02}.png", number)
    return tmp_path / "classes"


def same(one: Split, other: Split) -> None:
    np.testing.assert_array_equal(np.asarray(one.images), np.asarray(other.images))
    assert (one.labels is None) == (other.labels is None)
    if one.labels is not None and other.labels is not None:
        assert one.labels.tolist() == other.labels.tolist()


@pytest.mark.parametrize("name", ["flat", "classes"])
def test_the_same_sets_as_in_memory(name: str, request: pytest.FixtureRequest):
    path = request.getfixturevalue(name)
    held = load_dataset("folder", path, seed=5, train_size=30, stream=False)
    streamed = load_dataset("folder", path, seed=5, train_size=30, stream=True)
    assert isinstance(held.train.images, np.ndarray)
    assert isinstance(streamed.train.images, ImageFiles)
    assert isinstance(streamed.validation.images, np.ndarray)
    assert isinstance(streamed.test.images, np.ndarray)
    for part in ("train", "validation", "test"):
        same(getattr(held, part), getattr(streamed, part))
    assert held.image_shape == streamed.image_shape
    assert held.class_names == streamed.class_names


def test_what_is_recorded(flat: Path):
    first = load_dataset("folder", flat, stream=True)
    assert first.source == f"folder {flat}, read as needed, sha256 over names and files"
    assert load_dataset("folder", flat, stream=True, seed=3).checksum == first.checksum
    write(flat / "07.png", 200)
    assert load_dataset("folder", flat, stream=True).checksum != first.checksum


def test_by_default_where_it_would_take_more(flat: Path, monkeypatch: pytest.MonkeyPatch):
    for limit, kind in ((600, np.ndarray), (599, ImageFiles)):  # 100 images of 2 x 3
        monkeypatch.setattr(folder, "STREAMED_BYTES", limit)
        assert isinstance(load_dataset("folder", flat).train.images, kind)
        assert isinstance(load_dataset("folder", flat, stream=True).train.images, ImageFiles)
        assert isinstance(load_dataset("folder", flat, stream=False).train.images, np.ndarray)


def test_the_test_set_is_bounded(flat: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(split, "MOST_TEST_IMAGES", 12)
    data = load_dataset("folder", flat, stream=True)
    assert len(data.test) == 12
    assert len(data.train) + len(data.validation) == 88  # what it leaves is trained on
    assert data.source.endswith(", test set held to 12 images")
    assert len(load_dataset("folder", flat, stream=False).test) == 20


def test_sets_in_memory_are_bounded_in_bytes(flat: Path, monkeypatch: pytest.MonkeyPatch):
    for module in (split, image_dataset):
        monkeypatch.setattr(module, "BOUNDED_BYTES", 7 * 6)
    data = load_dataset("folder", flat, stream=True, validation_size=10)
    assert [len(part) for part in (data.validation, data.test, data.train)] == [7, 7, 86]
    part = data.train.bounded()
    assert isinstance(part.images, np.ndarray)
    assert len(part) == data.train.bounded_size == 7
    every = np.asarray(data.train.images)[:, 0, 0, 0].tolist()
    drawn = part.images[:, 0, 0, 0].tolist()
    assert drawn == sorted(set(drawn))
    assert set(drawn) <= set(every)
    assert drawn != every[:7]
    same(part, data.train.bounded())


def test_what_is_in_memory_is_not_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_dataset, "BOUNDED_BYTES", 10)
    part = Split(np.zeros((30, 2, 3, 1), "uint8"))
    assert part.bounded() is part
    assert part.in_memory() is part


def test_a_broken_file_is_named_at_once(flat: Path):
    (flat / "50.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"50.png must be an image"):
        load_dataset("folder", flat, stream=True)


def test_classes_are_taken_out_lazily(classes: Path):
    data = without_classes(load_dataset("folder", classes, stream=True), ["b"])
    assert isinstance(data.train.images, ImageFiles)
    assert data.train.labels is not None
    assert set(data.train.labels.tolist()) == {0, 2}
    assert data.anomalies is not None
    assert (data.anomalies.images[:, 0, 0, 0] % 3 == 1).all()


def test_a_fixed_binary_draw_is_refused(flat: Path):
    data = load_dataset("folder", flat, stream=True)
    with pytest.raises(ArgumentError, match="`binarize` must be 'dynamic' or 'none'"):
        binarized(data, train=True)
    drawn = binarized(data, train=False)
    assert set(np.unique(drawn.test.images)) <= {0, 255}
    bounded = dataclasses.replace(data, train=data.train.bounded())
    assert set(np.unique(binarized(bounded, train=True).train.images)) <= {0, 255}


def test_other_data_sets_are_not_streamed():
    with pytest.raises(ArgumentError, match=r"`stream` must go with a folder.*'digits'"):
        load_dataset("digits", stream=True)


def test_sprites_of_a_folder(tmp_path: Path):
    write_sprites(tmp_path, 40)
    data = load_dataset("folder", tmp_path, stream=True)
    assert data.class_names == ("ellipse", "heart", "square")
    values = sprite_values(np.arange(40))
    expected = draw_sprites(values)
    for number in (0, 39):
        (path,) = tmp_path.rglob(f"{number:07d}.png")
        assert path.parts[-3] == ("square", "ellipse", "heart")[int(values[number, 0])]
        np.testing.assert_array_equal(np.asarray(Image.open(path)), expected[number, ..., 0])


def test_sprites_go_on_where_they_were_cut_off(tmp_path: Path):
    write_sprites(tmp_path / "whole", 30, size=32)
    done: list[int] = []
    write_sprites(tmp_path / "parts", 10, size=32)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "parts").rglob("*.png")}
    write_sprites(tmp_path / "parts", 10, first=20, size=32)
    write_sprites(tmp_path / "parts", 30, size=32, progress=done.append)
    assert done == [30]
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    parts = {path.relative_to(tmp_path / "parts") for path in (tmp_path / "parts").rglob("*.png")}
    assert len(parts) == 30
    for name in parts:
        content = (tmp_path / "parts" / name).read_bytes()
        assert content == (tmp_path / "whole" / name).read_bytes()
    with Image.open(tmp_path / "parts" / next(iter(parts))) as image:
        assert image.size == (32, 32)


def test_factors_of_sprites_are_spread_and_independent():
    values = sprite_values(np.arange(30_000))
    levels = [np.unique(column) for column in values.T]
    assert [len(column) for column in levels] == [3, 4, 90, 34, 34]
    assert levels[3][[0, -1]].tolist() == [FACTORS["x"][0], FACTORS["x"][-1]]
    correlations = np.corrcoef(values.T) - np.eye(5)
    assert np.abs(correlations).max() < 0.03
    draw_sprites(values[:100])  # all of them can be drawn
    assert len(np.unique(values, axis=0)) > 29_000


@pytest.mark.parametrize(("name", "value"), [("count", 0), ("first", -1), ("size", 0)])
def test_sprites_refuse_a_number(name: str, value: int, tmp_path: Path):
    with pytest.raises(ArgumentError, match=f"`{name}` must be .*integer.*{name}={value}"):
        write_sprites(tmp_path, **{"count": 1, name: value})
