"""The child process that loads files, started anew when one kills it."""

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_CHILD = Path(__file__).with_name("child.py")
_MOST_SECONDS, _MOST_MIB = 30.0, 4096  # then it is killed
_START_SECONDS = 120.0


class Loader:
    """Asks a child process to load one file after another.

    Args:
        log: File for all that the child prints.
    """

    def __init__(self, log: Path) -> None:
        self._log = log.open("ab")
        self._child: subprocess.Popen[bytes] | None = None
        self._fresh = True

    def __enter__(self) -> "Loader":
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        self._log.close()

    def ask(self, task: dict[str, Any]) -> dict[str, Any]:
        """Return what came of a task; of a child that died or was killed, that it did."""
        if self._child is None:
            environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "VAE_KERAS_OFFLINE": "1"}
            self._child = subprocess.Popen(
                [sys.executable, str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=environment,
            )
            self._fresh = True
        child = self._child
        assert child.stdin is not None and child.stdout is not None
        start = time.perf_counter()
        limit = _START_SECONDS if self._fresh else _MOST_SECONDS
        try:
            child.stdin.write(json.dumps(task).encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:
            return self._end("the process had died")
        while not select.select([child.stdout], [], [], 0.05)[0]:
            seconds = time.perf_counter() - start
            if seconds > limit:
                return self._end(f"killed after {seconds:.0f} s", seconds)
            mib = _resident_mib(child.pid)
            if mib > _MOST_MIB:
                return self._end(f"killed at {mib:.0f} MiB", seconds, mib)
        line = child.stdout.readline()
        if not line:
            code = child.wait()
            return self._end(f"the process died with code {code}", time.perf_counter() - start)
        self._fresh = False
        return dict(json.loads(line))

    def _end(self, why: str, seconds: float = 0.0, mib: float = 0.0) -> dict[str, Any]:
        assert self._child is not None
        self._child.kill()
        self._child.wait()
        self._child = None
        return {
            "outcome": "killed",
            "message": why,
            "seconds": seconds,
            "processor": 0.0,
            "mib": mib,
        }


def _resident_mib(process: int) -> float:
    try:
        with open(f"/proc/{process}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    except OSError:
        return 0.0
