"""Texts from outside, such as the names of files, in a form that is safe to show."""

import re

# Control characters (a terminal obeys some of them, a new line breaks a message), what turns the
# direction of the text around, line separators, and bytes of a name that are no UTF-8.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: object) -> str:
    """Return a text in one line, with what a terminal or a browser could obey as an escape.

    Args:
        text: A string, or anything else that `str` takes.

    Example:
        >>> printable("shoes\\n\\x1b[2J")
        'shoes\\\\n\\\\x1b[2J'
    """
    return _UNSAFE.sub(_escaped, str(text))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode("ascii")
