"""One file for each public advisory on Keras' loading of models: refused, and nothing has run.

The names are those of the table in `docs/how_to/security.md`.
"""

import base64
import io
import pickle
import re
import stat
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import vae_keras

DOCS = Path(__file__).parents[3] / "docs" / "how_to" / "security.md"


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def lambda_layer(marker):
    """Return a layer whose bytecode writes a file, as Keras writes it."""
    layer = keras.layers.Lambda(
        # It has to import for itself: bytecode does not bring its module along.
        lambda x, path=str(marker): (__import__("pathlib").Path(path).touch(), x)[1],
        name="extra",
    )
    return keras.saving.serialize_keras_object(layer)


def test_cve_2024_3660_bytecode_of_a_lambda(with_layer, write, refused, tmp_path):
    marker = tmp_path / "ran"
    layer = lambda_layer(marker)
    message = refused(write(with_layer("keras.layers", "Lambda", layer["config"])))
    assert "keras.layers.Lambda" in message or "__lambda__" in message
    assert not marker.exists()
    # It is the real thing: Keras runs it where it is told to.
    call = keras.saving.deserialize_keras_object(layer, safe_mode=False)
    call(np.zeros((1, 2)))
    assert marker.exists()


def test_cve_2025_1550_any_function_of_any_module(config, with_layer, write, refused, tmp_path):
    marker = tmp_path / "ran"
    nodes = [{"args": [f"touch {marker}"], "kwargs": {}}]
    layer = {"name": "extra", "function": function("os", "system")}
    assert "Lambda" in refused(
        write(with_layer("keras.layers", "Lambda", layer, inbound_nodes=nodes))
    )
    dense = {"name": "extra", "units": 2, "activation": function("os", "system")}
    config["config"]["encoder"]["config"]["layers"].pop()
    dense_path = write(with_layer("keras.layers", "Dense", dense, inbound_nodes=nodes))
    assert "`os.system`" in refused(dense_path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("builtins", "eval"), ("subprocess", "run"), ("shutil", "rmtree")],
)
def test_cve_2025_1550_wherever_a_function_stands(config, write, refused, module, name):
    config["config"]["encoder"]["config"]["layers"][1]["config"]["activation"] = function(
        module, name
    )
    assert name in refused(write(config))


@pytest.mark.parametrize("name", ["get_file", "load_img", "image_dataset_from_directory"])
def test_cve_2025_8747_functions_of_keras_that_reach_out(config, write, refused, name):
    config["config"]["kl_schedule"] = function("keras.utils", name)
    assert f"`keras.utils.{name}`" in refused(write(config))


def test_cve_2025_9906_a_file_that_switches_safe_mode_off(config, write, refused):
    config["config"]["kl_schedule"] = function("keras.config", "enable_unsafe_deserialization")
    before = keras.src.saving.serialization_lib.in_safe_mode()
    assert "enable_unsafe_deserialization" in refused(write(config))
    assert keras.src.saving.serialization_lib.in_safe_mode() == before


@pytest.mark.parametrize("name", ["model.h5", "model.keras"])
def test_cve_2025_9905_the_older_format(refused, tmp_path, name):
    path = tmp_path / name
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = '{"class_name": "Lambda", "config": {}}'
    assert "a whole .keras file" in refused(path)


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_cve_2025_49655_a_pickle_for_pytorch(with_layer, write, refused, tmp_path):
    marker = tmp_path / "ran"
    pickled = pickle.dumps(Touch(marker))
    module = {"class_name": "__bytes__", "config": {"value": base64.b64encode(pickled).decode()}}
    inner = {"name": "extra", "module": module}
    refused(write(with_layer("keras.layers", "TorchModuleWrapper", inner)))
    assert not marker.exists()
    pickle.loads(pickled)
    assert marker.exists()


@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_cve_2025_12058_a_vocabulary_from_elsewhere(with_layer, write, refused, name):
    inner = {"name": "extra", "vocabulary": "/etc/hostname"}
    assert f"keras.layers.{name}" in refused(write(with_layer("keras.layers", name, inner)))


def test_cve_2026_0897_an_array_of_a_terabyte(write, refused):
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("vars/0", shape=(1 << 20, 1 << 20), dtype="float32", chunks=(64, 64))
    assert "in pieces or not in this file" in refused(write(weights=content.getvalue()))


