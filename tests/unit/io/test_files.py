import errno
import json
import os

import pytest

from vae_keras.errors import RunDirectoryError
from vae_keras.io.files import save_figure, write_json, write_text, written_beside


def no_space(*arguments, **options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_writes_and_leaves_no_part(tmp_path):
    path = tmp_path / "new" / "folder" / "text.txt"
    write_text(path, "first\n")
    write_text(path, "zweite Zeile: ä\n")
    assert path.read_text(encoding="utf-8") == "zweite Zeile: ä\n"
    assert list(path.parent.iterdir()) == [path]


def test_name_beside_keeps_the_suffix_and_is_hidden(tmp_path):
    with written_beside(tmp_path / "model.keras") as beside:
        assert beside.parent == tmp_path
        assert beside.suffix == ".keras"
        assert beside.name.startswith(".")
        beside.write_text("x")
        assert not (tmp_path / "model.keras").exists()  # not before all went well
    assert (tmp_path / "model.keras").read_text() == "x"


def test_json_in_the_order_given(tmp_path):
    write_json(tmp_path / "x.json", {"b": 1, "a": [1, None, "ä"]})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"b": 1, "a": [1, None, "ä"]}
    assert text.index('"b"') < text.index('"a"')
    assert text.endswith("}\n")


def test_no_space_left_while_renaming(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    write_text(path, "old")
    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(RunDirectoryError, match=r"`.*text\.txt` must be .*No space left on device"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_space_left_while_writing(tmp_path):
    path = tmp_path / "text.txt"
    write_text(path, "old")
    with pytest.raises(RunDirectoryError, match="No space left"), written_beside(path) as beside:
        beside.write_text("ne")
        no_space()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_any_other_error_passes_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "text.txt"
    write_text(path, "old")
    with pytest.raises(KeyError), written_beside(path) as beside:
        beside.write_text("ne")
        raise KeyError("x")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_below_a_regular_file(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunDirectoryError, match=r"file.text\.txt` must be writable. Received: "):
        write_text(tmp_path / "file" / "text.txt", "new")


def test_onto_a_directory(tmp_path):
    with pytest.raises(RunDirectoryError, match="Is a directory"):
        write_text(tmp_path, "new")


def test_figure(tmp_path):
    from matplotlib.figure import Figure
    from PIL import Image

    save_figure(Figure(figsize=(2, 1)), tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as picture:
        assert picture.format == "PNG"
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]
