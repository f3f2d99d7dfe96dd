"""A directory that only one process may use at a time."""

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from vae_keras.errors import RunDirectoryError
from vae_keras.io.files import write_json

LOCK, OWNER = "lock", "owner.json"


@contextmanager
def only_one(directory: str | Path, *, what: str) -> Iterator[None]:
    """Hold a directory; the operating system releases it however the process ends.

    Args:
        directory: Where the lock is kept; made if it is missing.
        what: What the directory is, for the message.

    Raises:
        RunDirectoryError: If another process holds it; the message names that process.
    """
    directory = Path(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(directory / LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise RunDirectoryError(
            f"{what} must be used by one process at a time. Received: {directory.parent}, in use "
            f"by {_owner(directory)}"
        ) from None
    except OSError as error:
        raise RunDirectoryError(
            f"`{directory}` must be writable. Received: {error.strerror or error}"
        ) from error
    try:
        owner = {
            "process": os.getpid(),
            "host": platform.node(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        }
        write_json(directory / OWNER, owner)
        yield
    finally:
        with suppress(OSError):
            (directory / OWNER).unlink(missing_ok=True)
            if not set(os.listdir(directory)) - {LOCK}:
                (directory / LOCK).unlink(missing_ok=True)
        lock.release()
        with suppress(OSError):  # it has checkpoints in it, or another process uses it
            directory.rmdir()


def _owner(directory: Path) -> str:
    try:
        owner: Any = json.loads((directory / OWNER).read_text(encoding="utf-8"))
        return f"process {owner['process']} on {owner['host']} since {owner['since']}"
    except (OSError, ValueError, KeyError, TypeError):  # that process has not written it yet
        return "another process"