@pytest.mark.parametrize("kind", ["external file", "external link", "soft link", "virtual"])
def test_cve_2026_1669_weights_in_another_file(write, refused, tmp_path, kind):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["x"] = np.arange(4.0)
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        if kind == "external file":
            file.create_dataset("0", (4,), "float64", external=[(str(secret), 0, 32)])
        elif kind == "external link":
            file["0"] = h5py.ExternalLink(str(secret), "/x")
        elif kind == "soft link":
            file["0"] = h5py.SoftLink("/1")
        else:
            layout = h5py.VirtualLayout((4,), "float64")
            layout[:] = h5py.VirtualSource(str(secret), "x", (4,))
            file.create_virtual_dataset("0", layout)
    message = refused(write(weights=path.read_bytes()))
    reasons = ("another file", "not in this file", "a link to elsewhere")
    assert any(reason in message for reason in reasons)


def test_cve_2026_1462_a_saved_model_beside_the_file(with_layer, write, refused, tmp_path):
    inner = {"name": "extra", "filepath": str(tmp_path), "call_endpoint": "serve"}
    assert "TFSMLayer" in refused(write(with_layer("keras.layers", "TFSMLayer", inner)))


def test_keras_23654_tfsmlayer_as_a_function(config, write, refused):
    config["config"]["encoder"]["config"]["layers"][1]["config"]["activation"] = function(
        "keras.layers", "TFSMLayer"
    )
    assert "TFSMLayer" in refused(write(config))


@pytest.mark.parametrize("kind", ["up", "absolute", "windows", "link", "assets", "null"])
def test_ghsa_hqp4_2352_xf5r_members_that_climb_out(good, refused, tmp_path, kind):
    target = tmp_path / "outside"
    names = {
        "up": "../outside",
        "absolute": str(target),
        "windows": "..\\outside",
        "link": "assets/link",
        "assets": "assets/vocabulary.txt",
        "null": "config.json\0.txt",
    }
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in good.items():
            archive.writestr(name, content)
        member = zipfile.ZipInfo("placeholder")
        member.filename = names[kind]
        if kind == "link":
            member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, str(target))
    message = refused(path)
    assert "which no model of this package has" in message or "twice" in message
    assert not target.exists() and [path] == list(folder.iterdir())


@pytest.mark.parametrize("name", ["../../outside", "a\\b", "/tmp/x"])
def test_cve_2026_12479_a_layer_named_like_a_path(config, write, refused, name):
    config["config"]["encoder"]["config"]["layers"][1]["config"]["name"] = name
    assert "like a path" in refused(write(config))


def test_cve_2026_12481_whatever_safe_mode_is(with_layer, write, refused, tmp_path):
    marker = tmp_path / "ran"
    path = write(with_layer("keras.layers", "Lambda", lambda_layer(marker)["config"]))
    before = keras.src.saving.serialization_lib.in_safe_mode()
    keras.config.enable_unsafe_deserialization()
    try:
        refused(path)
    finally:
        keras.src.backend.common.global_state.set_global_attribute("safe_mode_saving", before)
    assert not marker.exists()


def test_keras_23010_a_zip_bomb(good, refused, tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.json", "metadata.json"):
            archive.writestr(name, good[name])
        archive.writestr("model.weights.h5", bytes(80 << 20))
    assert path.stat().st_size < 1 << 20
    assert "in a file of" in refused(path)


def test_keras_23016_weights_as_npz(good, refused, tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("config.json", "metadata.json"):
            archive.writestr(name, good[name])
        archive.writestr("model.weights.npz", b"")
    assert "without model.weights.h5" in refused(path)


def test_the_table_and_the_tests_name_the_same_advisories():
    table = DOCS.read_text(encoding="utf-8")
    listed = set(re.findall(r"CVE-\d+-\d+|GHSA-hqp4-2352-xf5r|keras pull request \d+", table))
    listed -= {"CVE-2025-12060", "CVE-2025-12638"}  # of `get_file`, which no file reaches
    tested = set(
        re.findall(r"def test_(cve_\d+_\d+|ghsa\w{15}|keras_\d+)_", Path(__file__).read_text())
    )
    names = {name.lower().replace("-", "_").replace(" pull request ", "_") for name in listed}
    assert names == tested


def test_a_good_file_loads(write, config):
    assert isinstance(vae_keras.load(write(config)), vae_keras.VAE)
