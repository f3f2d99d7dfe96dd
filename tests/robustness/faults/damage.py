"""What happens to a run directory while no process holds it."""

import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

YEAR = 365 * 24 * 3600.0


def checkpoints(run: Path) -> list[Path]:
    """Return the checkpoints of a run, the oldest first: by name, as a clock may have jumped."""
    return sorted(path for path in run.glob("checkpoint/*.npz") if not path.name.startswith("."))


def flip_bits(run: Path, chance: random.Random) -> Path:
    """Flip eight bits of the newest checkpoint."""
    for path in checkpoints(run)[-1:]:
        _flip(path, chance)
    return run


def cut_all(run: Path, chance: random.Random) -> Path:
    """Cut every checkpoint in half, so that none is left to continue from."""
    for path in checkpoints(run):
        _cut(path, 0.5)
    return run


def cut_short(run: Path, chance: random.Random) -> Path:
    """Leave a part of the newest checkpoint, or nothing but its name."""
    for path in checkpoints(run)[-1:]:
        _cut(path, chance.choice([0.0, chance.random()]))
    return run


def zeros(run: Path, chance: random.Random) -> Path:
    """Fill the end of the newest checkpoint with zeros, as a power failure may leave a file."""
    for path in checkpoints(run)[-1:]:
        size = path.stat().st_size
        _cut(path, chance.random() * 0.9)
        with path.open("ab") as file:
            file.truncate(size)
    return run


def no_checkpoint(run: Path, chance: random.Random) -> Path:
    """Remove the newest checkpoint."""
    for path in checkpoints(run)[-1:]:
        path.unlink()
    return run


def move(run: Path, chance: random.Random) -> Path:
    """Move the run to another folder."""
    target = run.parent / "elsewhere" / "another name"
    target.parent.mkdir(exist_ok=True)
    shutil.move(run, target)
    return target


def older_by_clock(run: Path, chance: random.Random) -> Path:
    """Let the newest checkpoint look a year older than the one before."""
    for path in checkpoints(run)[-1:]:
        moment = time.time() - YEAR
        os.utime(path, (moment, moment))
    return run


DAMAGES: dict[str, Callable[[Path, random.Random], Path]] = {
    "bits flipped": flip_bits,
    "cut short": cut_short,
    "zeros at the end": zeros,
    "newest removed": no_checkpoint,
    "all cut": cut_all,
    "moved": move,
    "older by the clock": older_by_clock,
}


def _flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(8):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _cut(path: Path, share: float) -> None:
    os.truncate(path, int(path.stat().st_size * share))
