"""A small file system, and what fills it."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from faults.injections import Injection
from faults.processes import Attempt

_MIB = 64


@contextlib.contextmanager
def mounted(folder: Path, injection: Injection) -> Iterator[Path | None]:
    """Mount a small file system if the injection wants one; yield where, or `None`."""
    if not any(attempt.space is not None for attempt in injection.attempts):
        yield None
        return
    disk = folder / "disk"
    disk.mkdir()
    options = f"size={_MIB}M"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextlib.contextmanager
def filled(disk: Path | None, attempt: Attempt, size: int) -> Iterator[None]:
    """Fill the disk but for the attempt's share of `size` bytes; make room again afterwards."""
    if disk is None or attempt.space is None:
        yield
        return
    filler = disk / "filler"
    facts = os.statvfs(disk)
    free = facts.f_bavail * facts.f_frsize
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - int(attempt.space * size))
    try:
        yield
    finally:
        filler.unlink()
