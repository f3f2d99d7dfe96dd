"""The page of a comparison: tables, curves and pictures of several runs."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_keras import plotting
from vae_keras.report import Report, Table
from vae_keras.runs.reading import read_history
from vae_keras.studies.comparable import reason_of_losses
from vae_keras.studies.compare.table import BEST, Row, number_rows, setting_rows
from vae_keras.studies.finished import FinishedRun, RunImages


@dataclass(frozen=True)
class Comparison:
    """Finished runs beside each other.

    Args:
        names: A short name of each run.
        runs: The runs.
        images: What each run's model makes of its first test images, or `None` where its data
            cannot be loaded.
        reasons: Numbers that do not compare, and why.
        notes: Sentences on what does not compare.
    """

    names: Sequence[str]
    runs: Sequence[FinishedRun]
    images: Sequence[RunImages | None]
    reasons: dict[str, str]
    notes: Sequence[str]

    @property
    def numbers(self) -> list[Row]:
        """The table of numbers."""
        return number_rows(self.runs, incomparable=self.reasons)


def comparison_page(comparison: Comparison) -> Report:
    """Lay a comparison out as a page."""
    header = ("", *comparison.names)
    settings = setting_rows([run.config for run in comparison.runs])
    return Report(
        title=" and ".join(comparison.names) if len(comparison.names) == 2 else "Comparison",
        subtitle=", ".join(str(run.directory.path) for run in comparison.runs),
        findings=[
            {"title": "Does not compare", "severity": "warning", "text": note}
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
    for picture in own:
        for name, run in zip(comparison.names, comparison.runs, strict=True):
            path = run.directory.figures / f"{picture}.png"
            if path.is_file():
                figures.append((f"{picture.capitalize()} of {name}", path.read_bytes()))
    return figures


def _curves(comparison: Comparison) -> Any | None:
    """Draw the curves of losses that mean the same in all runs."""
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
    """Draw the reconstructions of all runs under the same images; `None` if they are not."""
    images = [one for one in comparison.images if one is not None]
    if len(images) < len(comparison.runs) or len({one.test_set for one in images}) > 1:
        return None
    axes = plotting.plot_reconstructions_of_models(
        images[0].originals,
        np.stack([one.reconstructions for one in images]),
        names=[
            name.replace(",", " ") for name in comparison.names
        ],  # which it may break into lines
    )
    return axes.figure


def _png(figure: Any) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150, bbox_inches="tight")
    return content.getvalue()
