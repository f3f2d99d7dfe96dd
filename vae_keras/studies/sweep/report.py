"""The tables and figures of a sweep, written anew after each run."""

from pathlib import Path

from rich.console import Console

from vae_keras.io.files import save_figure, write_text
from vae_keras.io.text import printable
from vae_keras.studies.comparable import in_words, reasons_not_to_compare
from vae_keras.studies.finished import FinishedRun, RunImages, forget_models, run_images
from vae_keras.studies.sweep.figures import (
    rate_distortion_figure,
    reconstructions_figure,
    sweep_figure,
)
from vae_keras.studies.sweep.table import (
    MAIN_METRICS,
    SweepResult,
    by_setting,
    csv_table,
    failures,
    markdown,
    sweep_table,
)


class SweepReport:
    """The results of a sweep so far, and the files that show them.

    Args:
        directory: Directory of the sweep.

    Attributes:
        results: The runs, in the order in which they were added.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.results: list[SweepResult] = []
        self._images: dict[str, RunImages] = {}  # of the first finished run of each setting

    @property
    def finished(self) -> list[SweepResult]:
        """The runs that did not diverge."""
        return [result for result in self.results if result.metrics is not None]

    def add(self, result: SweepResult) -> None:
        """Add a run; the first one of each setting also reconstructs test images."""
        self.results.append(result)
        group = by_setting([result])[0]
        if group.runs and group.label not in self._images:
            self._images[group.label] = run_images(_run(result))
            forget_models()

    def write(self) -> None:
        """Write `sweep.csv`, `sweep.md` and the figures that can be drawn."""
        groups = by_setting(self.results)
        comparable = "recon_loss" not in self._reasons()
        figures = {
            "sweep": sweep_figure(groups),
            "rate_distortion": rate_distortion_figure(groups) if comparable else None,
            "reconstructions": reconstructions_figure(
                {group.title: self._images[group.label] for group in groups if group.runs}
            ),
        }
        drawn = {name: figure for name, figure in figures.items() if figure is not None}
        for name in figures:
            path = self.directory / f"{name}.png"
            if name in drawn:
                save_figure(drawn[name], path)
            else:  # a figure of an earlier state of the sweep
                path.unlink(missing_ok=True)
        write_text(self.directory / "sweep.csv", csv_table(self.results))
        table = markdown(groups, notes=self._notes(), figures=list(drawn))
        write_text(self.directory / "sweep.md", table)

    def print(self, console: Console) -> None:
        """Print the table of the settings, the failed runs, and where the files are."""
        groups = by_setting(self.results)
        console.print()
        console.print(sweep_table(groups))
        for line in (*self._notes(), *failures(groups)):
            console.print(line, highlight=False, soft_wrap=True)
        where = f"Everything is in {printable(self.directory)}"
        console.print(where, style="bold", highlight=False, soft_wrap=True)

    def _notes(self) -> list[str]:
        found = {name for result in self.finished for name in result.numbers}
        return in_words(self._reasons(), found.intersection(MAIN_METRICS))

    def _reasons(self) -> dict[str, str]:
        """Compare the first finished run of each setting; seeds may differ in their data."""
        groups = [group for group in by_setting(self.results) if group.runs]
        return reasons_not_to_compare(
            [_run(group.runs[0]) for group in groups],
            [self._images[group.label] for group in groups],
            MAIN_METRICS,
        )


def _run(result: SweepResult) -> FinishedRun:
    return FinishedRun(result.directory, result.config, result.metrics or {})
