"""Arrays in, numbers out: how good reconstructions and codes are."""

from vae_keras.evaluation.evaluate import evaluate
from vae_keras.evaluation.image_quality import (
    mean_squared_error,
    ssim_is_defined,
    structural_similarity,
)
from vae_keras.evaluation.latent import active_units, kl_per_dimension
from vae_keras.evaluation.neighbors import knn_accuracy, knn_accuracy_of_split

__all__ = [
    "active_units",
    "evaluate",
    "kl_per_dimension",
    "knn_accuracy",
    "knn_accuracy_of_split",
    "mean_squared_error",
    "ssim_is_defined",
    "structural_similarity",
]
