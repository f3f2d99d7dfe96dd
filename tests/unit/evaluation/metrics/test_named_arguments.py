"""A mistake is named after the argument that it is in, whichever check finds it."""

import numpy as np
import pytest

from vae_keras import evaluation
from vae_keras.errors import ArgumentError

CODES = np.random.default_rng(0).normal(size=(40, 3))
LABELS = np.arange(40) % 2
IMAGES = np.random.default_rng(0).random((4, 12, 12, 1))
FLAT, FEW, EMPTY = np.zeros(5), np.zeros(39), np.zeros((0, 3))
BAD = np.where(np.arange(3) == 1, np.nan, CODES)
WHOLE = np.stack([LABELS, np.arange(40) // 20], axis=1)
FAR, INTEGERS = IMAGES + 2, np.ones((4, 12, 12, 1), int)

FUNCTIONS = {
    "aggregated_posterior_kl": {"z_mean": CODES, "z_log_var": CODES},
    "active_units": {"z_mean": CODES},
    "classifier_accuracy": {"probabilities": np.eye(2), "labels": [0, 1]},
    "copied_share": {"sample_distances": [1.0], "test_distances": [1.0]},
    "dci": {"codes": CODES, "factors": WHOLE},
    "frechet_distance": {"features": CODES, "other_features": CODES},
    "frechet_inception_distance": {"images": IMAGES, "other_images": IMAGES},
    "kl_per_dimension": {"z_mean": CODES, "z_log_var": CODES},
    "knn_accuracy": {
        "train_codes": CODES,
        "train_labels": LABELS,
        "test_codes": CODES,
        "test_labels": LABELS,
    },
    "knn_accuracy_of_split": {"codes": CODES, "labels": LABELS},
    "linear_probe_accuracy": {
        "train_codes": CODES,
        "train_labels": LABELS,
        "test_codes": CODES,
        "test_labels": LABELS,
    },
    "mean_by_class": {"values": CODES[:, 0], "labels": LABELS},
    "mean_pairwise_distance": {"images": IMAGES},
    "mean_squared_error": {"images": IMAGES, "reconstructions": IMAGES},
    "mutual_information": {"z_mean": CODES, "z_log_var": CODES},
    "mutual_information_gap": {"codes": CODES, "factors": WHOLE},
    "nearest_images": {"queries": IMAGES, "references": IMAGES},
    "proportion_standard_error": {"p": 0.5, "n": 4},
    "roc_auc": {"scores": CODES[:, 0], "is_anomaly": LABELS},
    "sample_confidence": {"probabilities": np.eye(2)},
    "standard_error": {"values": CODES[:, 0]},
    "structural_similarity": {"images": IMAGES, "reconstructions": IMAGES},
    "train_classifier": {"images": IMAGES, "labels": [0, 1, 0, 1]},
    "tsne": {"codes": CODES},
    "umap": {"codes": CODES},
}

MISTAKES = [
    *(("aggregated_posterior_kl", name, BAD) for name in ("z_mean", "z_log_var")),
    ("aggregated_posterior_kl", "z_log_var", CODES[:, :2]),
    ("aggregated_posterior_kl", "z_log_var", np.full((40, 3), 600.1)),
    ("aggregated_posterior_kl", "z_log_var", np.full((40, 3), -600.1)),
    ("aggregated_posterior_kl", "samples", 1),
    ("aggregated_posterior_kl", "seed", -1),
    ("aggregated_posterior_kl", "prior_log_prob", lambda codes: codes),
    ("active_units", "z_mean", FLAT),
    ("active_units", "threshold", -0.1),
    ("active_units", "threshold", float("nan")),
    ("classifier_accuracy", "probabilities", np.eye(2) * 1.01),
    ("classifier_accuracy", "probabilities", FLAT),
    ("classifier_accuracy", "labels", [0]),
    ("copied_share", "sample_distances", [-0.1]),
    ("copied_share", "sample_distances", CODES),
    ("copied_share", "test_distances", [-0.1]),
    ("copied_share", "test_distances", []),
    ("copied_share", "quantile", 0.0),
    ("copied_share", "quantile", 1.0),
    ("dci", "codes", CODES[:, :1]),
    ("dci", "factors", WHOLE[:, :1]),
    ("dci", "test_fraction", 0.0),
    ("frechet_distance", "features", BAD),
    ("frechet_distance", "features", CODES[:1]),
    ("frechet_distance", "other_features", BAD),
    ("frechet_distance", "other_features", CODES[:1]),
    ("frechet_distance", "other_features", CODES[:, :2]),
    *(
        ("frechet_inception_distance", name, wrong)
        for name in ("images", "other_images")
        for wrong in (IMAGES[:1], FAR, INTEGERS, FLAT)
    ),
    ("frechet_inception_distance", "other_images", np.zeros((4, 9, 12, 1))),
    ("frechet_inception_distance", "batch_size", 0),
    ("frechet_inception_distance", "weights", "/nowhere"),
    ("kl_per_dimension", "z_mean", EMPTY),
    ("knn_accuracy", "train_codes", BAD),
    ("knn_accuracy", "train_codes", FLAT),
    ("knn_accuracy", "test_codes", BAD),
    ("knn_accuracy", "test_codes", CODES[:, :2]),
    ("knn_accuracy", "train_labels", FEW),
    ("knn_accuracy", "test_labels", FEW),
    ("knn_accuracy", "k", 0),
    ("knn_accuracy", "k", 41),
    ("knn_accuracy_of_split", "codes", EMPTY),
    ("knn_accuracy_of_split", "labels", FEW),
    ("knn_accuracy_of_split", "labels", [*([0] * 39), 1]),
    ("knn_accuracy_of_split", "test_fraction", 0.0),
    ("knn_accuracy_of_split", "test_fraction", 1.0),
    ("knn_accuracy_of_split", "test_fraction", 0.01),
    ("linear_probe_accuracy", "train_codes", BAD),
    ("linear_probe_accuracy", "test_codes", BAD),
    ("linear_probe_accuracy", "test_codes", CODES[:, :2]),
    ("linear_probe_accuracy", "train_labels", FEW),
    ("linear_probe_accuracy", "train_labels", np.ones(40)),
    ("linear_probe_accuracy", "test_labels", FEW),
    ("mean_by_class", "values", CODES),
    ("mean_by_class", "labels", FEW),
    ("mean_by_class", "num_classes", 0),
    ("mean_by_class", "num_classes", True),
    ("mean_pairwise_distance", "images", IMAGES[:1]),
    ("mean_pairwise_distance", "images", FAR),
    ("mean_squared_error", "images", FAR),
    ("mean_squared_error", "images", INTEGERS),
    ("mean_squared_error", "reconstructions", IMAGES[:3]),
    ("mean_squared_error", "reconstructions", INTEGERS),
    ("mutual_information", "samples", 1),
    ("mutual_information", "seed", -1),
    ("mutual_information_gap", "codes", EMPTY),
    ("mutual_information_gap", "factors", FEW),
    ("nearest_images", "queries", FAR),
    ("nearest_images", "queries", FLAT),
    ("nearest_images", "references", FAR),
    ("nearest_images", "references", INTEGERS),
    ("proportion_standard_error", "p", 1.001),
    ("proportion_standard_error", "p", -0.001),
    ("proportion_standard_error", "n", 0),
    ("proportion_standard_error", "n", True),
    ("roc_auc", "scores", CODES),
    ("roc_auc", "is_anomaly", FEW),
    ("roc_auc", "is_anomaly", np.full(40, 2)),
    ("roc_auc", "is_anomaly", np.ones(40)),
    ("sample_confidence", "probabilities", -np.eye(2)),
    ("standard_error", "values", CODES),
    ("structural_similarity", "images", FAR * 3),
    ("structural_similarity", "data_range", 0.0),
    ("structural_similarity", "images", IMAGES.astype(int)),
    ("structural_similarity", "reconstructions", IMAGES[:, :11]),
    ("train_classifier", "images", IMAGES[:1]),
    ("train_classifier", "images", FAR),
    ("train_classifier", "labels", [0, 1, 0]),
    ("train_classifier", "labels", [0, 1, 0, -1]),
    ("train_classifier", "labels", [1, 1, 1, 1]),
    ("train_classifier", "epochs", 0),
    ("train_classifier", "max_images", 1),
    ("train_classifier", "seed", -1),
    ("tsne", "codes", CODES[:, :1]),
    ("tsne", "codes", np.ones((40, 3))),
    ("tsne", "perplexity", 40.0),
    ("tsne", "seed", -1),
    ("tsne", "max_points", 0),
    ("umap", "neighbors", 1),
    ("umap", "neighbors", 40),
    ("umap", "min_distance", -0.1),
    ("umap", "min_distance", 1.1),
]


@pytest.mark.parametrize(("function", "argument", "value"), MISTAKES)
def test_a_mistake_is_named(function, argument, value):
    given = {**FUNCTIONS[function], argument: value}
    with pytest.raises(ArgumentError) as caught:
        getattr(evaluation, function)(**given)
    text = str(caught.value)
    assert text.startswith(f"`{argument}` must ")
    assert "Received: " in text
    assert "\n" not in text


def test_two_sets_name_each_other():
    with pytest.raises(ArgumentError, match=r"`queries` must be of the size of `references`, \(5"):
        evaluation.nearest_images(IMAGES, IMAGES[:, :5])
    with pytest.raises(
        ArgumentError, match=r"`other_images` must be of the size of `images`, \(12"
    ):
        evaluation.frechet_inception_distance(IMAGES, IMAGES[:, :5])
    for function, labels, codes in (
        ("knn_accuracy", "train_labels", "train_codes"),
        ("knn_accuracy", "test_labels", "test_codes"),
        ("linear_probe_accuracy", "train_labels", "train_codes"),
        ("linear_probe_accuracy", "test_labels", "test_codes"),
        ("knn_accuracy_of_split", "labels", "codes"),
        ("mean_by_class", "labels", "values"),
        ("roc_auc", "is_anomaly", "scores"),
        ("train_classifier", "labels", "images"),
        ("classifier_accuracy", "labels", "probabilities"),
    ):
        given = {**FUNCTIONS[function], labels: [0]}
        count = len(given[codes])
        message = rf"`{labels}` must have one label for each of the {count} entries of `{codes}`"
        with pytest.raises(ArgumentError, match=message):
            getattr(evaluation, function)(**given)


@pytest.mark.parametrize(
    ("function", "given"),
    [
        ("aggregated_posterior_kl", {"z_log_var": np.full((40, 3), -600.0)}),
        ("aggregated_posterior_kl", {"samples": 2}),
        ("active_units", {"threshold": 0.0}),
        ("classifier_accuracy", {"probabilities": np.eye(2) * 1.0009}),
        ("copied_share", {"sample_distances": [0.0], "test_distances": [0.0]}),
        ("frechet_distance", {"features": CODES[:2], "other_features": CODES[:2]}),
        ("knn_accuracy", {"k": 1}),
        ("knn_accuracy", {"k": 40}),
        ("mean_by_class", {"num_classes": 2}),
        ("mean_squared_error", {"images": IMAGES.round() * (1 + 9e-7)}),
        ("mean_pairwise_distance", {"images": IMAGES[:2]}),
        ("proportion_standard_error", {"p": 0.0, "n": 1}),
        ("proportion_standard_error", {"p": 1.0, "n": 1}),
        ("structural_similarity", {"images": FAR, "reconstructions": FAR}),
        ("train_classifier", {"epochs": 1, "max_images": 2}),
        ("tsne", {"perplexity": 39.0}),
        ("tsne", {"perplexity": 5.0, "max_points": 40}),
    ],
)
def test_the_ends_of_a_range_are_in_it(function, given):
    getattr(evaluation, function)(**{**FUNCTIONS[function], **given})
