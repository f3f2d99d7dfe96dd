import statistics

import pytest

from vae_keras.catalog import metric
from vae_keras.studies.metrics import (
    compared_metrics,
    mean_and_deviation,
    metrics_of_test,
    value_and_deviation,
)


@pytest.mark.parametrize(
    ("name", "value", "deviation", "text"),
    [
        ("loss", 105.0649, None, "105.06"),
        ("loss", 105.0649, 0.2349, "105.06 ± 0.23"),
        ("loss", 0.01234, 0.00056, "0.0123 ± 0.0006"),  # an autoencoder's
        ("kl_loss", 0.000168, 0.00007, "0.0002 ± 0.0001"),
        ("elbo", -104.97, None, "-104.97"),
        ("mse", 0.009312, None, "0.00931"),
        ("knn_accuracy", 1.0, None, "1.000"),
        ("ssim", 0.0, None, "0.000"),
        ("active_units", 10, None, "10"),
        ("active_units", 9.6667, 0.577, "9.7 ± 0.6"),
        ("frechet_distance", float("nan"), None, "nan"),
        ("a_new_number", 0.123456, None, "0.1235"),
    ],
)
def test_written(name, value, deviation, text):
    assert value_and_deviation(name, value, deviation) == text


def test_mean_and_deviation():
    values = [1.5, 2.5, 4.0]
    mean, deviation = mean_and_deviation(values)
    assert mean == pytest.approx(statistics.mean(values))
    assert deviation == pytest.approx(statistics.stdev(values))
    assert mean_and_deviation([3.0]) == (3.0, None)


def test_single_numbers_of_the_test_set():
    metrics = {"test": {"loss": 1.5, "samples": 3, "by_class": {"mse": [1]}, "exact": True}}
    assert metrics_of_test(metrics) == {"loss": 1.5, "samples": 3}


def test_names_of_a_table():
    first = {"test": {"ssim": 1.0, "loss": 2.0, "loss_standard_error": 0.1, "samples": 1000}}
    second = {"test": {"a_new_number": 1.0, "loss": 2.0, "mse": 0.1, "latent_dim": 3}}
    assert compared_metrics([first, second]) == ["loss", "mse", "ssim", "a_new_number"]
    assert metric("a_new_number").better is None
