"""Figures: from arrays to matplotlib axes. Nothing is saved, shown or left open."""

from vae_keras.plotting.anomaly import plot_anomaly_scores, plot_most_anomalous, plot_roc
from vae_keras.plotting.by_class import plot_by_class
from vae_keras.plotting.decoded_grid import decoded_grid_codes, plot_decoded_grid
from vae_keras.plotting.density import plot_latent_density
from vae_keras.plotting.histories import plot_histories
from vae_keras.plotting.history import plot_history
from vae_keras.plotting.images import (
    plot_image_grid,
    plot_one_per_class,
    plot_samples,
    plot_samples_by_class,
)
from vae_keras.plotting.kl import plot_kl_by_dimension
from vae_keras.plotting.latent import plot_embedding, plot_latent_scatter
from vae_keras.plotting.neighbors import plot_samples_with_neighbors
from vae_keras.plotting.rate_distortion import plot_rate_distortion
from vae_keras.plotting.reconstructions import (
    plot_reconstructions,
    plot_reconstructions_of_models,
)
from vae_keras.plotting.style import style
from vae_keras.plotting.sweep import plot_sweep
from vae_keras.plotting.traversals import plot_interpolation, plot_traversals
from vae_keras.plotting.uncertainty import plot_uncertainty

__all__ = [
    "decoded_grid_codes",
    "plot_anomaly_scores",
    "plot_by_class",
    "plot_decoded_grid",
    "plot_embedding",
    "plot_histories",
    "plot_history",
    "plot_image_grid",
    "plot_interpolation",
    "plot_kl_by_dimension",
    "plot_latent_density",
    "plot_latent_scatter",
    "plot_most_anomalous",
    "plot_one_per_class",
    "plot_rate_distortion",
    "plot_reconstructions",
    "plot_reconstructions_of_models",
    "plot_roc",
    "plot_samples",
    "plot_samples_by_class",
    "plot_samples_with_neighbors",
    "plot_sweep",
    "plot_traversals",
    "plot_uncertainty",
    "style",
]
