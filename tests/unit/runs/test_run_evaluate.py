"""Other data than a run's own, in the shape that its model takes."""

import numpy as np
import pytest
from PIL import Image

from vae_keras.config.config import Config
from vae_keras.data import Preparation, read_images
from vae_keras.errors import ArgumentError, DataError
from vae_keras.runs.evaluate import evaluate_model, other_data


@pytest.fixture
def folder(tmp_path):
    """Twelve grey images of many sizes."""
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for number in range(12):
        pixels = rng.integers(0, 256, (9 + number, 20 - number), "uint8")
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number:02}.png")
    return tmp_path / "photos"


@pytest.mark.parametrize("dataset", [None, "folder"])
def test_a_folder_is_prepared_as_the_training_images_were(tiny_vae, folder, dataset):
    vae = tiny_vae((8, 8, 3), preparation=Preparation("pad", "blue"))
    data = other_data(vae, Config(), dataset, str(folder), None, None)
    expected, _ = read_images(folder, image_shape=(8, 8, 3), crop="pad", background="blue")
    parts = [data.train.images, data.validation.images, data.test.images]
    images = np.concatenate(parts)
    assert sorted(map(bytes, images)) == sorted(map(bytes, expected))
    assert data.prepared.startswith("12 images of 12 sizes, resized and padded to 8 x 8; 12 grey")


def test_other_ways_and_other_sources(tiny_vae, folder, tmp_path):
    vae = tiny_vae((8, 8, 1))
    with pytest.raises(DataError, match=r"--image-size"):
        other_data(vae, Config(), None, str(folder), None, None)
    data = other_data(vae, Config(), None, str(folder), "none", None)
    assert (data.image_shape, data.prepared) == (
        (8, 8, 1),
        "12 images of 12 sizes, stretched to 8 x 8",
    )
    np.save(tmp_path / "a.npy", np.zeros((20, 6, 6), "uint8"))
    message = r"`data` must hold images of shape \(8, 8, 1\).*--crop center.*\(6, 6, 1\)"
    with pytest.raises(DataError, match=message):
        other_data(vae, Config(), None, str(tmp_path / "a.npy"), None, None)
    # The background of a model is not that of arrays, which have none.
    vae.preparation = Preparation("center", "blue")
    assert other_data(vae, Config(), "digits", None, None, None).image_shape == (8, 8, 1)
    assert other_data(vae, Config(), None, str(tmp_path / "a.npy"), None, None).prepared == (
        "images of 6 x 6, centre-cropped and resized to 8 x 8"
    )


def test_a_runs_own_data_are_fitted_as_in_training(tiny_vae, tmp_path):
    tiny_vae().save(tmp_path / "model.keras")
    for name, value in (("crop", "pad"), ("background", "blue")):
        with pytest.raises(ArgumentError, match=f"`{name}` must go with `data` or `dataset`"):
            evaluate_model(str(tmp_path / "model.keras"), **{name: value})
