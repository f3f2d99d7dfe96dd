"""Reads JSON that anybody may have written, with bounds on its size and depth."""

import json
from pathlib import Path
from typing import Any

MAX_BYTES = 8 << 20  # a million numbers; as Python objects at most about 200 MB
MAX_DEPTH = 100


def read_json(path: str | Path) -> Any:
    """Return the value in a JSON file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is too large, nested too deeply, not JSON or not UTF-8.
    """
    with open(path, "rb") as file:
        return parse_json(file.read(MAX_BYTES + 1))


def parse_json(content: bytes) -> Any:
    """Return the value in JSON text.

    Raises:
        ValueError: If it is too large, nested too deeply, not JSON or not UTF-8.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES >> 20} MiB of JSON")
    try:
        value = json.loads(content.decode("utf-8"))
    except RecursionError:
        raise ValueError(_too_deep()) from None
    _check_depth(value)
    return value


def _check_depth(value: object) -> None:
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise ValueError(_too_deep())
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level, depth = inner, depth + 1


def _too_deep() -> str:
    return f"JSON nested more than {MAX_DEPTH} deep"
