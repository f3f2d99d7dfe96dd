"""The effect of a setting: a panel of bars for each metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.plotting._checks import check_numbers
from vae_keras.plotting._text import LETTER, number_text
from vae_keras.plotting.style import (
    FIGURE_WIDTH,
    PALETTE,
    SMALL_FONT_SIZE,
    fix_ticks,
    new_figure,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_COLUMNS = 3
_BAR = 0.7
_FEWEST = 3  # bars that there is room for at least, so that one bar does not fill the panel


def plot_sweep(
    values: Sequence[object],
    results: Mapping[str, ArrayLike],
    *,
    setting: str,
    figure: Figure | SubFigure | None = None,
) -> Figure | SubFigure:
    """Draw the results of runs that differ in one setting as bars, a panel for each metric.

    A bar is the mean over the seeds, from zero, with the mean written over it; its error bar is
    the standard deviation (of the sample, with `n - 1`), and the dots are the seeds.

    Args:
        values: Values of the setting, numbers or names, in the order of the bars.
        results: For each metric, by the name it is to have in the figure (with its unit), an
            array of shape `(values, seeds)`, or `(values,)` for one seed.
        setting: Name of the setting, for the axes.
        figure: Figure to draw on. Defaults to a new one.

    Returns:
        The figure, with up to three panels in a row.

    Raises:
        ArgumentError: If there are no values or results, or an array does not fit the values.

    Example:
        >>> plot_sweep([2, 10, 50], {"MSE": mse, "KL (nats)": kl}, setting="latent_dim")
    """
    if not len(values) or not results:
        raise ArgumentError(
            "`values` and `results` must not be empty. "
            f"Received: {len(values)} values, {len(results)} results"
        )
    texts = [str(value) for value in values]
    tables = {}
    for name, result in results.items():
        axes_names = "values, seeds" if np.ndim(result) == 2 else "values"
        table = check_numbers(f"results[{name!r}]", result, axes_names, count=len(texts))
        tables[name] = table.reshape(len(texts), -1)
    columns = 2 if len(tables) == 4 else min(_COLUMNS, len(tables))
    rows = math.ceil(len(tables) / columns)
    with style():
        if figure is None:
            figure = new_figure((FIGURE_WIDTH if columns > 1 else 5.0, 2.6 * rows))
        # Points for a bar; the numbers at the axes take the rest of the width.
        room = 0.75 * figure.bbox.width / figure.dpi * 72 / columns / max(len(texts), _FEWEST)
        height = 0.55 * figure.bbox.height / figure.dpi * 72 / rows
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, (name, table) in zip(axes, tables.items(), strict=False):
            _draw_bars(ax, texts, table, room, height)
            ax.set_title(name, loc="left")
            ax.set_xlabel(setting)
        for ax in axes[len(tables) :]:
            ax.remove()
    return figure


def _draw_bars(ax: Axes, texts: list[str], table: np.ndarray, room: float, height: float) -> None:
    """Draw one panel, of about `height` points, with about `room` points for each bar."""
    count, seeds = table.shape
    places = np.arange(count)
    means = table.mean(axis=1)
    ax.bar(places, means, width=_BAR, color=PALETTE[0])
    spread = np.zeros(count)
    if seeds > 1:
        spread = table.std(axis=1, ddof=1)
        ax.errorbar(
            places,
            means,
            yerr=spread,
            fmt="none",
            ecolor="0.1",
            elinewidth=1.2,
            capsize=3,
            zorder=3,
        )
        # Side by side, so that seeds of one result do not hide each other or the error bar.
        beside = (np.arange(seeds) - (seeds - 1) / 2) * min(0.14, _BAR / seeds)
        ax.plot(
            (places[:, None] + beside).ravel(),
            table.ravel(),
            "o",
            markersize=4,
            color="white",
            markeredgecolor="0.1",
            markeredgewidth=0.8,
            zorder=4,
        )
    numbers = [number_text(mean) for mean in means]
    upright = max(len(number) for number in numbers) * LETTER > room
    tops = np.maximum(means + spread, table.max(axis=1))
    bottoms = np.minimum(means - spread, table.min(axis=1))
    # At the end of the bar, which is below for a negative mean.
    ends = np.where(means < 0, bottoms, tops)
    for place, end, mean, number in zip(places, ends, means, numbers, strict=True):
        ax.annotate(
            number,
            (place, end),
            xytext=(0, -4 if mean < 0 else 4),
            textcoords="offset points",
            ha="center",
            va="top" if mean < 0 else "bottom",
            rotation=90 if upright else 0,
            fontsize=SMALL_FONT_SIZE,
        )
    low, high = min(0.0, float(bottoms.min())), max(0.0, float(tops.max()))
    # Room for the numbers, as a share of the axis' height.
    number_height = 6 + (max(map(len, numbers)) * LETTER if upright else SMALL_FONT_SIZE)
    share = min(number_height / height, 0.6)
    margin = share / (1 - share) * ((high - low) or 1.0)
    lower = margin if np.any(means < 0) else 0.05 * (high - low) * (low < 0)
    ax.set_ylim(low - lower, high + margin * bool(np.any(means >= 0)))
    slanted = max(len(text) for text in texts) * LETTER > room
    ax.set_xticks(places, texts)
    if slanted:
        for label in ax.get_xticklabels():
            label.set(rotation=40, ha="right", rotation_mode="anchor")
    beside_bars = 0.6 + max(0, _FEWEST - count) / 2
    ax.set_xlim(-beside_bars, count - 1 + beside_bars)
    ax.grid(True, axis="y")
    fix_ticks(ax)
    ax.tick_params(axis="x", length=0)
