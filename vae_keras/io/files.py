"""Writes files under another name and renames them, so that no reader sees half of one."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vae_keras.errors import RunDirectoryError

_LEFTOVER = re.compile(r"\..+\.\d+\.part(\..+)?", re.DOTALL)


@contextmanager
def written_beside(path: str | Path) -> Iterator[Path]:
    """Yield a name beside `path` to write to; rename it to `path` if there was no error.

    The name keeps the suffix, by which Keras and matplotlib choose the format. The content is
    flushed to the disk before the file gets its name, so that even after a power failure the old
    file or the new one is there.

    Raises:
        RunDirectoryError: If the file cannot be written (no space, no permission).
    """
    path = Path(path)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        _flush_to_disk(beside)
        os.replace(beside, path)
        _flush_to_disk(path.parent)
    except OSError as error:
        raise RunDirectoryError(
            f"`{path}` must be writable. Received: {error.strerror or error}"
        ) from error
    finally:
        with suppress(OSError):  # it does not exist, or the error above says why it cannot
            beside.unlink()


def remove_leftovers(directory: str | Path) -> None:
    """Delete files that a killed process had not finished writing.

    Args:
        directory: A directory that no other process writes to. It need not exist; directories
            within it are left alone.
    """
    with suppress(OSError):
        for name in os.listdir(directory):
            if is_leftover(name):
                os.unlink(Path(directory) / name)


def is_leftover(name: str) -> bool:
    """Tell whether a name is that of a file which `written_beside` had not finished."""
    return _LEFTOVER.fullmatch(name) is not None


def _flush_to_disk(path: Path) -> None:
    """Wait until the content of a file, or the names in a directory, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open directories
    number = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def check_free(output: Path) -> None:
    """Raise `RunDirectoryError` unless `output`, where a command is to write, is new or empty."""
    if os.path.exists(output) and (not output.is_dir() or any(output.iterdir())):
        raise RunDirectoryError(
            f"`output` must be a new or empty directory. Received: {output}, which exists"
        )


def write_text(path: str | Path, text: str) -> None:
    """Write a text file atomically, in UTF-8; what UTF-8 cannot encode becomes an escape."""
    with written_beside(path) as beside:
        beside.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: str | Path, value: object) -> None:
    """Write a JSON file atomically, indented, with the keys in the given order."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def save_figure(figure: Any, path: str | Path) -> None:
    """Write a matplotlib figure atomically, with nothing cut off."""
    with written_beside(path) as beside:
        figure.savefig(beside, dpi=150, bbox_inches="tight")
