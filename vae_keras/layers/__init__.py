"""Layers of the models."""

from vae_keras.layers.sampling import Sampling

__all__ = ["Sampling"]
