"""Checkpoint files: written as a whole, the newest undamaged one found, old ones deleted."""

import json
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_keras._types import JsonObject
from vae_keras.errors import RunDirectoryError
from vae_keras.io.files import remove_leftovers, written_beside

FORMAT = 1
_NAME = re.compile(r"epoch_(\d+)_batch_(\d+)\.npz")
_FACTS = "facts"


@dataclass(frozen=True)
class Saved:
    """One checkpoint.

    Attributes:
        epoch: Epochs that are done.
        batch: Batches that are done of the epoch after them.
        facts: JSON values: counters, history, a description of the training.
        arrays: Values of the variables, and the arrays among the states of callbacks.
    """

    epoch: int
    batch: int
    facts: JsonObject
    arrays: dict[str, np.ndarray]


class CheckpointDirectory:
    """The checkpoints of one training: `epoch_0003_batch_000040.npz` and so on.

    An `.npz` file has a checksum for each of its arrays, which reveals damage.

    Args:
        path: The directory; made when the first checkpoint is written.
        keep: Number of checkpoints to keep, >= 1. Defaults to `2`.
    """

    def __init__(self, path: str | Path, keep: int = 2) -> None:
        self.path = Path(path)
        self.keep = keep

    def write(self, saved: Saved) -> None:
        """Write a checkpoint, and then delete those that are too old.

        Raises:
            RunDirectoryError: If it cannot be written; earlier checkpoints are still there.
        """
        path = self.path / f"epoch_{saved.epoch:04d}_batch_{saved.batch:06d}.npz"
        facts = json.dumps({"format": FORMAT, **saved.facts})
        text = np.frombuffer(facts.encode(), np.uint8)
        with written_beside(path) as beside, open(beside, "wb") as file:
            np.savez(file, **{_FACTS: text}, **saved.arrays)  # type: ignore[arg-type]
        for old in self.files()[: -self.keep]:
            old.unlink(missing_ok=True)

    def newest(self) -> Saved | None:
        """Return the newest checkpoint that is undamaged; `None` where there is none.

        Warns of each damaged one, and keeps it under another name.

        Raises:
            RunDirectoryError: If one was written by a later version of the package.
        """
        remove_leftovers(self.path)
        damaged = []
        found = None
        for path in reversed(self.files()):
            try:
                found = _read(path)
                break
            except RunDirectoryError:
                raise
            except Exception as error:  # zipfile and NumPy raise almost anything
                damaged.append(path)
                with suppress(OSError):  # it will then be found damaged again
                    path.replace(path.with_name(f"damaged_{path.name}"))
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                warnings.warn(f"The checkpoint {path} is damaged ({reason}).", stacklevel=2)
        if damaged:
            where = "from its beginning" if found is None else f"from {_described(found)}"
            warnings.warn(
                f"Of the checkpoints in {self.path} the newest, {len(damaged)}, cannot be read: "
                f"training continues {where}. The result will be the same, later.",
                stacklevel=2,
            )
        return found

    def files(self) -> list[Path]:
        """Return the checkpoints, the oldest first.

        Raises:
            RunDirectoryError: If the directory exists and cannot be read.
        """
        try:
            names = [path for path in self.path.iterdir() if _NAME.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunDirectoryError(
                f"`{self.path}` must be readable. Received: {error.strerror or error}"
            ) from error
        return sorted(names, key=_position)

    def remove(self) -> None:
        """Delete all checkpoints, the newest last."""
        remove_leftovers(self.path)
        for path in [*self.path.glob("damaged_*.npz"), *self.files()]:
            path.unlink(missing_ok=True)


def _position(path: Path) -> tuple[int, int]:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return int(match[1]), int(match[2])


def _read(path: Path) -> Saved:
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as members:
        arrays = {name: members[name] for name in members.files}
    facts = json.loads(arrays.pop(_FACTS).tobytes())
    if facts["format"] > FORMAT:
        raise RunDirectoryError(
            f"`{path}` must be a checkpoint that this version of vae_keras knows, format {FORMAT} "
            f"at most. Received: format {facts['format']}; pip install -U vae-keras"
        )
    epoch, batch = _position(path)
    return Saved(epoch, batch, facts, arrays)


def _described(saved: Saved) -> str:
    within = f" and {saved.batch} batches" if saved.batch else ""
    return f"{saved.epoch} epochs{within}"
