"""Likelihoods p(x | z): what the decoder's output means. One file a member."""

from vae_keras.likelihoods.base import Likelihood
from vae_keras.likelihoods.bernoulli import Bernoulli
from vae_keras.likelihoods.squared_error import SquaredError

__all__ = ["Bernoulli", "Likelihood", "SquaredError"]
