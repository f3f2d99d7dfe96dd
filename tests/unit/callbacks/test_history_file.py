import csv
import os

import pytest

from vae_keras.callbacks import HistoryFile
from vae_keras.errors import RunDirectoryError


def test_a_row_for_each_epoch(tmp_path):
    path = tmp_path / "run" / "history.csv"
    callback = HistoryFile(path)
    for epoch in range(3):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"loss": 10.0 - epoch, "val_loss": 1 / 3})
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["epoch"] for row in rows] == [str(n + 1) for n in range(epoch + 1)]
        assert [entry.name for entry in path.parent.iterdir()] == ["history.csv"]  # no `.part`
    assert list(rows[0]) == ["epoch", "seconds", "loss", "val_loss"]
    assert [float(row["loss"]) for row in rows] == [10.0, 9.0, 8.0]
    assert float(rows[2]["val_loss"]) == 1 / 3  # nothing is rounded away
    assert all(0 <= float(row["seconds"]) < 5 for row in rows)


def test_replaced_as_a_whole(tmp_path, monkeypatch):
    path = tmp_path / "history.csv"
    callback = HistoryFile(path)
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0, {"loss": 1.0})
    whole = path.read_text()

    def no_rename(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_rename)
    callback.on_epoch_begin(1)
    with pytest.raises(RunDirectoryError, match=r"history.csv.*No space left"):
        callback.on_epoch_end(1, {"loss": 0.5})
    assert path.read_text() == whole
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.backend
def test_holds_what_fit_recorded(vae, images, tmp_path):
    path = tmp_path / "history.csv"
    history = vae.fit(
        images, epochs=2, verbose=0, validation_data=(images,), callbacks=[HistoryFile(path)]
    ).history
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"epoch", "seconds", *history}
    for name, values in history.items():
        assert [float(row[name]) for row in rows] == pytest.approx(values, rel=1e-12)
