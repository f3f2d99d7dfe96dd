"""Every notebook is its script, holds its outputs, and runs with tiny settings."""

from pathlib import Path

import jupytext
import matplotlib.pyplot as plt
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

pytestmark = pytest.mark.thorough

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# Added to the cell tagged `parameters`; a notebook without one of them does not mind.
TINY = {"EPOCHS": 2, "WARMUP_EPOCHS": 1, "TRAIN_SIZE": 256, "SEEDS": (0,)}
MOST_BYTES = 4_000_000

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def written(notebook):
    """What people wrote in a notebook, cell by cell."""
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


def test_every_notebook_has_its_script():
    assert [path.stem for path in NOTEBOOKS] == sorted(path.stem for path in FOLDER.glob("*.py"))


@every_notebook
def test_notebook_is_what_its_script_says(path):
    script = jupytext.read(path.with_suffix(".py"))
    assert written(nbformat.read(path, as_version=4)) == written(script)


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A notebook's shell in this process: a kernel of its own would first import everything.

    Without graphs: tracing one takes longer than the few steps that are taken with it.
    """
    tf = pytest.importorskip("tensorflow")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "show", lambda: None)
    tf.config.run_functions_eagerly(True)
    yield InteractiveShell(user_ns={})
    tf.config.run_functions_eagerly(False)
    plt.close("all")


@pytest.mark.filterwarnings("default")  # a notebook shows them
@every_notebook
def test_notebook_runs(path, shell):
    notebook = nbformat.read(path, as_version=4)
    parameters = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert len(parameters) == 1, "a notebook has one cell tagged `parameters`"
    parameters[0].source += "".join(f"\n{name} = {value}" for name, value in TINY.items())
    pictures = 0
    for cell in code_cells(notebook):
        answer = shell.run_cell(cell.source)
        answer.raise_error()
        if hasattr(answer.result, "_repr_png_"):
            pictures += len(answer.result._repr_png_()) > 1_000
    assert pictures >= 3


@every_notebook
def test_notebook_is_stored_with_its_outputs(path):
    code = code_cells(nbformat.read(path, as_version=4))
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not any(output.output_type == "error" for output in outputs)
    assert not any(output.get("name") == "stderr" for output in outputs)
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
    assert path.stat().st_size < MOST_BYTES
