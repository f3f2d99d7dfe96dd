"""Atomic files: written under another name and renamed, so that a reader never sees half of one."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vae_keras.errors import RunDirectoryError


@contextmanager
def written_beside(path: str | Path) -> Iterator[Path]:
    """Yield a name beside `path` to write to; rename it to `path` if all went well.

    The name keeps the suffix, by which Keras and matplotlib choose the format.

    Raises:
        RunDirectoryError: If the file cannot be written (no space, no permission).
    """
    path = Path(path)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        os.replace(beside, path)
    except OSError as error:
        raise RunDirectoryError(
            f"`{path}` must be writable. Received: {error.strerror or error}"
        ) from error
    finally:
        with suppress(OSError):  # not there, or nothing can be: the error above says so
            beside.unlink()


def check_free(output: Path) -> None:
    """Raise `RunDirectoryError` unless `output`, where a command is to write, is new or empty."""
    if os.path.exists(output) and (not output.is_dir() or any(output.iterdir())):
        raise RunDirectoryError(
            f"`output` must be a new or empty directory. Received: {output}, which exists"
        )


def write_text(path: str | Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    with written_beside(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write a JSON file atomically, indented, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def save_figure(figure: Any, path: str | Path) -> None:
    """Write a matplotlib figure atomically, with nothing cut off."""
    with written_beside(path) as beside:
        figure.savefig(beside, dpi=150, bbox_inches="tight")
