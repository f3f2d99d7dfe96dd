"""Shows text from outside, such as names of files, safely."""

import re

# Control characters (terminals obey some, and a new line breaks a message), marks that change the
# direction of text, line separators, and bytes of a file name that are not UTF-8.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: object) -> str:
    """Return a text in one line, with escapes for characters that a terminal or browser would obey.

    Args:
        text: A string, or another object, which is converted by `str`.

    Example:
        >>> printable("shoes\\n\\x1b[2J")
        'shoes\\\\n\\\\x1b[2J'
    """
    return _UNSAFE.sub(_escaped, str(text))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python represents a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode("ascii")
