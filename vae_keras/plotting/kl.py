"""The KL divergence of each latent dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.plotting._checks import check_numbers
from vae_keras.plotting._text import LETTER
from vae_keras.plotting.style import (
    FIGURE_WIDTH,
    PALETTE,
    SMALL_FONT_SIZE,
    fix_ticks,
    new_axes,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INACTIVE_COLOR = "0.72"
_INACTIVE_TEXT = "0.55"


def plot_kl_by_dimension(
    kl: ArrayLike, *, active: ArrayLike | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the KL divergence of each latent dimension as bars, the largest first.

    Args:
        kl: KL divergence of each dimension in nats an image, shape `(latent_dim,)`, as
            `kl_per_dimension` returns it. Its sum is in the title.
        active: Whether each dimension is active, shape `(latent_dim,)`, bool, as `active_units`
            returns it; the others are drawn in grey. Defaults to one colour and no legend.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes. Under each bar is the number of its dimension, from 1, in grey if it is inactive;
        if there is not room for all of them, the axis counts the bars.

    Raises:
        ArgumentError: If `kl` is not a vector of finite numbers, or `active` does not fit it.
    """
    divergence = check_numbers("kl", kl, "latent_dim")
    latent_dim = len(divergence)
    mask = np.ones(latent_dim, bool) if active is None else np.asarray(active)
    if mask.shape != (latent_dim,) or mask.dtype != bool:
        raise ArgumentError(
            f"`active` must be a boolean for each of the {latent_dim} dimensions. "
            f"Received: active.shape={mask.shape}, active.dtype={mask.dtype}"
        )
    order = np.argsort(-divergence, kind="stable")
    places = np.arange(1, latent_dim + 1)
    with style():
        width = min(FIGURE_WIDTH, max(4.0, 0.35 * latent_dim))
        ax = new_axes(ax, (width, 3.2))
        for chosen, color, name in (
            (mask[order], PALETTE[0], "active"),
            (~mask[order], INACTIVE_COLOR, "inactive"),
        ):
            if np.any(chosen):
                label = f"{name} ({np.count_nonzero(chosen)})"
                ax.bar(places[chosen], divergence[order][chosen], color=color, label=label)
        ax.set_xlim(0.4, latent_dim + 0.6)
        fix_ticks(ax)
        room = ax.get_window_extent().width / ax.figure.dpi * 72 / latent_dim
        if room >= SMALL_FONT_SIZE:
            upright = (len(str(latent_dim)) + 0.8) * LETTER > room
            ticks = [str(index + 1) for index in order]
            ax.set_xticks(places, ticks, rotation=90 if upright else 0)
            ax.tick_params(axis="x", length=0)
            for text, is_active in zip(ax.get_xticklabels(), mask[order], strict=True):
                if not is_active:
                    text.set_color(_INACTIVE_TEXT)
            ax.set_xlabel("latent dimension")
        else:
            ax.set_xlabel("latent dimensions in the order of their KL")
        ax.set_ylabel("KL (nats)")
        ax.set_title(f"{divergence.sum():.2f} nats in {latent_dim} latent dimensions")
        ax.grid(True, axis="y")
        if active is not None:
            ax.legend()
    return ax
