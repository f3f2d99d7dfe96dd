"""Priors p(z): the distribution of codes before an image is seen. One file per member."""

from vae_keras.priors.base import Prior
from vae_keras.priors.mixture import Mixture
from vae_keras.priors.standard_normal import StandardNormal

__all__ = ["Mixture", "Prior", "StandardNormal"]
