"""The history as a file that is complete at any moment."""

import csv
import io
import time
from pathlib import Path
from typing import Any

import keras

from vae_keras._types import Logs
from vae_keras.io.files import write_text


class HistoryFile(keras.callbacks.Callback):
    """Write one row for each epoch: number (from 1), seconds, and every logged value.

    The file is replaced as a whole after each epoch, so that a reader never sees half a row.

    Args:
        path: The CSV file.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)
        self.rows: list[dict[str, Any]] = []
        self._began, self._before = time.monotonic(), 0.0

    def get_state(self) -> dict[str, Any]:
        """Return what a `Checkpoint` keeps: the rows, and the seconds of the epoch so far."""
        return {"rows": self.rows, "seconds": self._before + time.monotonic() - self._began}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from what `get_state` returned."""
        self.rows, self._before = state["rows"], state["seconds"]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        seconds = round(self._before + time.monotonic() - self._began, 3)
        self._began, self._before = time.monotonic(), 0.0
        values = {name: float(value) for name, value in (logs or {}).items()}
        self.rows.append({"epoch": epoch + 1, "seconds": seconds, **values})
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(self.rows[0]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self.path, text.getvalue())
