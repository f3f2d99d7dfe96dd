"""Models of every released format load for ever; a file of a later one says so."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

import vae_keras
from vae_keras.errors import ModelFileError
from vae_keras.models.format import FORMAT_VERSION
from vae_keras.saving.archive import read_members

FIXTURES = Path(__file__).parents[2] / "fixtures" / "models"
FILES = sorted(FIXTURES.glob("format_*/*.keras"))


def answers(model, arrays):
    x, label = arrays["x"], arrays.get("label")
    codes = np.linspace(-1.5, 1.5, 2 * len(x), dtype="float32").reshape(len(x), 2)
    return {
        "codes": model.encode(x, label=label),
        "pictures": model.reconstruct(x, label=label),
        "decoded": model.decode(codes, label=label),
    }


def test_there_is_a_set_of_every_format():
    sets = {path.parent.name: 0 for path in FILES}
    assert set(sets) == {f"format_{version}" for version in range(FORMAT_VERSION + 1)}
    for name in sets:
        assert len(list((FIXTURES / name).glob("*.keras"))) >= 9


@pytest.mark.backend
@pytest.mark.parametrize(
    "path",
    [
        path
        if path.parent.name == f"format_{FORMAT_VERSION}" or path.stem == "vae"
        else pytest.param(path, marks=pytest.mark.thorough)
        for path in FILES
    ],
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_fixtures_load_and_answer_as_they_did(path):
    model = vae_keras.load(path)
    arrays = dict(np.load(path.with_suffix(".npz"), allow_pickle=False))
    for name, values in answers(model, arrays).items():
        np.testing.assert_allclose(values, arrays[name], atol=1e-5, err_msg=name)
    kind = {"conditional": "ConditionalVAE", "autoencoder": "Autoencoder"}
    assert type(model).__name__ == kind.get(path.stem, "VAE")
    assert model.compiled == (path.stem != "not_trained")
    if model.compiled:
        assert int(model.optimizer.iterations) == 2
    np.testing.assert_array_equal(
        keras.saving.load_model(path).reconstruct(arrays["x"], label=arrays.get("label")),
        model.reconstruct(arrays["x"], label=arrays.get("label")),
    )


@pytest.mark.backend
def test_a_loaded_model_trains_on(config, write):
    model = vae_keras.load(write(config))
    x = np.random.default_rng(0).integers(0, 256, (4, *model.image_shape)).astype("uint8")
    model.fit(x, batch_size=4, verbose=0)
    assert int(model.optimizer.iterations) == 3


def test_files_are_of_the_format_of_their_folder(tiny_vae, tmp_path):
    for path in FILES:
        members = read_members(path)
        found = members.config["config"].get("format_version", 0)
        assert f"format_{found}" == path.parent.name
    vae = tiny_vae()
    assert vae.get_config()["format_version"] == FORMAT_VERSION
    assert type(vae).from_config(vae.get_config()).latent_dim == vae.latent_dim


def later(version):
    return (
        f"was written by a later version of vae_keras (format {version}; "
        f"this one reads up to {FORMAT_VERSION}): pip install -U vae-keras"
    )


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 99])
def test_a_later_format_says_so(config, write, refused, version):
    config["config"]["format_version"] = version
    config["config"]["something_new"] = {"class_name": "New", "module": "x", "config": {}}
    path = write(config)
    assert later(version) in refused(path)
    # With Keras alone too.
    with pytest.raises(ModelFileError, match=re.escape(later(version))):
        keras.saving.load_model(path)


@pytest.mark.parametrize("version", ["1", None, -1, 1.5, True, [1]])
def test_no_version(config, write, refused, version):
    config["config"]["format_version"] = version
    assert "`format_version`" in refused(write(config))
