"""Training curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.catalog import METRICS
from vae_keras.errors import ArgumentError
from vae_keras.plotting._curves import MOST_DOTS, draw_curve, epoch_axis, fit_limits
from vae_keras.plotting._series import best_epoch, read_series, robust_limits, warmup_end
from vae_keras.plotting.style import (
    FIGURE_WIDTH,
    PALETTE,
    fix_ticks,
    new_figure,
    style,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

TRAIN_COLOR = PALETTE[0]
VALIDATION_COLOR = PALETTE[6]
_RATE_COLOR = PALETTE[4]

_PANELS = ("loss", "recon_loss", "kl_loss", "kl_weight")
# Up to so many learning rates are ticks of their own; more are read off powers of ten.
_MOST_RATES = 4


def plot_history(
    history: Mapping[str, Sequence[float]], *, figure: Figure | SubFigure | None = None
) -> Figure | SubFigure:
    """Draw the curves of a training: loss, reconstruction, KL and KL weight, epoch by epoch.

    Training and validation have the same two colours in every panel. The learning rate, where it
    was recorded, is drawn as a step on a logarithmic axis at the right of the KL weight. A thin
    line marks the epoch in which the KL warm-up ends, a star the smallest validation loss from
    that epoch on.

    The axes of loss, reconstruction and KL are chosen for the epochs from the second on, so that
    the huge values of an untrained model do not squash the rest: a value that is off the axis is
    shown by a triangle at its edge, and the panel's corner says how far such values go.

    Args:
        history: Lists of one number for each epoch, as `keras.callbacks.History.history`, with
            any of `loss`, `recon_loss`, `kl_loss`, `kl_weight`, the same with `val_` before
            them, and `learning_rate`. Others are not drawn; a panel without values is left out.
        figure: Figure to draw on. Defaults to a new one.

    Returns:
        The figure.

    Raises:
        ArgumentError: If nothing in `history` can be drawn, or its lists differ in length.

    Example:
        >>> plot_history(model.fit(images, epochs=20).history).savefig("history.png")
    """
    series, epochs = read_series(history)
    panels = _panels(series)
    if not panels:
        raise ArgumentError(
            "`history` must hold at least one of loss, recon_loss, kl_loss, kl_weight, "
            f"learning_rate. Received: {', '.join(sorted(history))}"
        )
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    with style():
        if figure is None:
            width = FIGURE_WIDTH if columns == 2 else 5.0
            figure = new_figure((width, 2.5 * rows + 0.6))
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        legend: dict[str, Artist] = {}
        for ax, name in zip(axes, panels, strict=False):
            ax.set_title(METRICS[name].title, loc="left")
            ax.set_ylabel(METRICS[name].heading)
            if name == "learning_rate":
                _draw_rate(ax, series["learning_rate"], legend)
            else:
                curves = [series.get(name), series.get(f"val_{name}")]
                _draw_curves(ax, curves, legend, whole=name == "kl_weight")
            if name == "kl_weight" and "learning_rate" in series:
                twin = ax.twinx()
                twin.set_ylabel(METRICS["learning_rate"].heading)
                _draw_rate(twin, series["learning_rate"], legend)
            epoch_axis(ax, epochs)
        for ax in axes[len(panels) :]:
            ax.remove()
        _mark_epochs(dict(zip(panels, axes, strict=False)), series, legend)
        # Outside the panels, where it hides nothing.
        figure.legend(
            legend.values(), legend.keys(), loc="outside upper center", ncols=min(3, len(legend))
        )
    return figure


def _panels(series: Mapping[str, np.ndarray]) -> list[str]:
    """Return the metrics that get a panel; the learning rate only where there is no KL weight."""
    panels = [name for name in _PANELS if name in series or f"val_{name}" in series]
    if "recon_loss" in panels and _is_all_of_the_loss(series):
        panels.remove("recon_loss")
    if "kl_weight" not in panels and "learning_rate" in series:
        panels.append("learning_rate")
    return panels


def _is_all_of_the_loss(series: Mapping[str, np.ndarray]) -> bool:
    """Whether the reconstruction repeats the loss, as that of an autoencoder does."""
    pairs = [(series.get(f"{part}loss"), series.get(f"{part}recon_loss")) for part in ("", "val_")]
    return all(
        loss is not None and recon is not None and np.allclose(loss, recon, equal_nan=True)
        for loss, recon in pairs
        if loss is not None or recon is not None
    )


def _draw_curves(
    ax: Axes, curves: list[np.ndarray | None], legend: dict[str, Artist], *, whole: bool
) -> None:
    """Draw training and validation (None: not recorded) on limits that show their course.

    `whole` is for a schedule, of which everything from zero up is shown.
    """
    recorded = [curve for curve in curves if curve is not None]
    low, high = robust_limits(recorded)
    if whole:
        top = float(np.nanmax(np.concatenate(recorded))) or 1.0
        low, high = -0.05 * top, 1.05 * top
    # The validation's triangle is smaller, as it is drawn over the training's.
    looks = (("training", TRAIN_COLOR, "-", 9), ("validation", VALIDATION_COLOR, "--", 5))
    for curve, (label, color, dashes, size) in zip(curves, looks, strict=True):
        if curve is not None:
            line = draw_curve(
                ax,
                curve,
                (low, high),
                color=color,
                linestyle=dashes,
                triangle=size,
                dots=len(curve) <= MOST_DOTS,
                label=label,
            )
            legend.setdefault(label, line)
    fit_limits(ax, recorded, (low, high))


def _draw_rate(ax: Axes, rate: np.ndarray, legend: dict[str, Artist]) -> None:
    """Draw the learning rate as steps on a logarithmic axis."""
    from matplotlib.ticker import NullFormatter

    epochs = np.arange(1, len(rate) + 1)
    dots = "o" if len(rate) == 1 else ""
    (line,) = ax.step(
        epochs, rate, where="mid", color=_RATE_COLOR, marker=dots, markersize=4, linewidth=1.2
    )
    legend.setdefault("learning rate", line)
    ax.set_yscale("log")
    ax.grid(False)
    fix_ticks(ax)
    rates = np.unique(rate[rate > 0])
    if len(rates):
        # Wide enough for one power of ten, also where the rate is constant.
        ax.set_ylim(rates[0] / 3.5, rates[-1] * 3.5)
    if 1 <= len(rates) <= _MOST_RATES and np.all(rates[1:] > 1.4 * rates[:-1]):
        ax.set_yticks(rates, [f"{value:.3g}" for value in rates])
        ax.minorticks_off()
    else:
        ax.yaxis.set_minor_formatter(NullFormatter())


def _mark_epochs(
    axes: Mapping[str, Axes], series: Mapping[str, np.ndarray], legend: dict[str, Artist]
) -> None:
    """Mark the end of the KL warm-up in all panels, and the best epoch in that of the loss."""
    end = warmup_end(series)
    if end is not None:
        for ax in axes.values():
            line = ax.axvline(end, color="0.35", linewidth=0.9, linestyle=":", zorder=1)
            legend[f"end of KL warm-up (epoch {end})"] = line
    best = best_epoch(series)
    if best is not None:
        value = series["val_loss"][best - 1]
        (star,) = axes["loss"].plot(
            best,
            value,
            "*",
            markersize=12,
            color=VALIDATION_COLOR,
            markeredgecolor="0.1",
            markeredgewidth=0.7,
            zorder=4,
        )
        legend[f"best validation loss: {value:.5g} (epoch {best})"] = star
