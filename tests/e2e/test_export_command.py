"""A run handed to another runtime from the command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import vae_keras
from vae_keras import load_dataset
from vae_keras.cli import main as cli

pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

REPOSITORY = Path(__file__).parents[2]

SERVE = """
import sys
for name in ("vae_keras", "keras"):
    sys.modules[name] = None  # importing it fails
import numpy as np
import tensorflow as tf
folder = sys.argv[1]
encoder = tf.saved_model.load(folder + "/out/encoder")
decoder = tf.saved_model.load(folder + "/out/decoder")
codes = encoder.serve(tf.constant(np.load(folder + "/pixels.npy")))["z_mean"]
np.save(folder + "/images.npy", decoder.serve(codes)["images"].numpy())
"""


def test_saved_model_of_a_run_is_served_without_keras(run, command, tmp_path):
    output = command("export", run.path, "--format", "saved_model", "--output", tmp_path / "out")
    first, second, last = output.splitlines()
    assert first == f"{tmp_path}/out/encoder: images to z_mean and z_log_var"
    assert second == f"{tmp_path}/out/decoder: codes to images"
    assert last.startswith("Checked in tensorflow 2.")
    assert last.endswith("of 1e-05 allowed")
    vae = vae_keras.load(run.path)
    pixels = vae_keras.load_dataset("digits").test.images[:5]
    np.save(tmp_path / "pixels.npy", pixels)
    subprocess.run([sys.executable, "-c", SERVE, tmp_path], check=True, timeout=120)
    expected = vae.to_unit_range(vae.reconstruct(pixels))
    np.testing.assert_allclose(np.load(tmp_path / "images.npy"), expected, atol=1e-5)


def test_names_of_the_classes(run, command, tmp_path, tiny):
    command("train", *tiny, "--model", "conditional", "--run-dir", tmp_path / "run")
    output = command(
        *["export", tmp_path / "run", "--format", "saved_model", "--output", tmp_path / "out"]
    )
    assert "out/encoder: images and label to z_mean and z_log_var" in output
    described = json.loads((tmp_path / "out" / "export.json").read_text())
    assert described["class_names"] == list(load_dataset("digits").class_names)
    assert described["encoder"]["inputs"]["label"]["range"] == [0, 9]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "onxx"], "invalid choice 'onxx'"),
        (["--input-type", "int8"], "invalid choice 'int8'"),
        (["--format", "saved_model", "--output", "."], "must be a new or empty directory"),
    ],
)
def test_mistakes(arguments, message, run, capsys):
    assert cli.main(["export", str(run.path), *arguments]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert message in errors and len(errors.splitlines()) == 1


BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def page_blocks():
    """Return the Python of the page, by the runtime that each block imports."""
    blocks = BLOCK.findall((REPOSITORY / "docs" / "guide" / "export.md").read_text())
    runtimes = ("onnxruntime", "tensorflow", "ai_edge_litert")
    return {name: block for name in runtimes for block in blocks if name in block}


@pytest.mark.parametrize(
    ("format", "runtime"),
    [("onnx", "onnxruntime"), ("saved_model", "tensorflow"), ("litert", "ai_edge_litert")],
)
def test_the_page_runs(format, runtime, run, command, tmp_path, monkeypatch):
    for package in ("tf2onnx", runtime) if format == "onnx" else (runtime,):
        pytest.importorskip(package, reason="of an extra", exc_type=ImportError)
    monkeypatch.chdir(tmp_path)
    command("export", run.path, "--format", format)
    names = {}
    exec(page_blocks()[runtime].replace("28, 28", "8, 8"), names)
    vae = vae_keras.load(run.path)
    expected = vae.to_unit_range(vae.reconstruct(names["pixels"]))
    np.testing.assert_allclose(names["images"], expected, atol=1e-5)
