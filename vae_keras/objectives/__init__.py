"""Objectives: from draws of codes to the loss of a batch. One file per member."""

from vae_keras.objectives.base import Batch, LossTerms, Objective
from vae_keras.objectives.elbo import ELBO
from vae_keras.objectives.importance_weighted import ImportanceWeighted

__all__ = ["ELBO", "Batch", "ImportanceWeighted", "LossTerms", "Objective"]
