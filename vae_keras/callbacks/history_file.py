"""The history as a file that is whole at any moment."""

import csv
import io
import time
from pathlib import Path
from typing import Any

import keras

from vae_keras.files import write_text


class HistoryFile(keras.callbacks.Callback):
    """Write one row for each epoch: number (from 1), seconds, and every logged value.

    The file is replaced as a whole after each epoch, so a reader never sees half a row.

    Args:
        path: The CSV file.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)
        self.rows: list[dict[str, Any]] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        seconds = round(time.monotonic() - self._began, 3)
        values = {name: float(value) for name, value in (logs or {}).items()}
        self.rows.append({"epoch": epoch + 1, "seconds": seconds, **values})
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(self.rows[0]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self.path, text.getvalue())
