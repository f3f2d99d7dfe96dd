"""What a browser would read of a page, without one."""

import base64
import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from PIL import Image


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.inside: str = ""
        self.scripts: list[tuple[dict[str, str | None], str]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts.append((self.found[-1][1], data))
        elif self.inside != "style":
            self.text.append(data)


@pytest.fixture
def parsed() -> Callable[[str], _Elements]:
    """Return a function that parses a page: its elements, its texts, its scripts."""

    def parse(page: str) -> _Elements:
        elements = _Elements()
        elements.feed(page)
        elements.close()
        return elements

    return parse


@pytest.fixture
def payload(parsed: Callable[[str], _Elements]) -> Callable[[str], dict[str, Any]]:
    """Return a function that reads an explorer's data out of its page."""

    def read(page: str) -> dict[str, Any]:
        parts = [text for a, text in parsed(page).scripts if a.get("class") == "ex-data"]
        return json.loads("".join(parts))

    return read


@pytest.fixture
def unpacked() -> Callable[[str], np.ndarray]:
    """Return a function that reads the picture in a data URL, as uint8."""

    def read(url: str) -> np.ndarray:
        _, data = url.split(",", 1)
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))

    return read
