"""The classes of the user's own images, by the names of their folders."""

import contextlib
import io

import numpy as np
import pytest
from PIL import Image

import vae_keras
from vae_keras.cli import main as cli

# Python hides these from users, pytest does not, and here the standard error is looked at.
pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="session")
def named_classes(offline, tmp_path_factory):
    """A conditional run on folders whose names are numbers, but not their classes' own."""
    folder = tmp_path_factory.mktemp("named")
    for position, name in enumerate(("7", "8", "cat")):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(6):
            pixels = np.full((8, 8), 80 * position + number, "uint8")
            Image.fromarray(pixels).save(folder / "photos" / name / f"{number}.png")
    settings = [
        *["--data", str(folder / "photos"), "--model", "conditional", "--epochs", "1"],
        *["--architecture", "mlp", "--encoder-units", "8", "--warmup-epochs", "0"],
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        assert cli.main(["train", *settings, "--run-dir", str(folder / "run")]) == 0
    return folder / "run"


def test_a_class_by_its_name(named_classes, command, tmp_path):
    for name, label in (("name", "cat"), ("folder", "8"), ("number", "0")):
        output = tmp_path / f"{name}.npy"
        command(
            *["sample", named_classes, "--label", label],
            *["--n", 2, "--seed", 1, "--output", output],
        )
    vae = vae_keras.load(named_classes)
    for name, label in (("name", 2), ("folder", 1), ("number", 0)):
        expected = vae.to_unit_range(vae.sample(2, label=label, seed=1))
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), expected, atol=1e-6)


def test_an_unknown_class_is_answered_with_the_names(named_classes, capsys, tmp_path):
    output = str(tmp_path / "x.png")
    assert cli.main(["sample", str(named_classes), "--label", "dog", "--output", output]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "`label` must be one of 7, 8, cat." in line
