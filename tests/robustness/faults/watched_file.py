"""A file that says what is done to it."""

import io
import os
from collections.abc import Callable
from typing import Any


class WatchedFile(io.FileIO):
    """A file whose reads, writes and closing go through a function.

    Args:
        call: Called with the name of the call, the path, what does it, and for `write` what does
            half of it.
        path: As in `open`, and so are `closefd` and `opener`.
        mode: Without `b` and `t`.
    """

    def __init__(
        self, call: Callable[..., Any], path: Any, mode: str, closefd: bool, opener: Any
    ) -> None:
        self.call, self.path = call, os.fspath(path)
        super().__init__(path, mode, closefd, opener)

    def write(self, data: Any) -> int:
        half = bytes(data[: len(data) // 2])
        plain = super().write
        return self.call("write", self.path, lambda: plain(data), lambda: plain(half))

    def readinto(self, buffer: Any) -> int:
        plain = super().readinto
        return self.call("read", self.path, lambda: plain(buffer))

    def readall(self) -> bytes:
        plain = super().readall
        return self.call("read", self.path, plain)

    def close(self) -> None:
        plain = super().close
        if self.closed:
            return
        try:
            self.call("close", self.path, lambda: None)
        finally:
            plain()  # as the kernel does: a `close` that fails has closed
