"""What came of the malformed files: a row for each kind, and what went wrong."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Row(NamedTuple):
    """The files of one kind.

    Attributes:
        kind: What is wrong with them.
        files: How many.
        refused: With a clear error of the package.
        as_whole: Loaded, with the content of the whole file: the damage is beside it.
        other: Loaded, with other content: a valid file with other values.
        touched: Had something run, read or written.
        seconds: The longest, by the wall clock.
        processor: The longest, of the processor: what a busy machine leaves as it is.
        mib: The most memory that one took, beyond what the process held.
    """

    kind: str
    files: int
    refused: int
    as_whole: int
    other: int
    touched: int
    seconds: float
    processor: float
    mib: float


def rows_by_kind(results: Iterable[dict[str, Any]]) -> list[Row]:
    """Return a row for each kind, in the order of their first file."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for one in results:
        kinds.setdefault(one["kind"], []).append(one)
    return [_row(kind, found) for kind, found in kinds.items()]


def _row(kind: str, results: Sequence[dict[str, Any]]) -> Row:
    loaded = [one for one in results if one["outcome"] == "loaded"]
    same = sum(bool(one["same"]) for one in loaded)
    return Row(
        kind,
        len(results),
        sum(one["outcome"] == "refused" for one in results),
        same,
        len(loaded) - same,
        sum(bool(one["touched"] or one["executed"]) for one in results),
        max(one["seconds"] for one in results),
        max(one["processor"] for one in results),
        max(one["mib"] for one in results),
    )


def markdown(rows: Sequence[Row]) -> str:
    """Return the table, with a sum at its end."""
    total = Row(
        "**all**",
        *(sum(values) for values in list(zip(*rows, strict=True))[1:6]),
        max(row.seconds for row in rows),
        max(row.processor for row in rows),
        max(row.mib for row in rows),
    )
    lines = [
        "| kind | files | refused | loaded, same content | loaded, other content "
        "| ran, read or wrote | longest, s | of the processor, s | most memory, MiB |",
        "| --- " + "| ---: " * 8 + "|",
    ]
    for row in (*rows, total):
        numbers = " | ".join(map(str, row[1:6]))
        lines.append(
            f"| {row.kind} | {numbers} | {row.seconds:.2f} | {row.processor:.2f} | {row.mib:.0f} |"
        )
    return "\n".join(lines) + "\n"


def faults(results: Iterable[dict[str, Any]], *, most_seconds: float, most_mib: float) -> list[str]:
    """Return a line for each file with which something went wrong."""
    lines = []
    for one in results:
        wrong = [text for text in (one["touched"], one["executed"]) if text]
        if one["outcome"] not in ("refused", "loaded"):
            wrong.append(f"{one['outcome']}: {one.get('message', '')}")
        elif one.get("command", "refused") != "refused":
            wrong.append(f"command: {one['command']}: {one.get('message', '')}")
        # By both clocks: a neighbour's work stretches one of them.
        if min(one["seconds"], one["processor"]) > most_seconds:
            wrong.append(f"{one['seconds']:.1f} s")
        if one["mib"] > most_mib:
            wrong.append(f"{one['mib']:.0f} MiB")
        if wrong:
            lines.append(f"{one['name']}: {'; '.join(wrong)}")
    return lines
