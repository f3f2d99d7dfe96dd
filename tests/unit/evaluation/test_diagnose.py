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


def one(numbers, history=LEVEL, **settings):
    """The only finding."""
    (finding,) = diagnose({**HEALTHY, **numbers}, history, **settings)
    return finding


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        # Half the variance explained, exactly, is enough.
        ({"mse": 0.25, "mse_train": 0.25, "mse_of_mean_image": 0.5}, []),
        ({"mse": 0.26, "mse_train": 0.26, "mse_of_mean_image": 0.5}, ["kl_weight_too_strong"]),
        ({"mse": 0.26, "mse_train": 0.26, "mse_of_mean_image": 0.0}, []),
        # Five quarters of the error on training images is too much.
        ({"mse": 0.0125, "mse_train": 0.01}, ["over_fitting"]),
        ({"mse": 0.0124, "mse_train": 0.01}, []),
        ({"mse": 0.0125, "mse_train": 0.0}, []),
        ({"residual_variance_ratio": 2.0}, []),
        ({"residual_variance_ratio": 2.001}, ["likelihood_does_not_fit"]),
        ({"residual_variance_ratio": 0.5}, []),
        ({"residual_variance_ratio": 0.499}, ["likelihood_does_not_fit"]),
        # 1 nat, or a fifth of the KL divergence where that is more.
        ({"aggregated_posterior_kl": 1.0}, ["prior_mismatch"]),
        ({"aggregated_posterior_kl": 0.999}, []),
        ({"aggregated_posterior_kl": 2.0, "kl_loss": 10.0}, ["prior_mismatch"]),
        ({"aggregated_posterior_kl": 1.999, "kl_loss": 10.0}, []),
        ({"copied_share": 0.1}, ["memorised"]),
        ({"copied_share": 0.099}, []),
        # 0.05 nats for each dimension.
        ({"active_units": 0, "kl_loss": 0.099}, ["posterior_collapse"]),
        ({"active_units": 0, "kl_loss": 0.1}, []),
        ({"active_units": 0, "kl_loss": 0.099, "latent_dim": 1}, []),
        ({"active_units": 1, "kl_loss": 0.0, "latent_dim": 1}, []),
        ({"active_units": 1, "latent_dim": 2}, ["dead_units"]),
        ({"active_units": 2, "latent_dim": 3}, ["dead_units"]),
    ],
)
def test_limits(numbers, expected):
    assert names(numbers, kl_weight=8) == expected


def test_a_collapse_is_told_without_the_size_of_the_code():
    assert [f.name for f in diagnose({"active_units": 0, "kl_loss": 0.049})] == [
        "posterior_collapse"
    ]
    assert diagnose({"active_units": 0, "kl_loss": 0.05}) == []
    assert diagnose({"active_units": 0}) == []
    assert diagnose({"kl_loss": 0.0}) == []


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        ({"active_units": 1, "latent_dim": 2}, ("active_units", "latent_dim")),
        ({"aggregated_posterior_kl": 9.0, "kl_loss": 9.0}, ("aggregated_posterior_kl", "kl_loss")),
        ({"mse": 2.0, "mse_train": 1.0}, ("mse", "mse_train")),
        ({"mse": 2.0, "mse_of_mean_image": 1.0, "kl_loss": 9.0}, ("mse", "mse_of_mean_image")),
    ],
)
def test_half_of_what_a_rule_needs_is_not_enough(known, missing):
    assert len(diagnose(known, kl_weight=8)) == 1
    for name in missing:
        assert diagnose({key: known[key] for key in known if key != name}, kl_weight=8) == []


def test_a_collapse_is_no_matter_of_weight_where_there_is_none():
    collapsed = {"active_units": 0, "kl_loss": 0.01}
    assert one(collapsed, kl_weight=0).advice.startswith("Try a KL warm-up (`warmup_epochs`), the")
    assert "or a smaller KL weight than 0.5, the" in one(collapsed, kl_weight=0.5).advice
    assert "or a smaller KL weight than 1, the" in one(collapsed).advice
    assert "(KL 0.010 nats" in one(collapsed).text


@pytest.mark.parametrize(
    ("ratio", "severity", "text"),
    [
        (2.5, "warning", "Squared errors are 2.5 times as large as the likelihood expects."),
        (0.4, "note", "The likelihood expects squared errors 2.5 times as large as they are."),
        (0.02, "note", "The likelihood expects squared errors 50.0 times as large as they are."),
        (0.01, "warning", "The likelihood expects squared errors 100.0 times as large as they"),
        (0.0, "warning", "The likelihood expects squared errors 1000000000000.0 times as large"),
    ],
)
def test_a_likelihood_that_is_too_narrow_or_too_wide(ratio, severity, text):
    finding = one({"residual_variance_ratio": ratio})
    assert finding.name == "likelihood_does_not_fit"
    assert finding.severity == severity
    assert finding.text.startswith(text)


