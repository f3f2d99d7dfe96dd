"""The rate-distortion plane: KL divergence against reconstruction loss of several runs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

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

    Runs with the same value of the setting (and the same group) differ in their seeds: they are
    small points, with a large one at their mean. The means of a group are joined in the order of
    the values. Along each thin grey line the sum of both, which is the loss at KL weight 1, is
    constant; a lower sum is better.

    Args:
        rate: KL divergence of each run, in nats an image, shape `(runs,)`.
        distortion: Reconstruction loss of each run, in nats an image, shape `(runs,)`.
        values: Value of the setting in each run: numbers, joined in rising order, or names, joined
            in the order given. Defaults to `None`: the runs are not joined.
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
    points = np.stack([x, y], axis=1)
    curves = [_curve(points, keys, [name == kind for name in names]) for kind in kinds]
    with style():
        ax = new_axes(ax, (7.0, 4.6))
        for curve, color, kind in zip(curves, PALETTE, kinds, strict=False):
            line = "-" if values is not None else ""
            ax.plot(*curve.means.T, "o", linestyle=line, color=color, markersize=8, label=kind)
            ax.plot(*curve.seeds.T, "o", color=color, markersize=3.5, alpha=0.7)
        ax.margins(0.12)
        ax.autoscale_view()
        _draw_sums(ax)
        if values is not None:
            _name_points(ax, points, curves, None if groups is not None else setting)
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


class _Curve(NamedTuple):
    """The runs of one group.

    Attributes:
        values: The different values of the setting, in their order.
        means: Mean over the runs of each value, shape `(values, 2)`.
        seeds: The runs that share their value with another, shape `(m, 2)`.
    """

    values: list[object]
    means: np.ndarray
    seeds: np.ndarray


def _curve(points: np.ndarray, keys: Sequence[object], inside: Sequence[bool]) -> _Curve:
    """Gather the runs that are `inside` a group by their values of the setting."""
    own = [index for index, belongs in enumerate(inside) if belongs]
    values = _ordered([keys[index] for index in own])
    runs = [[index for index in own if keys[index] == value] for value in values]
    repeated = [index for seeds in runs if len(seeds) > 1 for index in seeds]
    means = np.array([points[seeds].mean(axis=0) for seeds in runs])
    return _Curve(values, means, points[repeated])


def _name_points(
    ax: Axes, points: np.ndarray, curves: Sequence[_Curve], setting: str | None
) -> None:
    """Write its value of the setting at each mean, where the text hides nothing."""
    means = np.concatenate([curve.means for curve in curves])
    lines = np.concatenate([_along(curve.means) for curve in curves])
    texts = [_text(value, setting) for curve in curves for value in curve.values]
    label_points(ax, means, texts, obstacles=np.concatenate([means, lines, points]))


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
