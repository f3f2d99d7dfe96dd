"""Arrays, files and JSON as text for an HTML page."""

import base64
import json
from typing import Any

import numpy as np


def base64_array(array: np.ndarray) -> str:
    """Return the bytes of an array as base64, in its own order and type."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def data_url(data: bytes, kind: str) -> str:
    """Return a URL that contains a whole file.

    Args:
        data: Content of the file.
        kind: Its media type, such as `"image/png"`.
    """
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def script_json(value: Any) -> str:
    """Return JSON that is safe inside a `<script>` element, whatever strings it contains.

    Raises:
        ValueError: If there is a NaN or an infinity, which JSON does not have.
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    # "</script>" and "<!--" would end or change the element; escaped, they are the same strings.
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text
