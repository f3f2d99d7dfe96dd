"""Work in a forked process, with limits of time and memory."""

import json
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MEMORY = 8 << 30  # bytes that the work may ask for beyond what is there


def in_fork(work: Callable[[], Any], limit: float) -> Any:
    """Return what `work` returns in a forked process; `None` past the limit, in seconds.

    Args:
        work: Returns what JSON can hold. What it prints is lost.
        limit: Seconds.

    Raises:
        RuntimeError: If it raised, or ended without an answer.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(work, write)
    os.close(write)
    answer, end = b"", time.monotonic() + limit
    try:
        while select.select([read], [], [], max(0.0, end - time.monotonic()))[0]:
            part = os.read(read, 1 << 16)
            if not part:
                break
            answer += part
        else:
            return None
    finally:
        os.close(read)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    told = json.loads(answer or b'{"error": "it ended without an answer"}')
    if "error" in told:
        raise RuntimeError(f"The forked process failed: {told['error']}")
    return told["is"]


def _answer(work: Callable[[], Any], write: int) -> None:
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY,) * 2)
        try:
            answer = json.dumps({"is": work()})
        except BaseException:
            answer = json.dumps({"error": traceback.format_exc()})
        with os.fdopen(write, "w") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)
