"""Arrays in, matplotlib axes out; nothing is saved, shown or left open."""

from vae_keras.plotting.history import plot_history
from vae_keras.plotting.images import (
    plot_image_grid,
    plot_one_per_class,
    plot_reconstructions,
    plot_samples,
    plot_samples_by_class,
)
from vae_keras.plotting.latent import decoded_grid_codes, plot_decoded_grid, plot_latent_scatter
from vae_keras.plotting.style import style

__all__ = [
    "decoded_grid_codes",
    "plot_decoded_grid",
    "plot_history",
    "plot_image_grid",
    "plot_latent_scatter",
    "plot_one_per_class",
    "plot_reconstructions",
    "plot_samples",
    "plot_samples_by_class",
    "style",
]
