"""Arrays and texts in a form that an HTML page can hold."""

import base64
import json
from typing import Any

import numpy as np


def base64_array(array: np.ndarray) -> str:
    """The bytes of an array, in the order and type it has, as base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def data_url(data: bytes, kind: str) -> str:
    """A file as a URL that holds all of it.

    Args:
        data: Content of the file.
        kind: Its media type, such as `"image/png"`.
    """
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def script_json(value: Any) -> str:
    """JSON that can stand inside a `<script>` element, whatever the strings in it say.

    Raises:
        ValueError: If there is a NaN or an infinity, which are no JSON.
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    # "</script>" and "<!--" would end or change the element; as escapes they are the same string.
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text
