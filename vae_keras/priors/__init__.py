"""Priors p(z): where codes come from before an image is seen. One file a member."""

from vae_keras.priors.base import Prior
from vae_keras.priors.mixture import Mixture
from vae_keras.priors.standard_normal import StandardNormal

__all__ = ["Mixture", "Prior", "StandardNormal"]
