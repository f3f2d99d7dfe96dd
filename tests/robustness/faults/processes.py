"""Runs as processes: started, told to stop, killed, and waited for."""

import contextlib
import dataclasses
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults.child import play
from faults.configurations import flags
from faults.files import PHASES

ROOT = Path(__file__).parents[3]
TIMEOUT = 600.0  # seconds, for a run that takes ten on a machine that does nothing else
_CONTEXT = multiprocessing.get_context("forkserver")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attempt:
    """One process of a run, and what befalls it.

    Args:
        via: `command` or `python` in a forked process, `process` for a command of its own.
        signals: Sent from outside: `(phase, share, number)`, the share that of the phase's usual
            duration that has passed; phase `run` counts from the start.
        fault: As `Files` takes it, with `share` of the reference's calls in place of `nth`.
        clock: Jumps of the wall clock in seconds, by phase.
        space: Free space on the small disk as a share of what a whole run takes; `None` for plenty.
        then: What happens to the run directory before the next process: a name in `damage.py`.
    """

    via: str = "command"
    signals: tuple[tuple[str, float, int], ...] = ()
    fault: dict[str, Any] | None = None
    clock: dict[str, float] | None = None
    space: float | None = None
    then: str | None = None


@dataclasses.dataclass
class Ended:
    """How a process ended.

    Args:
        code: Its exit code; that of a signal is negative. `None` if it was killed for its slowness.
        phase: The phase of the run that it was in.
        hit: Where the fault hit, or `None`.
        seconds: From its start to its end.
        output: What it printed, both streams.
        counts: Its file calls; empty if it was killed.
        durations: Seconds of each phase that it came through or ended in.
        checkpoints: Number of checkpoints written.
    """

    code: int | None
    phase: str = PHASES[0]
    hit: str | None = None
    seconds: float = 0.0
    output: str = ""
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    durations: dict[str, float] = dataclasses.field(default_factory=dict)
    checkpoints: int = 0


def prepare(backend: str) -> None:
    """Start the process that the others are forked from.

    Args:
        backend: The Keras backend of all runs.
    """
    os.environ.update(
        KERAS_BACKEND=backend,
        TF_CPP_MIN_LOG_LEVEL="3",
        MPLBACKEND="Agg",
        VAE_KERAS_OFFLINE="1",
        OMP_WAIT_POLICY="passive",  # PyTorch's threads would spin beside each other
        PYTHONPATH=os.pathsep.join(
            [str(ROOT), str(ROOT / "tests" / "robustness"), os.environ.get("PYTHONPATH", "")]
        ),
    )
    _CONTEXT.set_forkserver_preload(["faults.preload"])


def run_forked(
    attempt: Attempt,
    folder: Path,
    settings: dict[str, Any],
    log: Path,
    durations: dict[str, float],
    on_hit: Callable[[int], None] = lambda pid: None,
    *,
    begin: bool = False,
) -> Ended:
    """Let a forked process train, begin or go on, with an attempt's faults.

    Args:
        attempt: What befalls it; `nth` of its fault is set.
        folder: The run directory.
        settings: Fields of `Config`.
        log: Where the output goes.
        durations: Usual seconds of each phase, by which signals are timed.
        on_hit: Called with the process id when the fault has hit.
        begin: Whether to begin whatever is there. Defaults to `False`.
    """
    ours, its = _CONTEXT.Pipe(duplex=False)
    command = {
        "arguments": arguments(folder, settings, begin=begin),
        "folder": str(folder),
        "settings": settings,
        "python": attempt.via == "python",
        "fault": attempt.fault,
        "clock": attempt.clock,
        "log": str(log),
    }
    process = _CONTEXT.Process(target=play, args=(command, its), daemon=True)
    began = time.monotonic()
    process.start()
    its.close()
    ended = Ended(None)
    pending = list(attempt.signals)
    phase_began = {"run": began, PHASES[0]: began}
    while True:
        wait = TIMEOUT - (time.monotonic() - began)
        if pending and pending[0][0] in phase_began:
            phase, share, number = pending[0]
            due = phase_began[phase] + share * durations.get(phase, 1.0)
            wait = min(wait, due - time.monotonic())
        if ours.poll(max(wait, 0.0)):
            try:
                _note(ours.recv(), ended, phase_began, process.pid, on_hit)
            except EOFError:
                break
        elif time.monotonic() - began >= TIMEOUT:
            break
        else:
            pending.pop(0)
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(process.pid, number)
                ended.hit = f"{signal.Signals(number).name} in {ended.phase}"
    process.join(60.0 if time.monotonic() - began < TIMEOUT else 0.0)
    if process.is_alive():
        process.kill()
        process.join()
    else:
        ended.code = process.exitcode
    process.close()
    ours.close()
    ended.seconds = time.monotonic() - began
    ended.output = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    moments = sorted((moment, phase) for phase, moment in phase_began.items() if phase != "run")
    ends = [moment for moment, _ in moments[1:]] + [time.monotonic()]
    ended.durations = {
        phase: end - start for (start, phase), end in zip(moments, ends, strict=True)
    }
    ended.durations["run"] = ended.seconds
    return ended


def _note(
    event: dict[str, Any],
    ended: Ended,
    phase_began: dict[str, float],
    pid: int,
    on_hit: Callable[[int], None],
) -> None:
    """Take what the process told."""
    ended.phase = event.get("phase", ended.phase)
    if "phase" in event:
        phase_began.setdefault(event["phase"], time.monotonic())
    ended.counts = event.get("counts", ended.counts)
    ended.checkpoints += "checkpoint" in event
    if "hit" in event:
        ended.hit = f"{event['hit']} in {event['phase']}"
        on_hit(pid)


def run_process(
    attempt: Attempt, folder: Path, settings: dict[str, Any], log: Path, seconds: float
) -> Ended:
    """Let the command itself train, in a process of its own; it is killed at a moment or not.

    Args:
        attempt: Signals of phase `run`; nothing else can befall it.
        folder: The run directory.
        settings: Fields of `Config`.
        log: Where the output goes.
        seconds: What the command usually takes.
    """
    began = time.monotonic()
    ended = Ended(None)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "train.py"), *arguments(folder, settings)],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        for _, share, number in attempt.signals:
            try:
                process.wait(max(0.0, began + share * seconds - time.monotonic()))
                break
            except subprocess.TimeoutExpired:
                process.send_signal(number)
                ended.phase = phase_of(folder)
                ended.hit = f"{signal.Signals(number).name} in {ended.phase}"
        try:
            ended.code = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    ended.seconds = time.monotonic() - began
    ended.durations = {"run": ended.seconds}
    ended.output = log.read_text(encoding="utf-8", errors="replace")
    return ended


def arguments(folder: Path, settings: dict[str, Any], *, begin: bool = False) -> list[str]:
    """Return the arguments of `train` that a user would give, `--resume` if a run was begun."""
    if not begin and (folder / "config.json").exists():
        return ["--resume", str(folder)]
    return ["--run-dir", str(folder), *flags(settings)]


def phase_of(folder: Path) -> str:
    """Return the phase that the files of a run tell of."""
    for phase, name in (
        ("report", "metrics.json"),
        ("figures", "evaluation.npz"),
        ("evaluation", "decoder.keras"),
        ("training", "environment.json"),
    ):
        if (folder / name).exists():
            return phase
    return PHASES[0]


def machine() -> dict[str, Any]:
    """Return what the timings and the numbers depend on."""
    from vae_keras.runs.environment import environment

    facts = environment()
    return json.loads(json.dumps({**facts, "load": os.getloadavg()}))
