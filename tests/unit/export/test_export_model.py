"""From a model to a checked directory, and every way in which that fails."""

import json
import logging
import os
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest

import vae_keras
from vae_keras.cli import main as cli
from vae_keras.errors import ArgumentError, ExportError, ModelFileError, RunDirectoryError
from vae_keras.export import FORMATS, TOLERANCE
from vae_keras.export.quiet import quiet
from vae_keras.export.saved_model import SavedModel
from vae_keras.runs.export import export_model

BACKEND = keras.backend.backend()
needs_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow writes these")

# What the formats differ in: kinds of models and of layers.
MODELS = {
    "mlp": {},
    "colour": {"architecture": "conv", "likelihood": "learned_gaussian", "shape": (9, 7, 3)},
    "tanh": {"architecture": "stable_conv", "data_range": (-1, 1)},
    "expm1": {"likelihood": "continuous_bernoulli"},
    "groups": {"kind": "conditional", "architecture": "resnet", "options": {"filters": (8,)}},
    "autoencoder": {"kind": "autoencoder"},
}


def missing(self, path):
    """Stand in for the opening of a file whose runtime is not installed."""
    raise ImportError("not here")


def check_directory(path, format, description):
    """Assert that the directory has the files, and that they agree with the model."""
    suffix = FORMATS[format].suffix
    names = {f"encoder{suffix}", f"decoder{suffix}", "export.json"}
    assert {one.name for one in path.iterdir()} == names
    assert json.loads((path / "export.json").read_text()) == description
    check = description["check"]
    assert check["tolerance"] == TOLERANCE
    found = check["differences"]
    codes = ["codes"] if description["model"] == "Autoencoder" else ["z_mean", "z_log_var"]
    assert {part: list(values) for part, values in found.items()} == {
        "encoder": codes,
        "decoder": ["images"],
    }
    assert all(0 <= value <= TOLERANCE for part in found.values() for value in part.values())
    assert not list(path.parent.glob(".*"))  # nothing beside it


def skip_without_onnx():
    for package in ("tf2onnx", "onnxruntime"):
        pytest.importorskip(package, reason="of the extra onnx", exc_type=ImportError)


@needs_tensorflow
@pytest.mark.parametrize(
    "name",
    [
        name if name == "groups" else pytest.param(name, marks=pytest.mark.thorough)
        for name in MODELS
    ],
)
@pytest.mark.thorough
def test_onnx(name, make_model, tmp_path):
    skip_without_onnx()
    description = export_model(make_model(**MODELS[name]), tmp_path / "out", format="onnx")
    check_directory(tmp_path / "out", "onnx", description)


@pytest.mark.thorough
@needs_tensorflow
@pytest.mark.parametrize("name", ["colour", "groups"])
def test_litert(name, make_model, tmp_path):
    description = export_model(make_model(**MODELS[name]), tmp_path / "out", format="litert")
    check_directory(tmp_path / "out", "litert", description)


@pytest.mark.backend
@pytest.mark.skipif(BACKEND == "torch", reason="Keras cannot write a SavedModel on PyTorch")
def test_saved_model(make_model, tmp_path):
    model = make_model("conditional")
    description = export_model(model, tmp_path / "out", format="saved_model")
    check_directory(tmp_path / "out", "saved_model", description)
    assert description["encoder"]["inputs"] == {
        "images": {"type": "uint8", "shape": ["batch", 8, 8, 1], "range": [0, 255]},
        "label": {"type": "int32", "shape": ["batch"], "range": [0, 2]},
    }
    assert description["decoder"]["outputs"] == {
        "images": {"type": "float32", "shape": ["batch", 8, 8, 1], "range": [0, 1]}
    }
    assert description["encoder"]["outputs"]["z_mean"] == {"type": "float32", "shape": ["batch", 3]}
    assert description["num_classes"] == 3 and description["latent_dim"] == 3
    assert description["prior"] == "StandardNormal"
    assert description["versions"]["keras"] == keras.__version__


@pytest.mark.thorough
@needs_tensorflow
def test_float_pixels(make_model, tmp_path):
    description = export_model(
        make_model(data_range=(-1, 1)),
        tmp_path,  # empty, so that it may be there
        format="saved_model",
        input_type="float32",
    )
    images = description["encoder"]["inputs"]["images"]
    assert images == {"type": "float32", "shape": ["batch", 8, 8, 1], "range": [0, 1]}
    assert description["check"]["differences"]["encoder"]["z_mean"] <= TOLERANCE


ALONE = """
import sys
for name in ("vae_keras", "keras", "tensorflow", "tf2onnx", "onnx"):
    sys.modules[name] = None  # importing it fails
import numpy, onnxruntime
folder = sys.argv[1]
given = numpy.load(folder + "/given.npz")
encoder = onnxruntime.InferenceSession(folder + "/out/encoder.onnx")
decoder = onnxruntime.InferenceSession(folder + "/out/decoder.onnx")
z_mean, z_log_var = encoder.run(None, {"images": given["images"]})
images, = decoder.run(["images"], {"codes": z_mean})
batches = [one.shape[0] for one in (*encoder.get_inputs(), *decoder.get_outputs())]
assert batches == ["batch", "batch"], batches
numpy.savez(folder + "/found.npz", z_mean=z_mean, z_log_var=z_log_var, images=images)
"""


