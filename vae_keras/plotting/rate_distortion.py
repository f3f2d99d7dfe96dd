"""What a code costs and what it buys: KL against reconstruction loss of several runs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.plotting._checks import check_names, check_numbers
from vae_keras.plotting._labels import label_points
from vae_keras.plotting.style import PALETTE, SMALL_FONT_SIZE, fix_ticks, new_axes, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_rate_distortion(
    rate: ArrayLike,
    distortion: ArrayLike,
    *,
    values: Sequence[object] | None = None,
    setting: str | None = None,
    groups: Sequence[object] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw runs as points of the rate-distortion plane: the KL against the reconstruction loss.

    Runs that share a value of the setting (and a group) are seeds: small points, and a large one
    at their mean. The means of a group are joined in the order of the values. Along the thin grey
    lines the sum of both, the loss at KL weight 1, is the same; the lower, the better.

    Args:
        rate: KL divergence of each run, in nats an image, shape `(runs,)`.
        distortion: Reconstruction loss of each run, in nats an image, shape `(runs,)`.
        values: Value of the setting in each run: numbers, joined as they rise, or names, joined
            as they come. Defaults to runs that stand alone.
        setting: Name of the setting, for the texts at the points: `"kl_weight"` gives
            "kl_weight = 4", or with `groups` only "4" and the name over the legend. Defaults to
            the values alone.
        groups: Name of the curve that each run belongs to, for a colour and the legend, at most
            ten different ones. Defaults to one curve.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes.

    Raises:
        ArgumentError: If `rate` and `distortion` are not vectors of finite numbers of one length,
            `values` or `groups` does not fit them, or there are more than ten groups.

    References:
        Alemi et al. (2018), "Fixing a broken ELBO". arXiv:1711.00464
    """
    x = check_numbers("rate", rate, "runs")
    y = check_numbers("distortion", distortion, "runs", count=len(x))
    names = check_names("groups", [""] * len(x) if groups is None else groups, len(x), "runs")
    kinds = list(dict.fromkeys(names))
    if len(kinds) > len(PALETTE):
        raise ArgumentError(
            f"`groups` must be at most {len(PALETTE)} different ones. Received: {len(kinds)}"
        )
    keys: list[object] = list(range(len(x))) if values is None else list(values)
    check_names("values", keys, len(x), "runs")
    with style():
        ax = new_axes(ax, (7.0, 4.6))
        means, texts = [], []
        for color, kind in zip(PALETTE, kinds, strict=False):
            inside = [index for index, name in enumerate(names) if name == kind]
            settings = _ordered([keys[index] for index in inside])
            runs = [[i for i in inside if keys[i] == value] for value in settings]
            centres = np.array([[x[seeds].mean(), y[seeds].mean()] for seeds in runs])
            means.append(centres)
            texts += [_text(value, None if groups is not None else setting) for value in settings]
            line = "-" if values is not None else ""
            ax.plot(*centres.T, "o", linestyle=line, color=color, markersize=8, label=kind)
            repeated = [index for seeds in runs if len(seeds) > 1 for index in seeds]
            ax.plot(x[repeated], y[repeated], "o", color=color, markersize=3.5, alpha=0.7)
        ax.margins(0.12)
        ax.autoscale_view()
        _draw_sums(ax)
        if values is not None:
            lines = [_along(centres) for centres in means]
            every = np.concatenate([*means, *lines, np.stack([x, y], axis=1)])
            label_points(ax, np.concatenate(means), texts, obstacles=every)
        ax.set_xlabel("rate: KL (nats)")
        ax.set_ylabel("distortion: reconstruction loss (nats)")
        fix_ticks(ax)
        if groups is not None:
            ax.legend(
                title=None if setting is None else f"numbers: {setting}",
                loc="upper left",
                bbox_to_anchor=(1.08, 1.0),
                borderaxespad=0.0,
            )
    return ax


def _ordered(values: Sequence[object]) -> list[object]:
    """Return the different values: numbers as they rise, names as they come."""
    different = list(dict.fromkeys(values))
    if all(isinstance(value, int | float | np.number) for value in different):
        return sorted(different, key=float)  # type: ignore[arg-type]
    return different


def _text(value: object, setting: str | None) -> str:
    text = f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
    return text if setting is None else f"{setting} = {text}"


def _along(points: np.ndarray) -> np.ndarray:
    """Return places on the line that joins points, shape `(m, 2)`."""
    share = np.linspace(0, 1, 20)[:, None]
    steps = [a + share * (b - a) for a, b in itertools.pairwise(points)]
    return np.concatenate([points[:0], *steps])


def _draw_sums(ax: Axes) -> None:
    """Draw lines of equal sum, with the sum where they leave the axes."""
    from matplotlib.ticker import MaxNLocator

    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for total in MaxNLocator(12, steps=[1, 2, 5, 10]).tick_values(left + bottom, right + top):
        # The other lines leave the axes on the left or below, where the ticks are.
        if not min(left + top, right + bottom) < total < right + top:
            continue
        ends_x = np.array([max(left, total - top), min(right, total - bottom)])
        ax.plot(ends_x, total - ends_x, color="0.82", linewidth=0.8, zorder=0.5)
        at_the_right = ends_x[1] == right
        ax.annotate(
            f"{total:.6g}",
            (ends_x[1], total - ends_x[1]) if at_the_right else (ends_x[0], total - ends_x[0]),
            xytext=(3, 0) if at_the_right else (0, 3),
            textcoords="offset points",
            ha="left" if at_the_right else "center",
            va="center" if at_the_right else "bottom",
            color="0.45",
            fontsize=SMALL_FONT_SIZE,
        )
    ax.annotate(
        "grey: equal sum of both (nats)",
        (1, 1),
        xycoords="axes fraction",
        xytext=(0, 18),
        textcoords="offset points",
        ha="right",
        va="bottom",
        color="0.45",
        fontsize=SMALL_FONT_SIZE,
    )
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
