"""Metrics of reconstructions, codes and samples: functions of arrays, and of a whole model."""

from vae_keras.evaluation.classifier import JudgeClassifier, train_classifier
from vae_keras.evaluation.diagnose import Finding, diagnose
from vae_keras.evaluation.evaluate import evaluate
from vae_keras.evaluation.metrics.aggregated_posterior import (
    ELBOSurgery,
    aggregated_posterior_kl,
    elbo_surgery,
    mutual_information,
)
from vae_keras.evaluation.metrics.anomaly import roc_auc
from vae_keras.evaluation.metrics.by_class import ClassMeans, mean_by_class
from vae_keras.evaluation.metrics.classifier import (
    classifier_accuracy,
    sample_class_entropy,
    sample_confidence,
)
from vae_keras.evaluation.metrics.dci import DCI, dci
from vae_keras.evaluation.metrics.disentanglement import (
    mutual_information_gap,
    separated_attribute_predictability,
)
from vae_keras.evaluation.metrics.diversity import mean_pairwise_distance
from vae_keras.evaluation.metrics.embedding import tsne, umap
from vae_keras.evaluation.metrics.estimates import (
    Estimate,
    proportion_standard_error,
    standard_error,
)
from vae_keras.evaluation.metrics.frechet import frechet_distance
from vae_keras.evaluation.metrics.frechet_inception import frechet_inception_distance
from vae_keras.evaluation.metrics.image_quality import (
    mean_absolute_error,
    mean_squared_error,
    peak_signal_to_noise_ratio,
)
from vae_keras.evaluation.metrics.latent import active_units, kl_per_dimension
from vae_keras.evaluation.metrics.linear_probe import linear_probe_accuracy
from vae_keras.evaluation.metrics.nearest_images import NearestImages, copied_share, nearest_images
from vae_keras.evaluation.metrics.neighbors import knn_accuracy, knn_accuracy_of_split
from vae_keras.evaluation.metrics.ssim import (
    ms_ssim_is_defined,
    multi_scale_structural_similarity,
    ssim_is_defined,
    structural_similarity,
)
from vae_keras.evaluation.result import Evaluation

__all__ = [
    "DCI",
    "ClassMeans",
    "ELBOSurgery",
    "Estimate",
    "Evaluation",
    "Finding",
    "JudgeClassifier",
    "NearestImages",
    "active_units",
    "aggregated_posterior_kl",
    "classifier_accuracy",
    "copied_share",
    "dci",
    "diagnose",
    "elbo_surgery",
    "evaluate",
    "frechet_distance",
    "frechet_inception_distance",
    "kl_per_dimension",
    "knn_accuracy",
    "knn_accuracy_of_split",
    "linear_probe_accuracy",
    "mean_absolute_error",
    "mean_by_class",
    "mean_pairwise_distance",
    "mean_squared_error",
    "ms_ssim_is_defined",
    "multi_scale_structural_similarity",
    "mutual_information",
    "mutual_information_gap",
    "nearest_images",
    "peak_signal_to_noise_ratio",
    "proportion_standard_error",
    "roc_auc",
    "sample_class_entropy",
    "sample_confidence",
    "separated_attribute_predictability",
    "ssim_is_defined",
    "standard_error",
    "structural_similarity",
    "train_classifier",
    "tsne",
    "umap",
]