@pytest.mark.thorough
@needs_tensorflow
def test_onnx_needs_only_its_runtime(make_model, pixels, tmp_path):
    skip_without_onnx()
    model = make_model(data_range=(-1, 1))
    export_model(model, tmp_path / "out", format="onnx")
    np.savez(tmp_path / "given.npz", images=pixels)
    subprocess.run([sys.executable, "-c", ALONE, tmp_path], check=True, timeout=60)
    found = np.load(tmp_path / "found.npz")
    posterior = model.encode_distribution(pixels)
    np.testing.assert_allclose(found["z_mean"], posterior.mean, atol=1e-5)
    np.testing.assert_allclose(found["z_log_var"], posterior.log_var, atol=1e-5)
    images = model.to_unit_range(model.reconstruct(pixels))
    np.testing.assert_allclose(found["images"], images, atol=1e-5)


@pytest.mark.thorough
@needs_tensorflow
def test_from_a_file(make_model, tmp_path):
    model = make_model("conditional")
    model.save(tmp_path / "model.keras")
    description = export_model(tmp_path / "model.keras", tmp_path / "out", format="saved_model")
    assert description["model"] == "ConditionalVAE"
    assert description["class_names"] is None  # no run, and so no data, to know them from


@needs_tensorflow
@pytest.mark.parametrize("error", [ValueError("no such\nlayer"), OSError(28, "No space left")])
def test_a_failure_midway_leaves_nothing(error, make_model, monkeypatch, tmp_path):
    def failing(self, part, path):
        if part.name == "decoder":
            raise error
        path.mkdir()
        (path / "weights").write_text("some")

    monkeypatch.setattr(SavedModel, "write", failing)
    monkeypatch.setattr(SavedModel, "open", missing)
    expected = (ExportError, "decoder .* Received: 'no such'$")
    if isinstance(error, OSError):
        expected = (RunDirectoryError, r"must be writable. Received: .*\(No space left\)")
    with pytest.raises(expected[0], match=expected[1]):
        export_model(make_model(), tmp_path / "out", format="saved_model")
    assert not list(tmp_path.iterdir())


@needs_tensorflow
def test_a_directory_with_something_in_it(make_model, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    for output in (tmp_path, tmp_path / "note.txt"):
        with pytest.raises(RunDirectoryError, match="`output` must be a new or empty directory"):
            export_model(make_model(), output, format="saved_model")
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


@needs_tensorflow
def test_unknown_names(make_model, tmp_path):
    with pytest.raises(ArgumentError, match=r"`format` must be one of .* Did you mean 'onnx'\?"):
        export_model(make_model(), tmp_path, format="onx")
    with pytest.raises(ArgumentError, match="`input_type` must be one of float32, uint8"):
        export_model(make_model(), tmp_path, input_type="int8")
    for tolerance in (0, float("nan")):
        with pytest.raises(ArgumentError, match="`tolerance` must be a finite number above 0"):
            export_model(make_model(), tmp_path, format="saved_model", tolerance=tolerance)


@needs_tensorflow
def test_no_model(tmp_path):
    with pytest.raises(ModelFileError, match="no such file"):
        export_model(tmp_path / "nothing", tmp_path / "out", format="saved_model")


@pytest.mark.backend
@pytest.mark.parametrize("format", [one for one in FORMATS if BACKEND not in FORMATS[one].backends])
def test_backends_that_cannot(format, make_model, tmp_path):
    with pytest.raises(ArgumentError, match=f"--backend tensorflow`. Received: .*{BACKEND}"):
        export_model(make_model(), tmp_path, format=format)


@needs_tensorflow
def test_missing_packages(make_model, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ArgumentError, match=r"pip install 'vae-keras\[onnx\]'. Received: .*tf2on"):
        export_model(make_model(), tmp_path / "out", format="onnx")
    assert not list(tmp_path.iterdir())


@needs_tensorflow
def test_without_the_runtime_it_is_not_checked(make_model, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(SavedModel, "open", missing)
    make_model().save(tmp_path / "model.keras")
    arguments = ["--format", "saved_model", "--output", str(tmp_path / "out")]
    assert cli.main(["export", str(tmp_path / "model.keras"), *arguments]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert output.splitlines()[-1] == "Not checked: pip install tensorflow"
    assert json.loads((tmp_path / "out" / "export.json").read_text())["check"] is None


@pytest.mark.thorough
@needs_tensorflow
def test_litert_without_its_package(make_model, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    check = export_model(make_model(), tmp_path / "out", format="litert")["check"]
    assert check["runtime"].startswith("tensorflow.lite 2.")


def test_quiet_holds_back_and_restores(capfd):
    with quiet():
        os.write(2, b"chatter of native code\n")
        logging.getLogger("a converter").warning("chatter of a log")
        warnings.warn("chatter of a library", stacklevel=1)
    assert logging.getLogger("a converter").isEnabledFor(logging.WARNING)
    os.write(2, b"after\n")
    with pytest.raises(KeyError), quiet():
        os.write(2, b"before a failure\n")
        raise KeyError
    assert capfd.readouterr().err == "after\n"


def test_it_is_a_public_name():
    assert vae_keras.export_model is export_model
