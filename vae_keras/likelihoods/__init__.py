"""Likelihoods p(x | z): what the decoder's output means. One file per member."""

from vae_keras.likelihoods.base import Likelihood
from vae_keras.likelihoods.bernoulli import Bernoulli
from vae_keras.likelihoods.continuous_bernoulli import ContinuousBernoulli
from vae_keras.likelihoods.discretized_logistic import DiscretizedLogistic
from vae_keras.likelihoods.gaussian import Gaussian
from vae_keras.likelihoods.learned_gaussian import LearnedGaussian
from vae_keras.likelihoods.optimal_gaussian import OptimalGaussian
from vae_keras.likelihoods.perceptual import Perceptual
from vae_keras.likelihoods.squared_error import SquaredError

__all__ = [
    "Bernoulli",
    "ContinuousBernoulli",
    "DiscretizedLogistic",
    "Gaussian",
    "LearnedGaussian",
    "Likelihood",
    "OptimalGaussian",
    "Perceptual",
    "SquaredError",
]
