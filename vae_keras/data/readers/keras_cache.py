"""The folder where Keras keeps data sets, and paths as the package shows them."""

import os
from pathlib import Path

from vae_keras.io.text import printable


def datasets_folder() -> Path:
    """Return `$KERAS_HOME/datasets`, or `~/.keras/datasets` where the variable is not set."""
    home = os.environ.get("KERAS_HOME") or "~/.keras"
    return Path(os.path.expanduser(home), "datasets")


def shown(path: Path) -> str:
    """Return `path` as text for people: in one line, with `~` for the home folder."""
    try:
        return printable(f"~/{path.relative_to(Path.home()).as_posix()}")
    except (ValueError, RuntimeError):  # elsewhere, or a user without a home
        return printable(path)
