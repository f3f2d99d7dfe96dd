"""Model files as strangers might make them."""

import json
import time
import zipfile
from pathlib import Path

import keras
import pytest

import vae_keras
from vae_keras.errors import ModelFileError

GOOD = Path(__file__).parents[2] / "fixtures" / "models" / "format_0" / "vae.keras"


@pytest.fixture(scope="session")
def good():
    """What a good file holds, by the names of its members."""
    with zipfile.ZipFile(GOOD) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def config(good):
    """The config of a good file, to be made a bad one."""
    return json.loads(good["config.json"])


@pytest.fixture
def write(good, tmp_path):
    """Return a function that writes a file, some of whose members are others than a good one's."""

    def write(config=None, weights=None, **options):
        path = tmp_path / "model.keras"
        members = dict(good)
        if config is not None:
            members["config.json"] = json.dumps(config)
        if weights is not None:
            members["model.weights.h5"] = weights
        with zipfile.ZipFile(path, "w", **options) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    return write


@pytest.fixture
def refused(monkeypatch):
    """Return a function that loads a file, which is refused before Keras sees it, and soon."""

    def refused(path, *, keras_sees_it=False, **options):
        def unreached(*args, **kwargs):
            raise AssertionError("the file reached Keras")

        with monkeypatch.context() as patch:
            if not keras_sees_it:
                patch.setattr(keras.saving, "load_model", unreached)
            start = time.process_time()
            with pytest.raises(ModelFileError) as caught:
                vae_keras.load(path, **options)
        assert time.process_time() - start < 2.0
        message = str(caught.value)
        assert message.startswith("`path` must be ") and str(path) in message
        assert "Received: " in message and "\n" not in message
        assert "reached Keras" not in message
        return message

    return refused


@pytest.fixture
def with_layer(config):
    """Return a function that puts a layer, as Keras would write it, into the encoder."""

    def with_layer(module, class_name, inner, **extra):
        layer = {"module": module, "class_name": class_name, "config": inner}
        layer |= {"registered_name": None, "name": "extra", "inbound_nodes": [], **extra}
        config["config"]["encoder"]["config"]["layers"].append(layer)
        return config

    return with_layer
