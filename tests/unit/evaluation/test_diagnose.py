"""Each rule, at numbers just on either side of its limit."""

import pytest

from vae_keras import diagnose

HEALTHY = {
    "loss": 25.0,
    "kl_loss": 5.0,
    "mse": 0.023,
    "mse_train": 0.022,
    "mse_of_mean_image": 0.09,
    "residual_variance_ratio": 1.0,
    "active_units": 2,
    "latent_dim": 2,
    "aggregated_posterior_kl": 0.2,
    "copied_share": 0.01,
}
LEVEL = {"val_loss": [30.0, 26.0, 25.0, 25.001], "kl_weight": [0.5, 1], "val_kl_weight": [1, 1]}


def names(numbers, history=LEVEL, **settings):
    return [finding.name for finding in diagnose({**HEALTHY, **numbers}, history, **settings)]


def test_nothing_is_wrong_with_a_healthy_model():
    assert names({}) == []


def test_what_is_not_known_is_not_judged():
    assert diagnose({}) == []
    assert diagnose({"loss": 0.02, "mse": 0.02}) == []


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"active_units": 0, "kl_loss": 0.01}, ["posterior_collapse"]),
        ({"active_units": 0, "kl_loss": 0.3}, ["dead_units_all"]),
        ({"mse_train": 0.01}, ["over_fitting"]),
        ({"mse_train": 0.0185}, []),
        ({"residual_variance_ratio": 2.5}, ["likelihood_does_not_fit"]),
        ({"residual_variance_ratio": 1.9}, []),
        ({"residual_variance_ratio": 0.4}, ["likelihood_does_not_fit"]),
        ({"active_units": 1}, ["dead_units"]),
        ({"aggregated_posterior_kl": 1.5}, ["prior_mismatch"]),
        ({"aggregated_posterior_kl": 1.5, "kl_loss": 20.0}, []),
        ({"copied_share": 0.2}, ["memorised"]),
    ],
)
def test_numbers(numbers, expected):
    assert names(numbers) == [name for name in expected if name != "dead_units_all"]


def test_a_collapsed_model_is_not_also_told_that_its_likelihood_is_wide():
    numbers = {"active_units": 0, "kl_loss": 0.0, "residual_variance_ratio": 0.001, "mse": 0.09}
    assert names({**numbers, "mse_train": 0.09}, kl_weight=50) == ["posterior_collapse"]


def test_kl_weight_too_strong():
    blurred = {"mse": 0.05, "mse_train": 0.05}
    (finding,) = diagnose({**HEALTHY, **blurred}, LEVEL, kl_weight=8)
    assert finding.name == "kl_weight_too_strong"
    assert "At the KL weight of 8 reconstructions explain only 44% of the variance" in finding.text
    assert names(blurred, kl_weight=1) == []  # not the weight's fault
    assert names({}, kl_weight=8) == []


def test_warmup_cut_short():
    history = {**LEVEL, "kl_weight": [0.1, 0.2, 0.3, 0.4], "val_kl_weight": [2, 2, 2, 2]}
    (finding,) = diagnose(HEALTHY, history)
    assert finding.name == "warmup_cut_short"
    assert "ended at a KL weight of 0.4 of 2" in finding.text


def test_over_fitting_names_the_best_epoch():
    history = {"val_loss": [30.0, 25.0, 26.0, 27.0]}
    (finding,) = diagnose({**HEALTHY, "mse_train": 0.01}, history)
    assert "2.30 times as large on test images (0.0230)" in finding.text
    assert "best in epoch 2" in finding.text


def test_training_cut_short():
    assert names({}, {"val_loss": [30.0, 28.0, 27.0, 26.0]}) == ["training_cut_short"]
    assert names({}, {"val_loss": [30.0, 26.0, 25.0, 25.0]}) == []
    assert names({}, {"val_loss": [30.0, float("nan"), 20.0]}) == []


def test_warnings_come_first_and_all_fields_are_filled():
    found = diagnose({**HEALTHY, "active_units": 1, "mse_train": 0.01, "copied_share": 0.5})
    assert [one.severity for one in found] == ["warning", "note", "note"]
    assert all(one.title and one.text.endswith(".") and one.advice.endswith(".") for one in found)
