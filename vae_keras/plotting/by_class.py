"""One value for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.plotting._checks import check_names, check_numbers, class_name
from vae_keras.plotting._text import LETTER, number_text, text_width
from vae_keras.plotting.style import PALETTE, SMALL_FONT_SIZE, fix_ticks, new_axes, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_by_class(
    mean: ArrayLike,
    *,
    standard_error: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    name: str = "reconstruction loss (nats)",
    ax: Axes | None = None,
) -> Axes:
    """Draw a mean for each class as horizontal bars, the largest on top.

    A dashed line marks the mean of the classes, which all have the same weight.

    Args:
        mean: Mean of each class, shape `(classes,)`.
        standard_error: Standard error of each mean, of the same shape, drawn as error bars.
            Defaults to none.
        class_names: Name of each class number. Defaults to the numbers.
        name: Name of the metric, with its unit. Defaults to `"reconstruction loss (nats)"`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, with the means as numbers at the ends of the bars.

    Raises:
        ArgumentError: If `mean` is not a vector of finite numbers, an error is negative, or
            `standard_error` or `class_names` do not fit it.
    """
    means = check_numbers("mean", mean, "classes")
    classes = len(means)
    if class_names is not None:
        check_names("class_names", class_names, classes, "classes")
    names = [class_name(number, class_names) for number in range(classes)]
    errors = np.zeros(classes)
    if standard_error is not None:
        errors = check_numbers("standard_error", standard_error, "classes", count=classes)
        if errors.min() < 0:
            raise ArgumentError(
                f"`standard_error` must not be negative. Received: {errors.min():.3g} among them"
            )
    order = np.argsort(means, kind="stable")  # upwards, as the axis goes
    places = np.arange(classes)
    with style():
        ax = new_axes(ax, (6.5, 1.2 + 0.27 * classes))
        ax.barh(places, means[order], height=0.7, color=PALETTE[0])
        if standard_error is not None:
            ax.errorbar(
                means[order],
                places,
                xerr=errors[order],
                fmt="none",
                ecolor="0.1",
                elinewidth=1.2,
                capsize=3,
            )
        for place, value, error in zip(places, means[order], errors[order], strict=True):
            outward = -1 if value < 0 else 1
            ax.annotate(
                number_text(value),
                (value + outward * error, place),
                xytext=(5 * outward, 0),
                textcoords="offset points",
                ha="right" if value < 0 else "left",
                va="center",
                fontsize=SMALL_FONT_SIZE,
                # Over the line of the mean.
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
            )
        overall = float(means.mean())
        label = f"mean of the classes: {number_text(overall)}"
        ax.axvline(overall, color="0.1", linewidth=1.0, linestyle="--", label=label)
        ax.set_yticks(places, [names[index] for index in order])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(-0.6, classes - 0.4)
        ends = np.concatenate([means - errors, means + errors, [0.0]])
        low, high = float(ends.min()), float(ends.max())
        page = ax.figure.bbox.width / ax.figure.dpi - text_width(names)
        points = 72 * min(page, ax.get_window_extent().width / ax.figure.dpi)
        numbers = 10 + LETTER * max(len(number_text(value)) for value in means)
        share = min(numbers / max(points, 1.0), 0.5)
        room = share / (1 - share) * ((high - low) or 1.0)
        ax.set_xlim(low - room * (low < 0), high + room * (high > 0))
        ax.set_xlabel(name)
        ax.grid(True, axis="x")
        ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
        fix_ticks(ax)
    return ax
