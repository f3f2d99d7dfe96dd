"""`import vae_keras` is light, and knows its names all the same."""

import ast
import inspect
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import vae_keras

HEAVY = {"keras", "tensorflow", "jax", "torch", "numpy", "matplotlib", "sklearn", "scipy", "PIL"}


def answer(code):
    """Return what a new process prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_import_starts_no_backend():
    code = (
        "import json, sys, vae_keras, vae_keras.cli.main, vae_keras.config.presets\n"
        "from vae_keras import Config, RunDirectory, load, preset\n"
        "vae_keras.config.presets.member_names('likelihoods')\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = answer(code)
    assert HEAVY.isdisjoint(loaded)
    assert "vae_keras.saving.load" in loaded  # `load` itself is there


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["presets"]])
def test_help_and_presets_start_no_backend(arguments):
    code = (
        "import contextlib, json, sys\n"
        "from vae_keras.cli.main import main\n"
        "with contextlib.suppress(SystemExit):\n"
        f"    main({arguments!r})\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    assert HEAVY.isdisjoint(answer(code))


def test_every_public_name_resolves():
    for name in vae_keras.__all__:
        assert getattr(vae_keras, name) is not None
    assert len(set(vae_keras.__all__)) == len(vae_keras.__all__)


def test_type_checkers_see_the_same_names():
    (block,) = (
        statement
        for statement in ast.parse(inspect.getsource(vae_keras)).body
        if isinstance(statement, ast.If) and isinstance(statement.test, ast.Name)
    )
    imports = [statement for statement in block.body if isinstance(statement, ast.ImportFrom)]
    seen = {
        name.asname: statement.module.removeprefix("vae_keras")
        for statement in imports
        for name in statement.names
    }
    assert seen == vae_keras._HOME_OF  # `asname`, without which a name is no public one
    assert "" in seen.values() and ".models" in seen.values()


def test_dir_tells_the_names():
    assert {*vae_keras.__all__, "__version__"} <= set(dir(vae_keras))
    assert "VAE" in dir(vae_keras)


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert vae_keras.__version__ == project["version"]


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'vae_keras' has no attribute 'vea'"):
        _ = vae_keras.vea


@pytest.mark.backend
def test_classes_are_registered_in_either_order():
    # Keras first here; the package first where `tests/e2e` opens a saved model in a new process.
    code = (
        "import json, keras, vae_keras\n"
        "print(json.dumps(sorted(keras.saving.get_custom_objects())))"
    )
    expected = {
        "vae_keras>VAE",
        "vae_keras>Sampling",
        "vae_keras>SquaredError",
        "vae_keras>Bernoulli",
        "vae_keras>KL",
    }
    assert expected <= set(answer(code))


@pytest.mark.parametrize(
    "line",
    [
        "from vae_keras.likelihoods import SquaredError",
        pytest.param("from vae_keras.schedules import Linear", marks=pytest.mark.thorough),
        pytest.param("from vae_keras.callbacks import Checkpoint", marks=pytest.mark.thorough),
    ],
)
def test_any_part_can_be_imported_first(line):
    """Keras' import brings the models, which need the part that is being imported."""
    code = (
        f"import json\n{line}\nimport vae_keras.likelihoods\n"
        "from vae_keras.models import VAE\n"
        "import keras\n"
        "print(json.dumps([keras.saving.get_registered_name(VAE), "
        "type(vae_keras.likelihoods.__spec__.loader).__name__]))"
    )
    assert answer(code) == ["vae_keras>VAE", "SourceFileLoader"]
