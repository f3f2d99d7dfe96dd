"""The results of a sweep as tables: a row for each run, or a row for each setting."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from vae_keras.catalog import METRICS
from vae_keras.config.config import Config
from vae_keras.runs.directory import RunDirectory
from vae_keras.studies.metrics import mean_and_deviation, metrics_of_test, value_and_deviation
from vae_keras.studies.sweep.values import value_text

# The columns of the table of settings; `_LEGEND` explains their headings.
MAIN_METRICS = (
    "loss",
    "recon_loss",
    "kl_loss",
    "elbo",
    "mse",
    "ssim",
    "knn_accuracy",
    "active_units",
    "sample_diversity",
)
_LEGEND = (
    "loss, recon(struction), KL and ELBO in nats an image (the loss of an autoencoder per pixel); "
    "MSE and SSIM of reconstructions; k-NN: accuracy of the codes; active: dimensions of the code "
    "that are used; diversity of samples: RMS difference of two of them."
)
_TRAINING = ("epochs", "seconds", "parameters")


@dataclass(frozen=True)
class SweepResult:
    """One run of a sweep.

    Args:
        settings: The varied settings.
        config: All settings.
        directory: Directory of the run.
        metrics: Content of its `metrics.json`, or `None` if training diverged.
        error: Why training diverged. Defaults to `None`.
    """

    settings: dict[str, Any]
    config: Config
    directory: RunDirectory
    metrics: dict[str, Any] | None
    error: str | None = None

    @property
    def numbers(self) -> dict[str, float]:
        """The metrics of the test set; empty if training diverged."""
        return {} if self.metrics is None else metrics_of_test(self.metrics)


@dataclass(frozen=True)
class SettingResults:
    """The runs with the same values of the varied settings, which differ in their seeds.

    Args:
        settings: The varied settings except the seed.
        runs: The runs that finished.
        failed: The runs that diverged.
    """

    settings: dict[str, Any]
    runs: tuple[SweepResult, ...]
    failed: tuple[SweepResult, ...]

    @property
    def label(self) -> str:
        """The values of the settings, say `"10, conv"`."""
        return ", ".join(map(value_text, self.settings.values())) or "all seeds"

    @property
    def title(self) -> str:
        """The settings with their values, say `"latent_dim=10 architecture=conv"`."""
        return " ".join(f"{name}={value_text(value)}" for name, value in self.settings.items())


def by_setting(results: Sequence[SweepResult]) -> list[SettingResults]:
    """Gather the runs of each setting over its seeds, in the order of the runs."""
    groups: dict[str, list[SweepResult]] = {}
    for result in results:
        groups.setdefault(str(_without_seed(result)), []).append(result)
    return [
        SettingResults(
            _without_seed(group[0]),
            tuple(result for result in group if result.metrics is not None),
            tuple(result for result in group if result.metrics is None),
        )
        for group in groups.values()
    ]


def csv_table(results: Sequence[SweepResult]) -> str:
    """Write a row for each run: varied settings, training, every metric of the test set."""
    names = list(dict.fromkeys(name for result in results for name in result.numbers))
    varied = list(results[0].settings)
    text = io.StringIO()
    writer = csv.writer(text)
    training = [f"training_{name}" for name in _TRAINING]
    writer.writerow(["run", *varied, *training, *names, "error"])
    for result in results:
        trained = {} if result.metrics is None else result.metrics["training"]
        writer.writerow(
            [
                result.directory.path.name,
                *map(value_text, result.settings.values()),
                *(trained.get(name, "") for name in _TRAINING),
                *(result.numbers.get(name, "") for name in names),
                result.error or "",
            ]
        )
    return text.getvalue()


def rows_by_setting(groups: Sequence[SettingResults]) -> tuple[list[str], list[list[str]]]:
    """Return the headings and a row for each group: its settings and its main metrics.

    A metric is the mean over the seeds, with their standard deviation if there are several.
    """
    names = [
        name
        for name in MAIN_METRICS
        if any(name in run.numbers for group in groups for run in group.runs)
    ]
    headings = [*groups[0].settings, "seeds", *(METRICS[name].column for name in names)]
    rows = []
    for group in groups:
        count = f"{len(group.runs)}"
        if group.failed:
            count += f" of {len(group.runs) + len(group.failed)}"
        cells = [_cell(name, group) for name in names]
        rows.append([*map(value_text, group.settings.values()), count, *cells])
    return headings, rows


def markdown(
    groups: Sequence[SettingResults], *, notes: Sequence[str], figures: Sequence[str]
) -> str:
    """Write the table of the settings as Markdown.

    Args:
        groups: Runs by setting.
        notes: Sentences on what cannot be compared.
        figures: Names of the figures beside the file, without the suffix.
    """
    headings, rows = rows_by_setting(groups)
    config = next(result for group in groups for result in (*group.runs, *group.failed)).config
    lines = [
        f"# Sweep over {', '.join(groups[0].settings) or 'seed'}",
        "",
        f"Test set of {config.data or config.dataset}; mean ± standard deviation over the seeds. "
        "`sweep.csv` has every metric of every run.",
        "",
        f"| {' | '.join(headings)} |",
        f"|{' --- |' * len(headings)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    remarks = [_LEGEND, *notes, *failures(groups)]
    images = [f"![{name}]({name}.png)" for name in figures]
    return "\n\n".join(["\n".join(lines), *remarks, *images]) + "\n"


def sweep_table(groups: Sequence[SettingResults]) -> Table:
    """Lay out the table of the settings for a terminal."""
    headings, rows = rows_by_setting(groups)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    settings = len(groups[0].settings)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number < settings else "right", overflow="fold")
    for row in rows:
        table.add_row(*(cell.replace(" ± ", "\n±") for cell in row))  # fits in 80 columns
    return table


def failures(groups: Sequence[SettingResults]) -> list[str]:
    """Return a line for each run that diverged."""
    return [
        f"{result.directory.path.name} did not finish: {result.error}"
        for group in groups
        for result in group.failed
    ]


def _cell(name: str, group: SettingResults) -> str:
    values = [run.numbers[name] for run in group.runs if name in run.numbers]
    return value_and_deviation(name, *mean_and_deviation(values)) if values else ""


def _without_seed(result: SweepResult) -> dict[str, Any]:
    return {name: value for name, value in result.settings.items() if name != "seed"}
