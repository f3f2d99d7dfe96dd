"""Training curves of several runs, to compare them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.errors import ArgumentError
from vae_keras.plotting._checks import check_names
from vae_keras.plotting._curves import MOST_DOTS, draw_curve, epoch_axis, fit_limits
from vae_keras.plotting._series import read_series, robust_limits
from vae_keras.plotting._text import text_width
from vae_keras.plotting.style import FIGURE_WIDTH, PALETTE, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

# Title and unit of a metric, without the `val_` before it.
_METRICS = {
    "loss": ("Loss", "nats"),
    "recon_loss": ("Reconstruction", "nats"),
    "kl_loss": ("KL divergence", "nats"),
    "kl_scaled": ("Scaled KL", "nats"),
    "kl_weight": ("KL weight", None),
    "learning_rate": ("Learning rate", None),
}
_COLUMNS = 3


def plot_histories(
    histories: Sequence[Mapping[str, Sequence[float]]],
    *,
    names: Sequence[str],
    metrics: Sequence[str] = ("val_loss", "val_recon_loss", "val_kl_loss"),
    figure: Figure | SubFigure | None = None,
) -> Figure | SubFigure:
    """Draw the curves of several trainings over each other, one panel for each metric.

    The axes are chosen as those of `plot_history`: for the epochs from the second on, with
    triangles and a note for values that are off them. The runs may differ in length.

    Args:
        histories: One history for each run, as `plot_history` takes it; at most ten, as there
            are no more colours that stay apart.
        names: Name of each run, for the legend.
        metrics: What to draw, by the names in the histories; one that no run has is left out.
            Defaults to the validation's loss, reconstruction loss and KL.
        figure: Figure to draw on. Defaults to a new one.

    Returns:
        The figure, with up to three panels in a row.

    Raises:
        ArgumentError: If there are no histories or more than ten, no metric is in any of them,
            or `names` does not fit.
    """
    if not 1 <= len(histories) <= len(PALETTE):
        raise ArgumentError(
            f"`histories` must be 1 to {len(PALETTE)} runs. Received: {len(histories)} runs"
        )
    labels = check_names("names", names, len(histories), "histories")
    runs = [read_series(history) for history in histories]
    epochs = max(length for _, length in runs)
    panels = [metric for metric in metrics if any(metric in series for series, _ in runs)]
    if not panels:
        known = sorted({name for series, _ in runs for name in series})
        raise ArgumentError(
            f"`metrics` must name something that a run has: {', '.join(known)}. "
            f"Received: metrics={tuple(metrics)}"
        )
    columns = min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    with style():
        if figure is None:
            width = FIGURE_WIDTH if columns > 1 else 5.0
            figure = new_figure(
                (width, 2.7 * rows + 0.2 * math.ceil(len(labels) / _beside(labels, width)))
            )
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        legend: dict[int, Line2D] = {}
        for ax, metric in zip(axes, panels, strict=False):
            curves = {
                run: series[metric] for run, (series, _) in enumerate(runs) if metric in series
            }
            padded = [_padded(curve, epochs) for curve in curves.values()]
            limits = robust_limits(padded)
            for run, curve in curves.items():
                line = draw_curve(
                    ax,
                    curve,
                    limits,
                    color=PALETTE[run],
                    dots=epochs <= MOST_DOTS,
                    label=labels[run],
                )
                legend.setdefault(run, line)
            fit_limits(ax, padded, limits)
            epoch_axis(ax, epochs)
        # Above the notes, with which they would share a line too short for both.
        noted = any(ax.get_title(loc="right") for ax in axes)
        for ax, metric in zip(axes, panels, strict=False):
            _name_axes(ax, metric, y=1.1 if noted else None)
        for ax in axes[len(panels) :]:
            ax.remove()
        handles = [legend[run] for run in sorted(legend)]
        ncols = _beside(labels, figure.bbox.width / figure.dpi)
        figure.legend(handles=handles, loc="outside upper center", ncols=min(ncols, len(handles)))
    return figure


def _beside(labels: Sequence[str], width: float) -> int:
    """Return how many entries of the legend fit beside each other into a width in inches."""
    return max(1, int(width / (text_width(labels) + 0.5)))


def _padded(curve: np.ndarray, epochs: int) -> np.ndarray:
    return np.pad(curve, (0, epochs - len(curve)), constant_values=np.nan)


def _name_axes(ax: Axes, metric: str, *, y: float | None) -> None:
    """Write what the metric is over the axes, and whose at their side."""
    title, unit = _METRICS.get(metric.removeprefix("val_"), (metric.removeprefix("val_"), None))
    of = "validation" if metric.startswith("val_") else "training"
    ax.set_title(title, loc="left", y=y)
    ax.set_ylabel(of if unit is None else f"{of} ({unit})")
