"""The process of a run: forked from one that has imported everything, or started anew."""

import io
import os
import signal
import sys
import time
from typing import Any

from faults.files import Files


def play(command: dict[str, Any], events: Any) -> None:
    """Train in this process, with a fault or without, and end it.

    Args:
        command: `arguments` of `vae-keras train`, `folder` and `settings` of the run, `python` for
            the call in place of the command, `fault`, `clock`, and `log`, where the output goes.
        events: The connection to the harness.
    """
    _redirect(command["log"])
    # A shell's background job would have them ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _draw_small()
    clock = _Clock(command.get("clock"))
    files = Files(command["folder"], command.get("fault"), events.send, clock.phase)
    files.install()
    code = 1
    try:
        code = _in_python(command) if command["python"] else _by_command(command)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        counts = {f"{call} {place}": count for (call, place), count in files.counts.items()}
        events.send({"counts": counts, "phase": files.phase})
    sys.exit(code)


def _by_command(command: dict[str, Any]) -> int:
    from vae_keras.cli.main import main

    return main(["train", *command["arguments"]])


def _in_python(command: dict[str, Any]) -> int:
    """Do what the command does by the call that a notebook makes."""
    from vae_keras.cli import main as cli
    from vae_keras.config.presets import preset
    from vae_keras.errors import VAEKerasError
    from vae_keras.runs.directory import RunDirectory
    from vae_keras.runs.train import train_and_evaluate

    config = preset("default", **command["settings"])
    try:
        train_and_evaluate(config, RunDirectory(command["folder"]), resume=True)
    except VAEKerasError as error:
        print(f"error: {error}", file=sys.stderr)
        return cli.USER_ERROR
    except KeyboardInterrupt:
        return cli.INTERRUPTED
    return 0


def _redirect(path: str) -> None:
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)


def _draw_small() -> None:
    """Save one pixel for each figure: nothing here looks at them, and they take most of a run."""
    from matplotlib.figure import Figure
    from PIL import Image

    pixel = io.BytesIO()
    Image.new("L", (1, 1)).save(pixel, format="PNG")

    def savefig(figure: Figure, target: Any, **options: Any) -> None:
        if hasattr(target, "write"):
            target.write(pixel.getvalue())
            return
        with open(target, "wb") as file:
            file.write(pixel.getvalue())

    Figure.savefig = savefig


class _Clock:
    """A wall clock that jumps when a phase begins; the monotonic one never does.

    Args:
        jumps: Seconds by the name of the phase; `None` leaves the clock alone.
    """

    def __init__(self, jumps: dict[str, float] | None) -> None:
        self.jumps = jumps or {}
        self.offset = self.jumps.get("start-up", 0.0)
        if jumps:
            self._install()

    def phase(self, name: str) -> None:
        self.offset = self.jumps.get(name, self.offset)

    def _install(self) -> None:
        now, nanoseconds = time.time, time.time_ns
        time.time = lambda: now() + self.offset
        time.time_ns = lambda: nanoseconds() + int(self.offset * 1e9)
        for name, takes in (("localtime", 0), ("gmtime", 0), ("ctime", 0), ("strftime", 1)):
            setattr(time, name, self._at_that_time(getattr(time, name), takes))

    @staticmethod
    def _at_that_time(plain: Any, takes: int) -> Any:
        def wrapped(*arguments: Any) -> Any:
            if len(arguments) > takes:
                return plain(*arguments)
            moment = time.time() if not takes else time.localtime()
            return plain(*arguments, moment)

        return wrapped
