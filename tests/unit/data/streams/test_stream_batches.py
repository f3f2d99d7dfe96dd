"""Epochs of image files, the same on every backend."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from vae_keras.data import ImageFiles, ImageStream
from vae_keras.data.streams import stream
from vae_keras.errors import ArgumentError, DataError

BACKEND = keras.backend.backend()
needs_grain = pytest.mark.skipif(
    BACKEND != "tensorflow" and importlib.util.find_spec("grain") is None,
    reason="on JAX and PyTorch images are read by Grain, which is not installed",
)
pytestmark = [pytest.mark.backend, needs_grain]
COUNT = 50


@pytest.fixture(params=[".png", ".bmp"])  # TensorFlow decodes the one, Pillow the other
def files(tmp_path: Path, request: pytest.FixtureRequest) -> ImageFiles:
    return numbered_files(tmp_path, request.param)


@pytest.fixture(params=[".png", ".bmp", "array"])
def images(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    if request.param == "array":
        return np.arange(COUNT, dtype="uint8").repeat(6).reshape(COUNT, 2, 3, 1)
    return numbered_files(tmp_path, request.param)


def numbered_files(folder: Path, suffix: str = ".png", mixed: bool = False) -> ImageFiles:
    """Write images of one value each, which is their number."""
    native = np.full(COUNT, suffix == ".png")
    paths = []
    for number in range(COUNT):
        native[number] &= not (mixed and number % 2)
        path = folder / f"{number}{suffix if native[number] or not mixed else '.gif'}"
        Image.new("L", (3, 2), number).save(path)
        paths.append(path)
    return ImageFiles(paths, (2, 3, 1), native=native)


def epoch(batches: Any) -> Iterator[list[np.ndarray]]:
    """Go through an epoch as `fit` does."""
    if BACKEND == "tensorflow":
        for batch in batches:
            yield [part.numpy() for part in batch]
    else:
        batches.on_epoch_begin()
        yield from (list(batches[number]) for number in range(batches.num_batches))


def numbers(batches: Any) -> list[int]:
    return [number for batch in epoch(batches) for number in batch[0][:, 0, 0, 0].tolist()]


def test_each_epoch_holds_every_image_in_an_order_of_its_own(images: Any):
    batches = ImageStream(images, batch_size=16, seed=3).batches()
    epochs = [numbers(batches) for _ in range(3)]
    assert [sorted(one) for one in epochs] == [list(range(COUNT))] * 3
    assert len({tuple(one) for one in epochs}) == 3
    for number, received in enumerate(epochs):  # so that a run can continue at any of them
        expected = np.random.default_rng([3, number]).permutation(COUNT)
        assert received == expected.tolist()


def test_batches(images: Any):
    labels = np.arange(COUNT) * 2
    one = ImageStream(images, labels, batch_size=16)
    received = list(epoch(one.batches()))
    assert [len(batch) for batch, _ in received] == [16, 16, 16, 2]
    assert one.steps == 4
    for batch, classes in received:
        assert batch.shape[1:] == (2, 3, 1)
        assert batch.dtype == np.uint8
        assert classes.tolist() == (2 * batch[:, 0, 0, 0].astype(int)).tolist()
    (batch,) = next(epoch(ImageStream(images, batch_size=16).batches()))
    assert batch.shape == (16, 2, 3, 1)


def test_files_of_several_kinds(tmp_path: Path):
    files = numbered_files(tmp_path, mixed=True)
    assert numbers(ImageStream(files, batch_size=7, shuffle=False).batches()) == list(range(COUNT))


def test_the_callback_keeps_the_order_at_the_epoch_of_fit(files: ImageFiles):
    one = ImageStream(files, batch_size=50)
    batches = one.batches()
    one.callback().on_epoch_begin(5)
    assert numbers(batches) == one.order(5).tolist()
    assert numbers(batches) == one.order(6).tolist()


def test_the_number_of_batches_is_known_beforehand(files: ImageFiles):
    batches = ImageStream(files, batch_size=16).batches()
    count = batches.num_batches if BACKEND != "tensorflow" else int(batches.cardinality())
    assert count == 4


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, None])
def test_refuses_a_batch_size(files: ImageFiles, batch_size: Any):
    with pytest.raises(ArgumentError, match="`batch_size` must be a positive integer"):
        ImageStream(files, batch_size=batch_size)


@pytest.mark.parametrize("change", ["broken", "gone", "resized"])
def test_names_a_file_that_breaks(files: ImageFiles, change: str):
    one = ImageStream(files, batch_size=4)
    path = files.path(33)
    if change == "broken":
        path.write_bytes(path.read_bytes()[:40])
    elif change == "gone":
        path.unlink()
    else:
        Image.new("L", (4, 2)).save(path)
    with pytest.raises(DataError, match=f"{path} "), one.naming_broken_files():
        numbers(one.batches())


def test_other_errors_stay_what_they_are(files: ImageFiles):
    files.path(3).unlink()  # and files are not looked at
    with pytest.raises(ZeroDivisionError), ImageStream(files, batch_size=4).naming_broken_files():
        raise ZeroDivisionError


def test_says_what_to_install(files: ImageFiles, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(stream.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ArgumentError, match=r"pip install grain.*`stream`"):
        ImageStream(files, batch_size=4).batches()
