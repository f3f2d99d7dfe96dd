"""The result as a table: what befell the runs, how often, and what it did."""

from collections.abc import Sequence
from typing import Any

from faults.injections import FAULTS


def summed(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each fault: runs, times injected, runs lost, numbers that differ.

    Args:
        results: What `Laboratory.play` returned, in any order.
    """
    rows = []
    for fault in FAULTS:
        ours = [one for one in results if one["fault"] == fault]
        if ours:
            rows.append(
                {
                    "fault": fault,
                    "runs": len(ours),
                    "injected": sum(one["injected"] for one in ours),
                    "lost": sum(one["lost"] is not None for one in ours),
                    "different": sum(len(one["different"]) for one in ours),
                }
            )
    total = {
        key: sum(row[key] for row in rows) for key in ("runs", "injected", "lost", "different")
    }
    return [*rows, {"fault": "all", **total}]


def markdown(results: Sequence[dict[str, Any]]) -> str:
    """Return the table as Markdown."""
    lines = [
        "| fault | runs | times injected | runs lost | numbers that differ |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in summed(results):
        values = " | ".join(str(row[key]) for key in ("runs", "injected", "lost", "different"))
        lines.append(f"| {row['fault']} | {values} |")
    return "\n".join(lines) + "\n"


def complaints(results: Sequence[dict[str, Any]]) -> list[str]:
    """Return a line for each run that was lost, differs, or was never hit."""
    lines = []
    for one in results:
        if one["lost"]:
            lines.append(f"lost: {one['key']} ({one['configuration']}): {one['lost']}")
        if one["different"]:
            first, count = one["different"][0], len(one["different"])
            lines.append(f"differs: {one['key']} ({one['configuration']}): {count}, say {first}")
        if not one["injected"] and one["processes"][0]["hit"] is None and one["planned"]:
            lines.append(f"not hit: {one['key']} ({one['configuration']})")
    return lines
