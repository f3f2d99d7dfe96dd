"""Runs side by side as tables: their metrics, and the settings in which they differ."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from vae_keras.catalog import STANDARD_ERROR, metric
from vae_keras.config.config import Config
from vae_keras.studies.finished import FinishedRun
from vae_keras.studies.metrics import compared_metrics, metrics_of_test, value_and_deviation
from vae_keras.studies.sweep.values import value_text

BEST = "*"
_RUNS_WITH_ERRORS = 2  # fit in 80 columns
_TRAINING = (
    ("parameters", "parameters", "{:,}"),
    ("epochs", "epochs trained", "{}"),
    ("seconds", "seconds of training", "{:.0f}"),
)


@dataclass(frozen=True)
class Row:
    """A row of a table that has a column for each run.

    Args:
        label: Name of the row.
        cells: Text of each run; empty for a run without it.
    """

    label: str
    cells: tuple[str, ...]


def result_rows(runs: Sequence[FinishedRun], *, incomparable: Collection[str]) -> list[Row]:
    """Return the metrics of the test sets, and what the trainings took.

    A metric has its standard error beside it if that is known. The best value of a row is marked,
    unless the values are equal or cannot be compared.

    Args:
        runs: The runs.
        incomparable: Names of the metrics that cannot be compared.
    """
    rows = []
    for name in compared_metrics(run.metrics for run in runs):
        cells = [_cell(name, run) for run in runs]
        if name not in incomparable:
            for number in _best(name, runs):
                cells[number] += f" {BEST}"
        rows.append(Row(metric(name).heading, tuple(cells)))
    for name, label, form in _TRAINING:
        values = [run.metrics.get("training", {}).get(name) for run in runs]
        cells = ["" if value is None else form.format(value) for value in values]
        if any(cells):
            rows.append(Row(label, tuple(cells)))
    return rows


def differing_settings(configs: Sequence[Config]) -> list[Row]:
    """Return the settings that are not the same in all runs."""
    columns: list[dict[str, Any]] = [config.to_dict() for config in configs]
    return [
        Row(name, tuple(value_text(column[name]) for column in columns))
        for name in columns[0]
        if any(column[name] != columns[0][name] for column in columns)
    ]


def run_names(paths: Sequence[Path]) -> list[str]:
    """Return a name for each run: the shortest end of its path that no other run has."""
    parts = [path.resolve().parts for path in paths]
    most = max(map(len, parts))
    return next(
        names
        for length in range(1, most + 1)
        if len(set(names := ["/".join(one[-length:]) for one in parts])) == len(parts)
    )


def comparison_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """Lay rows out for a terminal; for more than two runs, without the standard errors."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        cells = row.cells
        if len(names) > _RUNS_WITH_ERRORS:
            cells = tuple(re.sub(r" ± \S+", "", cell) for cell in cells)
        table.add_row(row.label, *cells)
    return table


def _cell(name: str, run: FinishedRun) -> str:
    found = metrics_of_test(run.metrics)
    if name not in found:
        return ""
    return value_and_deviation(name, found[name], found.get(f"{name}{STANDARD_ERROR}"))


def _best(name: str, runs: Sequence[FinishedRun]) -> list[int]:
    """Return which runs have the best value of a metric; none if all have the same value."""
    better = metric(name).better
    values = {number: metrics_of_test(run.metrics).get(name) for number, run in enumerate(runs)}
    known = {number: value for number, value in values.items() if value is not None}
    if better is None or len(set(known.values())) < 2:
        return []
    best = (min if better == "lower" else max)(known.values())
    return [number for number, value in known.items() if value == best]
