"""Distributions to draw codes from, and images from those codes."""

from vae_keras.generation.codes import (
    AggregatedPosterior,
    CodeGrid,
    CodeMixture,
    aggregated_posterior_grid,
    fit_mixture,
)

__all__ = [
    "AggregatedPosterior",
    "CodeGrid",
    "CodeMixture",
    "aggregated_posterior_grid",
    "fit_mixture",
]
