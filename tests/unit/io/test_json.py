import pytest

from vae_keras.io import json as bounded_json
from vae_keras.io.json import parse_json, read_json


def test_reads_what_json_holds(tmp_path):
    path = tmp_path / "values.json"
    path.write_text('{"a": [1, 2.5, null, "\u00e4"]}', encoding="utf-8")
    assert read_json(path) == {"a": [1, 2.5, None, "ä"]}


def nested(depth, kind):
    opening, closing = ("[", "]") if kind is list else ('{"a":', "}")
    return (opening * depth + "1" + closing * depth).encode()


@pytest.mark.parametrize("kind", [list, dict])
def test_depth(kind):
    parse_json(nested(100, kind))
    for depth in (101, 500, 5_000, 1_000_000):
        with pytest.raises(ValueError, match="nested more than 100 deep"):
            parse_json(nested(depth, kind))


def test_size(tmp_path, monkeypatch):
    monkeypatch.setattr(bounded_json, "MAX_BYTES", 1 << 20)
    assert parse_json(b" " * ((1 << 20) - 1) + b"1") == 1
    with pytest.raises(ValueError, match="more than 1 MiB of JSON"):
        parse_json(b" " * (1 << 20) + b"1")
    path = tmp_path / "values.json"
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="more than 1 MiB of JSON"):
        read_json(path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1,]", b"9" * 10_000])
def test_no_json(content):
    with pytest.raises(ValueError):
        parse_json(content)


def test_no_file(tmp_path):
    with pytest.raises(OSError):
        read_json(tmp_path / "nothing")
