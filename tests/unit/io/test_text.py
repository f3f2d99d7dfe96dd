import os

import pytest

from vae_keras.io.text import printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain name, é 日本 $ < & [red]", "plain name, é 日本 $ < & [red]"),
        ("two\nlines\r\tx\0", "two\\nlines\\r\\tx\\x00"),
        ("\x1b[2Jgone\x07\x9b", "\\x1b[2Jgone\\x07\\x9b"),
        ("\u202efdp.exe\u2066", "\\u202efdp.exe\\u2066"),
        ("\u2028", "\\u2028"),
        (os.fsdecode(b"caf\xe9"), "caf\\xe9"),
        ("\ud800", "\\ud800"),
        (ValueError("a\nb"), "a\\nb"),
    ],
)
def test_printable(text, expected):
    shown = printable(text)
    assert shown == expected
    assert shown.encode("utf-8").decode() == shown
