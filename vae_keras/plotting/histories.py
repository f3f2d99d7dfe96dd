"""Training curves of several runs, to compare them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.catalog import metric
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

_COLUMNS = 3  # panels in a row


def plot_histories(
    histories: Sequence[Mapping[str, Sequence[float]]],
    *,
    names: Sequence[str],
    metrics: Sequence[str] = ("val_loss", "val_recon_loss", "val_kl_loss"),
    figure: Figure | SubFigure | None = None,
) -> Figure | SubFigure:
    """Draw the curves of several trainings over each other, one panel for each metric.

    The limits of the axes are those of `plot_history`: they fit the epochs from the second on, and
    triangles and a note show the values beyond them. The runs may differ in length.

    Args:
        histories: One history for each run, as `plot_history` takes it; at most ten, as there
            are ten colours.
        names: Name of each run, for the legend.
        metrics: Names of the metrics to draw; a metric that no run has is left out. Defaults to
            the validation's loss, reconstruction loss and KL.
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
            lines = math.ceil(len(labels) / _beside(labels, width))
            figure = new_figure((width, 2.7 * rows + 0.2 * lines))
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        legend: dict[int, Line2D] = {}
        for ax, metric_name in zip(axes, panels, strict=False):
            curves = {
                run: series[metric_name]
                for run, (series, _) in enumerate(runs)
                if metric_name in series
            }
            legend = _draw_curves(ax, curves, labels, epochs) | legend
        # Above the notes, with which they would share a line too short for both.
        noted = any(ax.get_title(loc="right") for ax in axes)
        for ax, metric_name in zip(axes, panels, strict=False):
            _name_axes(ax, metric_name, y=1.1 if noted else None)
        for ax in axes[len(panels) :]:
            ax.remove()
        handles = [legend[run] for run in sorted(legend)]
        ncols = _beside(labels, figure.bbox.width / figure.dpi)
        figure.legend(handles=handles, loc="outside upper center", ncols=min(ncols, len(handles)))
    return figure


def _draw_curves(
    ax: Axes, curves: Mapping[int, np.ndarray], labels: Sequence[str], epochs: int
) -> dict[int, Line2D]:
    """Draw one metric of the runs that have it, on limits that fit them all; return the lines."""
    padded = [_padded(curve, epochs) for curve in curves.values()]
    limits = robust_limits(padded)
    lines = {
        run: draw_curve(
            ax,
            curve,
            limits,
            color=PALETTE[run],
            dots=epochs <= MOST_DOTS,
            label=labels[run],
        )
        for run, curve in curves.items()
    }
    fit_limits(ax, padded, limits)
    epoch_axis(ax, epochs)
    return lines


def _beside(labels: Sequence[str], width: float) -> int:
    """Return how many entries of the legend fit beside each other into a width in inches."""
    return max(1, int(width / (text_width(labels) + 0.5)))


def _padded(curve: np.ndarray, epochs: int) -> np.ndarray:
    return np.pad(curve, (0, epochs - len(curve)), constant_values=np.nan)


def _name_axes(ax: Axes, name: str, *, y: float | None) -> None:
    """Write the metric above the axes, and beside them whether it is training's or validation's."""
    drawn = metric(name.removeprefix("val_"))
    of = "validation" if name.startswith("val_") else "training"
    ax.set_title(drawn.title, loc="left", y=y)
    ax.set_ylabel(f"{of} ({drawn.unit})" if drawn.unit else of)
