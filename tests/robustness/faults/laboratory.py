"""Where the runs are made: the references once, then each injection, and what came of it."""

import dataclasses
import os
import random
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

from faults import processes
from faults.configurations import CONFIGURATIONS, settings_of, write_data
from faults.damage import DAMAGES
from faults.disk import filled, mounted
from faults.files import NEEDS_SPACE
from faults.injections import KILLED, SECOND, Injection
from faults.numbers import differences, left_behind
from faults.processes import Attempt, Ended

_TRIES = 4  # a run that ended before its fault is played again, the fault earlier


@dataclasses.dataclass(frozen=True)
class Reference:
    """A run that nothing interrupted, and what it took."""

    folder: Path
    counts: dict[str, int]
    durations: dict[str, float]
    size: int


class Laboratory:
    """Play injections in a folder.

    Args:
        folder: For data, references and runs.
        jobs: Runs at the same time.
    """

    def __init__(self, folder: Path, jobs: int) -> None:
        self.folder = folder.absolute()
        self.slots = threading.BoundedSemaphore(jobs)
        self.references: dict[str, Reference] = {}
        self.making = {name: threading.Lock() for name in CONFIGURATIONS}
        if not (self.folder / "data").exists():
            write_data(self.folder / "data.part")
            os.replace(self.folder / "data.part", self.folder / "data")

    def settings(self, configuration: str) -> dict[str, Any]:
        """Return the fields of `Config` of a configuration."""
        return settings_of(configuration, self.folder / "data")

    def reference(self, configuration: str) -> Reference:
        """Return the run of a configuration that nothing interrupts; it is made once.

        Raises:
            RuntimeError: If it fails: then nothing can be said about the others.
        """
        with self.making[configuration]:
            if configuration not in self.references:
                self.references[configuration] = self._made(configuration)
            return self.references[configuration]

    def _made(self, configuration: str) -> Reference:
        folder = self.folder / "references" / configuration
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        log = folder.with_suffix(".log")
        log.unlink(missing_ok=True)
        ended = self._run(Attempt(), folder, self.settings(configuration), log, {})
        if ended.code:
            raise RuntimeError(f"the reference run of {configuration} failed: {ended.output}")
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        return Reference(folder, ended.counts, ended.durations, size)

    def play(self, injection: Injection) -> dict[str, Any]:
        """Play one injection and return what came of it, as JSON values.

        `injected` counts how often something befell the run, `lost` says why it could not be
        brought to its end (or is `None`), `different` holds a line for each number that differs.
        """
        reference = self.reference(injection.configuration)
        began = time.monotonic()
        for number in range(_TRIES):
            folder = self.folder / "runs" / injection.key
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            result = self._played(injection, folder, reference, 0.5**number)
            if result["injected"] or result["lost"] or not injection.attempts:
                break
        result["seconds"] = round(time.monotonic() - began, 1)
        if not result["lost"] and not result["different"]:
            shutil.rmtree(folder)
        return result

    def _played(
        self, injection: Injection, folder: Path, reference: Reference, sooner: float
    ) -> dict[str, Any]:
        chance = random.Random(injection.seed)
        settings = self.settings(injection.configuration)
        story = _Story()
        with mounted(folder, injection) as disk:
            run = (disk or folder) / "run"
            # After all that befalls it, a process that nothing befalls: it has to end well.
            for number, attempt in enumerate(
                [*injection.attempts, Attempt(via=_last_way(injection))]
            ):
                log = folder / f"process-{number + 1}.log"
                attempt = _resolved(attempt, reference, sooner, first=number == 0)
                second = None
                if injection.fault == SECOND and attempt.fault:
                    second = _second_process(self, run, settings, folder, story)
                with filled(disk, attempt, reference.size):
                    ended = self._run(attempt, run, settings, log, reference.durations, second)
                story.add(attempt, ended, last=number == len(injection.attempts))
                if story.lost or ended.code == 0:
                    break
                if attempt.then is not None:
                    run = DAMAGES[attempt.then](run, chance)
            different = [] if story.lost else differences(reference.folder, run)
            left = [] if story.lost else left_behind(reference.folder, run)
            if disk and run.exists() and (story.lost or different):
                shutil.copytree(run, folder / "run")  # the disk goes
        return {
            "key": injection.key,
            "fault": _row(injection, story.processes),
            "configuration": injection.configuration,
            "planned": len(injection.attempts),
            "injected": sum(one["hit"] is not None for one in story.processes),
            "lost": story.lost,
            "different": different,
            "left_behind": left,
            "told": story.told,
            "processes": story.processes,
        }

    def _run(
        self,
        attempt: Attempt,
        run: Path,
        settings: dict[str, Any],
        log: Path,
        durations: dict[str, float],
        on_hit: Any = None,
    ) -> Ended:
        with self.slots:
            if attempt.via == "process":
                # What the command's own start takes comes on top of what a fork took.
                seconds = durations.get("run", 10.0) + 5.0
                return processes.run_process(attempt, run, settings, log, seconds)
            more = {} if on_hit is None else {"on_hit": on_hit}
            return processes.run_forked(attempt, run, settings, log, durations, **more)


