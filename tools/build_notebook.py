"""Make notebooks from their scripts again.

    python tools/build_notebook.py notebooks/NAME.py ...

Executes each from top to bottom in an empty directory and stores it with its outputs, without what
TensorFlow writes to the standard error when it starts.
"""

import argparse
import os
import tempfile
from pathlib import Path

import jupytext
import nbclient
import nbformat

TIMEOUT = 1800  # seconds, of a cell
METADATA = {
    "jupytext": {"formats": "ipynb,py:percent"},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def build(script: Path) -> Path:
    """Execute one script and write the notebook beside it."""
    notebook = jupytext.read(script)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        nbclient.NotebookClient(notebook, timeout=TIMEOUT, resources=resources).execute()
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata.pop("execution", None)  # times of day
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
    notebook.metadata = nbformat.from_dict(METADATA)
    path = script.with_suffix(".ipynb")
    nbformat.write(nbformat.v4.upgrade(notebook), path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scripts", nargs="+", type=Path, help="notebooks/NAME.py")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for script in parser.parse_args().scripts:
        print(build(script), flush=True)


if __name__ == "__main__":
    main()
