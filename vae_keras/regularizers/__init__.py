"""Regularisers of the codes. One file a member."""

from vae_keras.regularizers.base import LatentTerms, Regularizer
from vae_keras.regularizers.kl import KL

__all__ = ["KL", "LatentTerms", "Regularizer"]