@dataclasses.dataclass
class _Story:
    """What has befallen a run so far, and why it is lost, if it is."""

    processes: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    told: list[str] = dataclasses.field(default_factory=list)
    lost: str | None = None

    def add(self, attempt: Attempt, ended: Ended, *, last: bool) -> None:
        """Note how a process ended."""
        hit = ended.hit
        if attempt.space is not None and ended.code:
            hit = f"disk full in {ended.phase}"
        elif attempt.clock:
            hit = hit or "clock"
        seconds = round(ended.seconds, 1)
        self.processes.append(
            {"hit": hit, "phase": ended.phase, "code": ended.code, "seconds": seconds}
        )
        self.told += _told(ended)
        if ended.code is None:
            self.lost = f"did not end within {processes.TIMEOUT:.0f} s"
        elif last and ended.code:
            self.lost = f"exit code {ended.code}: {ended.output.strip()[-400:]}"


def _resolved(attempt: Attempt, reference: Reference, sooner: float, *, first: bool) -> Attempt:
    """Fix which call is hit: by how many the reference made; in later attempts, half way."""
    scale = sooner * (1.0 if first else 0.5)
    signals = tuple((phase, share * sooner, number) for phase, share, number in attempt.signals)
    fault = attempt.fault
    if fault is not None:
        place = fault["place"]
        counts = {call: _count(reference.counts, call, place) for call in fault["calls"]}
        call = next((call for call, count in counts.items() if count), fault["calls"][0])
        nth = 1 + int(fault["share"] * scale * max(counts[call] - 1, 0))
        fault = {**fault, "call": call, "nth": nth}
    return dataclasses.replace(attempt, signals=signals, fault=fault)


def _count(counts: dict[str, int], call: str, place: str) -> int:
    return sum(
        count
        for key, count in counts.items()
        if place in ("any", key.split()[1])
        and (key.split()[0] == call or (call == "any" and key.split()[0] in NEEDS_SPACE))
    )


def _last_way(injection: Injection) -> str:
    return injection.attempts[-1].via if injection.attempts else "command"


def _row(injection: Injection, hits: list[dict[str, Any]]) -> str:
    """Return the row: of a kill at a moment that where it truly fell, of all others the plan's."""
    if injection.fault in KILLED.values() and hits and hits[0]["hit"]:
        return KILLED[hits[0]["phase"]]
    return injection.fault


def _told(ended: Ended) -> list[str]:
    """Return what the process said of errors and warnings, and of where it went on."""
    words = ("error:", "warning:", "Warning:", "Traceback", "Continuing")
    return [line[:300] for line in ended.output.splitlines() if any(word in line for word in words)]


def _second_process(
    laboratory: Laboratory, run: Path, settings: dict[str, Any], folder: Path, story: _Story
) -> Any:
    """Return what starts a second process while the first is stopped, and lets the first go on."""

    def start(pid: int) -> None:
        laboratory.slots.release()  # the first does nothing meanwhile
        try:
            for name in ("resume", "begin"):
                log = folder / f"second-{name}.log"
                begin = name == "begin"
                ended = processes.run_forked(Attempt(), run, settings, log, {}, begin=begin)
                if ended.code != 2 or (name == "resume" and f"process {pid} " not in ended.output):
                    story.lost = f"the second process was not refused: {ended.output[-400:]}"
                story.told += _told(ended)
        finally:
            laboratory.slots.acquire()
            os.kill(pid, signal.SIGCONT)

    return start
