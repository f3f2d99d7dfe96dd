"""Regularisers of the codes. One file per member."""

from vae_keras.regularizers.base import LatentTerms, Regularizer
from vae_keras.regularizers.capacity import Capacity
from vae_keras.regularizers.dip import DIP
from vae_keras.regularizers.free_bits import FreeBits
from vae_keras.regularizers.kl import KL
from vae_keras.regularizers.mmd import MMD
from vae_keras.regularizers.total_correlation import TotalCorrelation

__all__ = [
    "DIP",
    "KL",
    "MMD",
    "Capacity",
    "FreeBits",
    "LatentTerms",
    "Regularizer",
    "TotalCorrelation",
]
