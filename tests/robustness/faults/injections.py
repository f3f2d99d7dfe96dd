"""Which faults, how many of each, where and when: a list that a seed decides."""

import dataclasses
import errno
import random
import signal
from collections.abc import Callable, Sequence
from typing import Any

from faults.damage import YEAR
from faults.files import PHASES
from faults.processes import Attempt

KILLED = {
    phase: f"killed, {text}"
    for phase, text in zip(
        PHASES,
        (
            "starting",
            "training",
            "saving the model",
            "evaluating",
            "drawing figures",
            "writing the report",
        ),
        strict=True,
    )
}
IN_CHECKPOINT = "killed, writing a checkpoint"
SEVERAL = "killed three times"
SECOND = "a second process"
NOTHING = "nothing, again"

_KILL, _STOP = int(signal.SIGKILL), int(signal.SIGSTOP)
_INTERRUPT, _TERMINATE = int(signal.SIGINT), int(signal.SIGTERM)
_WRITING = ("create", "write", "close", "fsync", "replace", "unlink")
# Shares of the kills, in per cent.
_KILLS = {
    KILLED["start-up"]: 10,
    KILLED["training"]: 24,
    IN_CHECKPOINT: 24,
    KILLED["model"]: 12,
    KILLED["evaluation"]: 6,
    KILLED["figures"]: 8,
    KILLED["report"]: 8,
    SEVERAL: 8,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Injection:
    """A run, and all that befalls it.

    Args:
        key: Its name, the same for the same seed.
        fault: The row of the table.
        configuration: One of `CONFIGURATIONS`.
        attempts: The processes that something befalls; one that nothing befalls follows.
        seed: Of what is left to chance while it is played.
    """

    key: str
    fault: str
    configuration: str
    attempts: tuple[Attempt, ...]
    seed: int


def planned(
    *, kills: int, others: int, seed: int, configurations: Sequence[str], small_disk: bool
) -> list[Injection]:
    """Return the injections of a harness' run, in an order that mixes them.

    A larger number leaves the injections of a smaller one as they are.

    Args:
        kills: Number of runs that are killed.
        others: Number of runs for each other fault.
        seed: Decides everything.
        configurations: The names to spread them over.
        small_disk: Whether a small file system can be mounted.
    """
    counts = {**_spread(kills), **dict.fromkeys(_OTHERS, others)}
    if not small_disk:
        counts.pop(SMALL_DISK)
    if others:
        counts[NOTHING] = len(configurations)
    found = []
    for fault, count in counts.items():
        for number in range(count):
            key = f"{fault}, {number + 1}"
            chance = random.Random(f"{seed} {key}")
            if fault == NOTHING:
                configuration = configurations[number]
            else:
                configuration = chance.choice(list(configurations))
            found.append(
                Injection(
                    key=key,
                    fault=fault,
                    configuration=configuration,
                    attempts=_PLANS[fault](chance),
                    seed=chance.randrange(2**32),
                )
            )
    # By a number of its own each, so that a longer list is the shorter one with more between.
    return sorted(found, key=lambda one: one.seed)


def _spread(kills: int) -> dict[str, int]:
    """Share the kills out; what rounding leaves goes to the largest remainders."""
    counts = {fault: kills * share // 100 for fault, share in _KILLS.items()}
    rest = sorted(_KILLS, key=lambda fault: -(kills * _KILLS[fault] % 100))
    for fault in rest[: kills - sum(counts.values())]:
        counts[fault] += 1
    return counts


def _via(chance: random.Random) -> str:
    return chance.choice(["command", "command", "python"])


def _timed(phase: str, number: int = _KILL) -> Callable[[random.Random], tuple[Attempt, ...]]:
    def plan(chance: random.Random) -> tuple[Attempt, ...]:
        signals = ((phase, chance.random() * 0.95, number),)
        return (Attempt(via=_via(chance), signals=signals),)

    return plan


def _fault(chance: random.Random, do: str, calls: Sequence[str], place: str, **more: Any) -> dict:
    return {
        "do": do,
        "calls": tuple(chance.sample(list(calls), len(calls))),
        "place": place,
        "share": chance.random(),
        **more,
    }


def _placed(place: str, calls: Sequence[str] = _WRITING) -> Callable[..., tuple[Attempt, ...]]:
    def plan(chance: random.Random) -> tuple[Attempt, ...]:
        when = chance.choice(["before", "half", "after"])
        fault = _fault(chance, "signal", calls, place, signal=_KILL, when=when)
        return (Attempt(via=_via(chance), fault=fault),)

    return plan


def _starting(chance: random.Random) -> tuple[Attempt, ...]:
    if chance.random() < 0.5:
        return _timed("start-up")(chance)
    if chance.random() < 0.5:
        place = chance.choice(["config", "environment", "lock"])
        return _placed(place, ("create", "write", "close", "replace"))(chance)
    signals = (("run", chance.random() * 0.4, _KILL),)
    return (Attempt(via="process", signals=signals),)


def _training(chance: random.Random) -> tuple[Attempt, ...]:
    if chance.random() < 0.75:
        return _timed("training")(chance)
    signals = (("run", 0.3 + chance.random() * 0.3, _KILL),)
    return (Attempt(via="process", signals=signals),)


def _one_of(*plans: Callable[[random.Random], tuple[Attempt, ...]]) -> Callable[..., Any]:
    return lambda chance: chance.choice(plans)(chance)


def _several(chance: random.Random) -> tuple[Attempt, ...]:
    """Kill the run, and twice the process that continues it: early or anywhere."""
    plans = [
        _placed("checkpoint", ("create", "write", "replace", "unlink", "open", "read")),
        _timed("training"),
        _timed("start-up"),
        _placed("model"),
    ]
    first = _one_of(*plans[:2])(chance)
    return (*first, *_one_of(*plans)(chance), *_one_of(*plans)(chance))


def _interrupted_twice(chance: random.Random) -> tuple[Attempt, ...]:
    """Ctrl-C while training, and again while the model so far is being saved."""
    again = _fault(chance, "signal", _WRITING, "model", signal=_INTERRUPT, when="before")
    signals = (("training", chance.random() * 0.9, _INTERRUPT),)
    return (Attempt(via=_via(chance), signals=signals, fault=again),)


def _full(chance: random.Random) -> tuple[Attempt, ...]:
    place = chance.choice(["any", "any", "checkpoint", "model", "history", "figures", "report"])
    calls = ("any",) if place == "any" else ("create", "write")
    lasting = chance.random() < 0.7
    fault = _fault(chance, "error", calls, place, errno=errno.ENOSPC, lasting=lasting)
    return (Attempt(via=_via(chance), fault=fault),)


def _small_disk(chance: random.Random) -> tuple[Attempt, ...]:
    return (Attempt(via=_via(chance), space=chance.random() ** 2 * 0.95),)


def _bad_disk(chance: random.Random) -> tuple[Attempt, ...]:
    """One call fails or, of a kind, all from the n-th on; a second process meets the like."""
    faults = []
    for place in (chance.choice(["any", "checkpoint", "model", "history"]), "checkpoint"):
        calls = ("open", "create", "write", "fsync", "replace", "close", "read")
        lasting = chance.random() < 0.5
        fault = _fault(chance, "error", calls, place, errno=errno.EIO, lasting=lasting)
        faults.append(Attempt(via=_via(chance), fault=fault))
    return tuple(faults[: chance.choice([1, 2])])


def _damaged(*names: str) -> Callable[[random.Random], tuple[Attempt, ...]]:
    def plan(chance: random.Random) -> tuple[Attempt, ...]:
        fault = _fault(chance, "signal", ("replace",), "checkpoint", signal=_KILL, when="after")
        fault["share"] = 0.15 + 0.85 * fault["share"]  # two checkpoints are there by then
        return (Attempt(via=_via(chance), fault=fault, then=chance.choice(names)),)

    return plan


def _clock(chance: random.Random) -> tuple[Attempt, ...]:
    """The clock jumps in training; the run is killed, and continues at yet another time."""
    one = chance.choice([-YEAR, YEAR])
    first = _timed("training")(chance)[0]
    jumps = {"start-up": 0.0, "training": one}
    return (
        dataclasses.replace(first, clock=jumps),
        Attempt(via=_via(chance), clock={"start-up": -one, "evaluation": one}),
    )


def _memory(chance: random.Random) -> tuple[Attempt, ...]:
    place = chance.choice(["checkpoint", "checkpoint", "history", "model", "figures"])
    more = chance.choice([0, 1, 16]) * 2**20
    return (
        Attempt(via=_via(chance), fault=_fault(chance, "memory", ("create",), place, bytes=more)),
    )


def _second(chance: random.Random) -> tuple[Attempt, ...]:
    """Stop the first process in the middle; the harness starts the second, and lets it go on."""
    fault = _fault(chance, "signal", ("replace",), "checkpoint", signal=_STOP, when="after")
    return (Attempt(via=_via(chance), fault=fault),)


SMALL_DISK = "disk full (a small file system)"
_OTHERS: dict[str, Callable[[random.Random], tuple[Attempt, ...]]] = {
    "Ctrl-C": _timed("training", _INTERRUPT),
    "Ctrl-C twice": _interrupted_twice,
    "SIGTERM": _one_of(*(_timed(phase, _TERMINATE) for phase in PHASES[1:4])),
    SMALL_DISK: _small_disk,
    "disk full (ENOSPC at the n-th call)": _full,
    "disk fails (EIO at the n-th call)": _bad_disk,
    "out of memory": _memory,
    "newest checkpoint cut short": _damaged("cut short", "zeros at the end"),
    "bits of the newest checkpoint flipped": _damaged("bits flipped"),
    "newest checkpoint lost": _damaged("newest removed"),
    "all checkpoints cut in half": _damaged("all cut"),
    "newest checkpoint a year older": _damaged("older by the clock"),
    "clock jumps by a year": _clock,
    SECOND: _second,
    "run moved": _damaged("moved"),
}
_PLANS: dict[str, Callable[[random.Random], tuple[Attempt, ...]]] = {
    KILLED["start-up"]: _starting,
    KILLED["training"]: _training,
    IN_CHECKPOINT: _placed("checkpoint"),
    KILLED["model"]: _one_of(_placed("model"), _timed("model")),
    KILLED["evaluation"]: _one_of(_timed("evaluation"), _placed("evaluation")),
    KILLED["figures"]: _one_of(_timed("figures"), _placed("figures"), _placed("metrics")),
    KILLED["report"]: _one_of(_timed("report"), _placed("report")),
    SEVERAL: _several,
    NOTHING: lambda chance: (),
    **_OTHERS,
}
FAULTS = (*_KILLS, *_OTHERS, NOTHING)
