"""Files through a saved model, a part of them at a time."""

import csv

import numpy as np
import pytest
from PIL import Image

from vae_keras.errors import DataError
from vae_keras.runs import inference


@pytest.fixture
def saved(tiny_vae, tmp_path):
    """A saved model, and the model."""
    vae = tiny_vae()
    vae.save(tmp_path / "model.keras")
    return str(tmp_path / "model.keras"), vae


@pytest.fixture
def photos(make_images, tmp_path, monkeypatch):
    """A folder of five images, two of which are read at once, and their pixels."""
    monkeypatch.setattr(inference, "READ_AT_ONCE", 2)
    images = make_images(5, dtype="uint8")
    (tmp_path / "photos").mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(tmp_path / "photos" / f"{number}.png")
    return tmp_path / "photos", images


def test_codes_are_those_of_all_images_in_their_order(saved, photos, tmp_path):
    (model, vae), (folder, images) = saved, photos
    mean, log_var = vae.encode_distribution(images)
    inference.encode_files(model, [str(folder)], tmp_path / "codes.csv")
    with (tmp_path / "codes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [(folder / f"{number}.png").as_posix() for number in range(5)]
    assert [row["name"] for row in rows] == names
    np.testing.assert_allclose([float(row["z2"]) for row in rows], mean[:, 1], rtol=1e-4)
    inference.encode_files(model, [str(folder)], tmp_path / "codes.npz")
    with np.load(tmp_path / "codes.npz") as codes:
        assert codes["name"].tolist() == names
        np.testing.assert_allclose(codes["z_mean"], mean, atol=1e-5)
        np.testing.assert_allclose(codes["z_std"], np.exp(log_var / 2), atol=1e-5)


def test_pictures_of_all_images(saved, photos, tmp_path):
    (model, vae), (folder, images) = saved, photos
    inference.reconstruct_files(model, [str(folder)], tmp_path / "out")
    expected = np.clip(vae.reconstruct(images), 0, 1)[..., 0] * 255
    for number in range(5):
        with Image.open(tmp_path / "out" / f"{number + 1:05d}_{number}.png") as picture:
            np.testing.assert_allclose(np.asarray(picture), expected[number], atol=1)
    assert len(list((tmp_path / "out").iterdir())) == 6  # with the overview


@pytest.mark.parametrize("command", ["reconstruct_files", "encode_files"])
def test_a_wrong_size_far_down_the_folder_is_said_before_anything_is_written(
    command, saved, photos, tmp_path
):
    (model, _), (folder, _) = saved, photos
    Image.new("L", (9, 8)).save(folder / "4.png")
    output = tmp_path / "out.csv"
    with pytest.raises(DataError, match=r"4\.png must be 8 x 8 pixels .* Received: 8 x 9"):
        getattr(inference, command)(model, [str(folder)], output)
    assert not output.exists()


def test_a_file_that_breaks_later_leaves_no_half_table(saved, photos, tmp_path):
    (model, _), (folder, _) = saved, photos
    content = (folder / "4.png").read_bytes()
    (folder / "4.png").write_bytes(content[:60])  # its header is whole
    with pytest.raises(DataError, match=r"4\.png"):
        inference.encode_files(model, [str(folder)], tmp_path / "codes.csv")
    assert not [path for path in tmp_path.iterdir() if "codes" in path.name]