@pytest.mark.parametrize(
    ("weights", "final", "told"),
    [
        ([0.5, 999.0], [1000.0], False),  # rounding of the schedule
        ([0.5, 998.0], [1000.0], True),
        ([998.0, 0.5], [500.0, 1000.0, 500.0], True),
        ([], [1.0], False),
        ([0.5], [], False),
    ],
)
def test_a_warmup_ends_where_the_largest_weight_is_the_final_one(weights, final, told):
    history = {"kl_weight": weights, "val_kl_weight": final}
    assert names({}, history) == (["warmup_cut_short"] if told else [])


def test_half_of_a_history_of_weights_is_not_enough():
    assert names({}, {"kl_weight": [0.5]}) == names({}, {"val_kl_weight": [1.0]}) == []


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([30.0, 25.0, 26.0, 27.0], 2),
        ([25.0, float("nan"), 26.0], 1),
        ([27.0, 26.0, 26.0], 2),
        ([27.0, 26.0, 25.9999], None),
        ([float("nan"), float("nan")], None),
        ([], None),
    ],
)
def test_the_best_epoch_is_told_if_it_was_not_the_last(losses, best):
    finding = one({"mse": 0.023, "mse_train": 0.01}, {"val_loss": losses})
    assert finding.text.endswith("images (0.0100)." if best is None else f"in epoch {best}.")


@pytest.mark.parametrize(
    ("losses", "fall"),
    [
        ([30.0, 28.0, 26.0], "by 2 over the last epoch."),
        ([30.0, 28.0], None),
        ([100.0, 1.0, 0.0], None),  # a hundredth of the whole fall
        ([100.0, 1.1, 0.0], "by 1.1 over the last epoch."),
        ([100.0, 2.0, 0.0, 1.0], None),
        ([30.0, 26.0, float("inf"), 20.0], None),
        (list(range(119, 100, -1)), "by 1 over the last epoch."),
        (list(range(120, 100, -1)), "by 2 over the last 2 epochs."),
        ([*range(40, 10, -1)], "by 3 over the last 3 epochs."),
    ],
)
def test_training_is_cut_short_where_the_loss_still_falls(losses, fall):
    found = diagnose({}, {"val_loss": losses})
    assert [finding.name for finding in found] == ([] if fall is None else ["training_cut_short"])
    if fall is not None:
        assert found[0].text == f"The validation loss was still falling at the end, {fall}"


@pytest.mark.parametrize(
    ("numbers", "history", "name", "severity", "title", "text"),
    [
        (
            {"active_units": 0, "kl_loss": 0.01},
            LEVEL,
            "posterior_collapse",
            "warning",
            "Posterior collapse",
            "The codes carry no information",
        ),
        (
            {"mse": 0.0675, "mse_train": 0.0675},
            LEVEL,
            "kl_weight_too_strong",
            "warning",
            "KL weight too strong",
            "explain only 25% of the variance of the images, with 5.0 nats of KL.",
        ),
        (
            {"mse_train": 0.01},
            {},
            "over_fitting",
            "warning",
            "Over-fitting",
            "2.30 times as large on test images (0.0230) as on training images (0.0100)",
        ),
        (
            {"active_units": 3, "latent_dim": 8},
            {},
            "dead_units",
            "note",
            "Dead units",
            "5 of 8 latent dimensions do not respond",
        ),
        (
            {},
            {"kl_weight": [0.1], "val_kl_weight": [1.0]},
            "warmup_cut_short",
            "warning",
            "KL warm-up cut short",
            "at a KL weight of 0.1 of 1,",
        ),
        (
            {},
            {"val_loss": [3, 2, 1]},
            "training_cut_short",
            "note",
            "Training cut short",
            "falling at the end",
        ),
        (
            {"aggregated_posterior_kl": 1.5},
            {},
            "prior_mismatch",
            "note",
            "Codes are not where the prior is",
            "are 1.50 nats from the prior (of 5.00 nats of KL)",
        ),
        (
            {"copied_share": 0.25},
            {},
            "memorised",
            "note",
            "Samples close to training images",
            "25% of the samples lie nearer",
        ),
        (
            {"residual_variance_ratio": 4},
            {},
            "likelihood_does_not_fit",
            "warning",
            "The likelihood does not fit",
            "4.0 times as large",
        ),
    ],
)
def test_what_each_finding_is_called_and_says(numbers, history, name, severity, title, text):
    finding = one(numbers, history, kl_weight=8)
    assert (finding.name, finding.severity, finding.title) == (name, severity, title)
    assert text in finding.text
    assert finding.advice.endswith(".")


def test_a_code_of_the_active_units_would_do():
    assert "A code of size 3 would do" in one({"active_units": 3, "latent_dim": 8}).advice


def test_the_weight_is_one_unless_said():
    blurred = {"mse": 0.08, "mse_train": 0.08}
    assert names(blurred) == names(blurred, kl_weight=1.0) == []
    assert names(blurred, kl_weight=1.001) == ["kl_weight_too_strong"]
