"""The page of a comparison: tables, curves and images of several runs."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_keras import plotting
from vae_keras.report import Report, Table
from vae_keras.runs.reading import read_history
from vae_keras.studies.comparable import reason_of_losses
from vae_keras.studies.compare.table import BEST, Row, differing_settings, result_rows
from vae_keras.studies.finished import FinishedRun, RunImages


@dataclass(frozen=True)
class Comparison:
    """Finished runs beside each other.

    Args:
        names: A short name of each run.
        runs: The runs.
        images: First test images of each run and their reconstructions, or `None` if its data
            cannot be loaded.
        reasons: Why a metric cannot be compared, by its name.
        notes: Sentences on what cannot be compared.
    """

    names: Sequence[str]
    runs: Sequence[FinishedRun]
    images: Sequence[RunImages | None]
    reasons: dict[str, str]
    notes: Sequence[str]

    @property
    def numbers(self) -> list[Row]:
        """The rows of the table of metrics."""
        return result_rows(self.runs, incomparable=self.reasons)


def comparison_page(comparison: Comparison) -> Report:
    """Lay a comparison out as a page."""
    header = ("", *comparison.names)
    settings = differing_settings([run.config for run in comparison.runs])
    return Report(
        title=" and ".join(comparison.names) if len(comparison.names) == 2 else "Comparison",
        subtitle=", ".join(str(run.directory.path) for run in comparison.runs),
        findings=[
            {"title": "Cannot be compared", "severity": "warning", "text": note}
            for note in comparison.notes
        ],
        figures=_figures(comparison),
        tables=[
            Table(
                f"Test set and training ({BEST} best of a row)",
                [(row.label, *row.cells) for row in comparison.numbers],
                header,
            ),
            Table("Settings that differ", [(row.label, *row.cells) for row in settings], header),
        ],
    )


def _figures(comparison: Comparison) -> list[tuple[str, bytes]]:
    figures = []
    curves = _curves(comparison)
    if curves is not None:
        figures.append(("Training curves of all runs", _png(curves)))
    together = _reconstructions(comparison)
    own = ["samples"]
    if together is not None:
        caption = "The same test images, and what each run makes of them"
        figures.append((caption, _png(together)))
    else:
        own.insert(0, "reconstructions")
    for figure in own:
        for name, run in zip(comparison.names, comparison.runs, strict=True):
            path = run.directory.figures / f"{figure}.png"
            if path.is_file():
                figures.append((f"{figure.capitalize()} of {name}", path.read_bytes()))
    return figures


def _curves(comparison: Comparison) -> Any | None:
    """Draw the curves of the losses that have the same meaning in all runs."""
    histories = [read_history(run.directory) for run in comparison.runs]
    configs = [run.config for run in comparison.runs]
    losses = [name for name in ("loss", "recon_loss") if reason_of_losses(name, configs) is None]
    metrics = [*losses, "kl_loss"]
    if any(f"val_{name}" in history for name in metrics for history in histories):
        metrics = [f"val_{name}" for name in metrics]
    if not any(name in history for name in metrics for history in histories):
        return None
    return plotting.plot_histories(histories, names=comparison.names, metrics=metrics)


def _reconstructions(comparison: Comparison) -> Any | None:
    """Draw the reconstructions of all runs under the images; `None` if these are not the same."""
    images = [one for one in comparison.images if one is not None]
    if len(images) < len(comparison.runs) or len({one.test_set for one in images}) > 1:
        return None
    axes = plotting.plot_reconstructions_of_models(
        images[0].originals,
        np.stack([one.reconstructions for one in images]),
        # A long name is broken into lines at its spaces.
        names=[name.replace(",", " ") for name in comparison.names],
    )
    return axes.figure


def _png(figure: Any) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150, bbox_inches="tight")
    return content.getvalue()
