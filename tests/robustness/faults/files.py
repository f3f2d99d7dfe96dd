"""The file calls of a training process: counted by place, told of, and one of them made to fail.

In the process itself `open`, `os.replace` and their like are wrapped, for files of one run
directory only. The package under test knows nothing of it. What native code writes past Python (the
pixels of a PNG) is not seen here; a small file system and signals from outside reach that too.
"""

import builtins
import errno
import io
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults.watched_file import WatchedFile

CALLS = ("create", "open", "read", "write", "close", "fsync", "replace", "mkdir", "unlink")
NEEDS_SPACE = ("create", "write", "fsync", "mkdir")
_FOLDERS = ("checkpoint", "figures", "tensorboard")
_MODELS = ("model.keras", "encoder.keras", "decoder.keras")
_LOCK = ("lock", "owner.json")
# From what is renamed into place to the phase of the run that begins with it.
_AFTER_REPLACE = {
    "environment.json": "training",
    "decoder.keras": "evaluation",
    "evaluation.npz": "figures",
    "metrics.json": "report",
}
PHASES = ("start-up", "training", "model", "evaluation", "figures", "report")
_plain_open = io.open


class Files:
    """Watch a run directory's file calls, and let one of them fail.

    Args:
        folder: The run directory.
        fault: `call` and `place` say which calls are counted (`any` for all), `nth` which of them
            is hit, `do` what happens: `signal` (with `signal`, and `when`: before, half, after),
            `error` (with `errno`, and `lasting` for a disk that stays full) or `memory` (no more
            than `bytes` from then on). `None` for none.
        tell: Called with a dictionary for each new phase, each checkpoint, and for the hit.
        on_phase: Called with the name of each phase that begins. Defaults to nothing.
    """

    def __init__(
        self,
        folder: str | Path,
        fault: dict[str, Any] | None,
        tell: Callable[[dict[str, Any]], None],
        on_phase: Callable[[str], None] = lambda phase: None,
    ) -> None:
        self.folder = os.path.abspath(folder)
        self.fault = fault
        self.tell = tell
        self.on_phase = on_phase
        self.phase = PHASES[0]
        self.counts: Counter[tuple[str, str]] = Counter()
        self.seen = 0
        self.full = False

    def install(self) -> None:
        """Take the place of Python's own calls, for the rest of the process."""
        builtins.open = io.open = self._open  # type: ignore[assignment]
        for name in ("replace", "rename"):
            setattr(os, name, self._renaming(getattr(os, name)))
        os.fsync = self._of_descriptor("fsync", os.fsync)
        os.write = self._of_descriptor("write", os.write)
        os.mkdir = self._of_path("mkdir", os.mkdir)
        os.unlink = self._of_path("unlink", os.unlink)
        os.remove = self._of_path("unlink", os.remove)
        os.open = self._opening(os.open)

    def place(self, path: Any) -> str | None:
        """Return the name of the part of a run that a path belongs to; `None` outside of it."""
        if not isinstance(path, str | os.PathLike):
            return None
        inside = os.path.relpath(os.path.abspath(path), self.folder)
        first = inside.split(os.sep)[0]
        if first == os.pardir:
            return None
        if first == "checkpoint" and _final_name(os.path.basename(inside)) in _LOCK:
            return "lock"
        if first in _FOLDERS:
            return first
        name = _final_name(os.path.basename(inside))
        return "model" if name in _MODELS else name.split(".")[0] or "run"

    def call(
        self,
        name: str,
        path: Any,
        act: Callable[[], Any],
        half: Callable[[], Any] = lambda: None,
    ) -> Any:
        """Do one call, unless it is the one to fail."""
        place = self.place(path)
        if place is None:
            return act()
        self.counts[name, place] += 1
        self._notice(name, place)
        if self.full and name in NEEDS_SPACE:
            raise OSError(self.fault["errno"], os.strerror(self.fault["errno"]), os.fspath(path))
        if not self._hit(name, place):
            return act()
        self.tell({"hit": f"{name} {place}", "phase": self.phase})
        return self._fail(path, act, half)

    def _hit(self, name: str, place: str) -> bool:
        fault = self.fault
        if fault is None or fault["call"] not in (name, "any"):
            return False
        if fault["call"] == "any" and fault["do"] == "error" and name not in NEEDS_SPACE:
            return False
        if fault["place"] not in (place, "any"):
            return False
        self.seen += 1
        if self.seen > fault["nth"]:
            return bool(fault.get("lasting")) and fault["errno"] != errno.ENOSPC
        return self.seen == fault["nth"]

    def _fail(self, path: Any, act: Callable[[], Any], half: Callable[[], Any]) -> Any:
        fault = self.fault
        if fault["do"] == "error":
            half()
            self.full = bool(fault.get("lasting")) and fault["errno"] == errno.ENOSPC
            raise OSError(fault["errno"], os.strerror(fault["errno"]), os.fspath(path))
        if fault["do"] == "memory":
            _limit_memory(fault["bytes"])
            return act()
        if fault["when"] == "after":
            done = act()
            os.kill(os.getpid(), fault["signal"])
            return done
        if fault["when"] == "half":
            half()
        os.kill(os.getpid(), fault["signal"])
        return act()  # the signal did not kill

    def _notice(self, name: str, place: str) -> None:
        if place == "checkpoint" and name in ("create", "open") and self.phase == PHASES[0]:
            self._begin("training")
        elif place == "model" and name == "create" and self.phase in PHASES[:2]:
            self._begin("model")

    def _begin(self, phase: str) -> None:
        if PHASES.index(phase) > PHASES.index(self.phase):
            self.phase = phase
            self.tell({"phase": phase})
            self.on_phase(phase)

    def _renamed(self, target: Any) -> None:
        place, name = self.place(target), os.path.basename(os.fspath(target))
        if place == "checkpoint":
            self.tell({"checkpoint": name})
        elif place is not None and name in _AFTER_REPLACE:
            self._begin(_AFTER_REPLACE[name])

    def _renaming(self, plain: Callable[..., None]) -> Callable[..., None]:
        def wrapped(source: Any, target: Any, **options: Any) -> None:
            self.call("replace", target, lambda: plain(source, target, **options))
            self._renamed(target)

        return wrapped

    def _of_path(self, name: str, plain: Callable[..., None]) -> Callable[..., None]:
        return lambda path, *more, **options: self.call(
            name, path, lambda: plain(path, *more, **options)
        )

    def _of_descriptor(self, name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(descriptor: Any, *data: bytes) -> Any:
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            try:
                path = os.readlink(f"/proc/self/fd/{number}")
            except OSError:  # no Linux
                path = None
            first_half = [part[: len(part) // 2] for part in data]
            return self.call(
                name,
                path,
                lambda: plain(number, *data),
                (lambda: plain(number, *first_half)) if data else lambda: None,
            )

        return wrapped

    def _opening(self, plain: Callable[..., int]) -> Callable[..., int]:
        def wrapped(path: Any, flags: int, *more: Any, **options: Any) -> int:
            name = "create" if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else "open"
            return self.call(name, path, lambda: plain(path, flags, *more, **options))

        return wrapped

    def _open(
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if self.place(file) is None:
            return _plain_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        name = "open" if set(mode) <= set("rbt") else "create"
        raw_mode = mode.replace("b", "").replace("t", "")
        raw = self.call(name, file, lambda: WatchedFile(self.call, file, raw_mode, closefd, opener))
        if buffering == 0:
            return raw
        if raw.readable() and raw.writable():
            buffered: Any = io.BufferedRandom(raw)
        else:
            buffered = io.BufferedWriter(raw) if raw.writable() else io.BufferedReader(raw)
        if "b" in mode:
            return buffered
        text = io.TextIOWrapper(buffered, encoding, errors, newline, buffering == 1)
        text.mode = mode  # type: ignore[misc]
        return text


def _final_name(name: str) -> str:
    """Return the name that a file written beside will have: of `.model.123.part.keras` the last."""
    stem, marker, suffix = name.removeprefix(".").partition(".part")
    return f"{stem.rpartition('.')[0]}{suffix}" if marker else name


def _limit_memory(more: int) -> None:
    """Let the process have so many bytes more than it has."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
