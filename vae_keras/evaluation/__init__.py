"""Arrays in, numbers out: how good reconstructions and codes are."""

from vae_keras.evaluation.dci import DCI, dci
from vae_keras.evaluation.disentanglement import (
    mutual_information_gap,
    separated_attribute_predictability,
)
from vae_keras.evaluation.evaluate import evaluate
from vae_keras.evaluation.image_quality import (
    mean_squared_error,
    ssim_is_defined,
    structural_similarity,
)
from vae_keras.evaluation.latent import active_units, kl_per_dimension
from vae_keras.evaluation.neighbors import knn_accuracy, knn_accuracy_of_split

__all__ = [
    "DCI",
    "active_units",
    "dci",
    "evaluate",
    "kl_per_dimension",
    "knn_accuracy",
    "knn_accuracy_of_split",
    "mean_squared_error",
    "mutual_information_gap",
    "separated_attribute_predictability",
    "ssim_is_defined",
    "structural_similarity",
]
