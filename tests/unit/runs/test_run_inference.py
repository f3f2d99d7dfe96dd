"""Files through a saved model, a part of them at a time."""

import csv

import numpy as np
import pytest
from PIL import Image

from vae_keras.config.config import Config
from vae_keras.data import Preparation, read_images
from vae_keras.errors import DataError
from vae_keras.plotting import plot_reconstructions
from vae_keras.runs import inference
from vae_keras.runs.build import build_model_for, load_data


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


def test_images_of_any_size_are_prepared_as_the_training_images_were(
    tiny_vae, photos, tmp_path, capsys
):
    folder, _ = photos
    vae = tiny_vae()
    vae.preparation = Preparation("pad", "red")
    vae.save(tmp_path / "model.keras")
    rng = np.random.default_rng(3)
    large = rng.integers(0, 256, (32, 16, 3)).astype("uint8")
    Image.fromarray(large).save(folder / "large.png")
    paths = [str(folder / "large.png"), str(folder / "2.png")]
    model = str(tmp_path / "model.keras")
    for settings in ({}, {"crop": "center", "background": "black"}):
        inference.encode_files(model, paths, tmp_path / "codes.npz", **settings)
        expected, _ = read_images(
            paths, image_shape=vae.image_shape, **{"crop": "pad", "background": "red", **settings}
        )
        with np.load(tmp_path / "codes.npz") as codes:
            np.testing.assert_allclose(codes["z_mean"], vae.encode(expected), atol=1e-5)
    said = capsys.readouterr().out.splitlines()[0]
    assert said == (
        "Images: 2 images of 2 sizes, resized and padded to 8 x 8; 1 in colour, made grey"
    )
    inference.reconstruct_files(model, paths, tmp_path / "out")
    with Image.open(tmp_path / "out" / "00001_large.png") as picture:
        assert picture.size == (8, 8)


def test_the_settings_of_a_run_reach_a_new_photograph(tmp_path, capsys):
    generator = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for number in range(20):
        image = generator.integers(0, 256, (9 + number, 50 - number, 3), "uint8")
        Image.fromarray(image).save(tmp_path / "photos" / f"{number}.png")
    config = Config(
        data=str(tmp_path / "photos"),
        image_size="12x8",
        crop="pad",
        background="red",
        architecture="mlp",
        encoder_units=(4,),
    )
    vae = build_model_for(config, load_data(config))
    vae.save(tmp_path / "model.keras")  # alone: no run beside it
    exif = Image.Exif()
    exif[0x0112] = 8
    new = generator.integers(0, 256, (40, 90, 3), "uint8")
    Image.fromarray(new).save(tmp_path / "new.png", exif=exif)
    upright = Image.fromarray(np.ascontiguousarray(np.rot90(new)))
    padded = Image.new("RGB", (8, 12), "red")
    padded.paste(upright.resize((5, 12), Image.Resampling.BICUBIC), (1, 0))
    new_file, output = str(tmp_path / "new.png"), tmp_path / "codes.npz"
    inference.encode_files(str(tmp_path / "model.keras"), [new_file], output)
    with np.load(output) as codes:
        np.testing.assert_allclose(
            codes["z_mean"], vae.encode(np.asarray(padded)[np.newaxis]), atol=1e-5
        )
    said = capsys.readouterr().out
    assert said.startswith("Images: 1 image of 90 x 40, resized and padded to 12 x 8; 1 turned by")


def test_arrays_between_files(saved, photos, tmp_path, capsys, monkeypatch):
    (model, vae), (folder, images) = saved, photos
    np.save(tmp_path / "some.npy", images[:3])
    floats = (images / 255).astype("float32")
    np.savez(tmp_path / "sets.npz", x_train=floats[:3], x_test=floats[3:])
    given = [folder / "4.png", tmp_path / "some.npy", tmp_path / "sets.npz", folder]
    inference.encode_files(model, [*map(str, given)], tmp_path / "codes.npz")
    order = [4, 0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]
    with np.load(tmp_path / "codes.npz") as codes:
        np.testing.assert_allclose(codes["z_mean"], vae.encode(images[order]), atol=1e-5)
        names = codes["name"].tolist()
    assert names[:5] == [
        f"{folder}/4.png",
        *(f"{tmp_path}/some.npy[{number}]" for number in range(3)),
        f"{tmp_path}/sets.npz:train[0]",
    ]
    assert names[7:10] == [
        f"{tmp_path}/sets.npz:test[0]",
        f"{tmp_path}/sets.npz:test[1]",
        f"{folder}/0.png",
    ]
    assert "Images:" not in capsys.readouterr().out
    overview = []
    monkeypatch.setattr(
        inference.plotting,
        "plot_reconstructions",
        lambda *images: overview.extend(images) or plot_reconstructions(*images),
    )
    inference.reconstruct_files(model, [*map(str, given)], tmp_path / "out")
    np.testing.assert_allclose(overview[0], images[order[:10]] / 255, atol=1e-6)
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written[:2] == ["00001_4.png", "00002_some_0.png"]
    assert written[7] == "00008_sets_test_0.png"
    assert len(written) == 15


def test_arrays_of_another_size(saved, tmp_path, capsys):
    model, vae = saved
    images = np.random.default_rng(0).integers(0, 256, (3, 20, 12)).astype("uint8")
    np.save(tmp_path / "a.npy", images)
    given = [str(tmp_path / "a.npy")]
    with pytest.raises(DataError, match=r"a.npy must hold images of 8 x 8.*--crop center.*20 x 12"):
        inference.encode_files(model, given, tmp_path / "codes.npz")
    inference.encode_files(model, given, tmp_path / "codes.npz", crop="none")
    resized = [np.asarray(Image.fromarray(one).resize((8, 8), 3)) for one in images]
    with np.load(tmp_path / "codes.npz") as codes:
        np.testing.assert_allclose(codes["z_mean"], vae.encode(np.stack(resized)), atol=1e-5)
    assert f"{given[0]}: images of 20 x 12, stretched to 8 x 8\n" in capsys.readouterr().out
    np.save(tmp_path / "a.npy", np.zeros((3, 8, 8, 3), "uint8"))
    with pytest.raises(DataError, match=r"a.npy` must hold images of shape \(n, 8, 8, 1\)"):
        inference.encode_files(model, given, tmp_path / "codes.npz")


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
