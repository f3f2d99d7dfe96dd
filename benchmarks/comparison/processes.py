"""A child process for each contender, so that libraries, memory and threads do not mix."""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from comparison.contenders import ENTRIES, OURS

ROOT = Path(__file__).parents[2]
# A library's threads spin for a while after its last work; the next contender waits that long.
SETTLE_SECONDS = 0.3


class Failed(Exception):
    """A contender cannot continue; the message says why, in one line."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """What all children of one architecture share.

    Args:
        task: The fields of `peers/base.py`'s `Task`.
        images: Path of the training images, a `.npy` file of bytes.
        validation: Path of the validation images.
        backend: Keras backend of this package.
        log: Where the children's chatter goes.
    """

    task: dict[str, Any]
    images: Path
    validation: Path
    backend: str
    log: IO[str]


class Child:
    """A contender's process, ready to be told what to do.

    Args:
        name: One of `ENTRIES`.
        setting: What to train, and on what.

    Raises:
        Failed: If the contender cannot be imported or built, or has nothing to show.
    """

    def __init__(self, name: str, setting: Setting) -> None:
        entry = ENTRIES[name]
        spec = {
            "module": entry.module,
            "options": entry.options,
            "task": setting.task,
            "images": str(setting.images),
            "validation": str(setting.validation),
        }
        # A child imports this package and `comparison`.
        paths = [str(ROOT), os.environ.get("PYTHONPATH", ""), str(ROOT / "benchmarks")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        # On a GPU several live side by side: none may take all of its memory at the start.
        environment.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        environment.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.25")
        if name == OURS:
            environment["KERAS_BACKEND"] = setting.backend
        self.name = name
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks" / "peers" / "child.py"), json.dumps(spec)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=setting.log,
            text=True,
            bufsize=1,
        )
        try:
            self.description = self._answer()["ready"]
        except Failed:
            self.close()
            raise

    def tell(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have something done; return the answer of the method of `peers/child.py`'s `Work`.

        Raises:
            Failed: If it could not be done.
        """
        time.sleep(SETTLE_SECONDS)
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(f"its process ended with code {self.process.wait()}") from None
        return self._answer()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"its process ended with code {self.process.wait()}")
        answer = json.loads(line)
        for reason in ("skipped", "failed"):
            if reason in answer:
                raise Failed(answer[reason])
        return answer
