import math

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import mutual_information_gap, separated_attribute_predictability

MEASURES = [mutual_information_gap, separated_attribute_predictability]


def grid(*levels: int, times: int = 1) -> np.ndarray:
    """Return every combination of levels, so that the factors are exactly independent."""
    axes = np.meshgrid(*(np.arange(count) for count in levels), indexing="ij")
    return np.tile(np.stack(axes, axis=-1).reshape(-1, len(levels)), (times, 1))


FACTORS = grid(3, 5, 8, times=25)
CODES = FACTORS * [2.0, -0.5, 10.0] + [0, 7, -3]
NOISE = np.random.default_rng(0).normal(size=(len(FACTORS), 5))
ROTATION = np.array([[1.0, 1.0], [-1.0, 1.0]]) / math.sqrt(2)


@pytest.mark.parametrize("measure", MEASURES)
def test_codes_that_are_the_factors_are_perfect(measure):
    assert measure(CODES, FACTORS) == pytest.approx(1.0, abs=1e-12)
    assert measure(CODES[:, [2, 0, 1]], FACTORS) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_dimensions_of_noise_hardly_matter(measure):
    assert 0.95 < measure(np.hstack([NOISE, CODES]), FACTORS) < 1.0


def test_bent_dimensions_lower_sap_and_mig_only_where_levels_share_a_bin():
    bent = np.exp(CODES / 40)
    assert mutual_information_gap(bent, FACTORS) == pytest.approx(1.0, abs=1e-12)
    assert 0.9 < separated_attribute_predictability(bent, FACTORS) < 0.99
    assert mutual_information_gap(np.exp(CODES / 8), FACTORS) < 0.9


@pytest.mark.parametrize("measure", MEASURES)
def test_codes_turned_by_45_degrees_are_near_0(measure):
    factors = grid(10, 10, times=10)
    upright = factors - factors.mean(axis=0)
    assert measure(upright, factors) == pytest.approx(1.0, abs=1e-12)
    assert 0 <= measure(upright @ ROTATION, factors) < 0.1


@pytest.mark.parametrize("measure", MEASURES)
def test_random_codes_are_near_0(measure):
    assert 0 <= measure(NOISE, FACTORS) < 0.01


@pytest.mark.parametrize("measure", MEASURES)
def test_each_factor_in_two_dimensions_is_0(measure):
    assert measure(np.hstack([CODES, -CODES]), FACTORS) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_dimensions_that_never_move_know_nothing(measure):
    still = np.full((len(CODES), 2), 0.1)  # 0.1 has a mean and a deviation that are not exact
    assert measure(np.hstack([still, CODES]), FACTORS) == pytest.approx(1.0, abs=1e-12)
    assert measure(still, FACTORS) == 0.0


def test_mig_of_a_noisy_channel_in_closed_form():
    # A quarter of the codes is flipped, in both halves of both factors.
    factors, flips = grid(2, 2, 4, 4)[:, :2], grid(2, 2, 4, 4)[:, 2:] == 0
    codes = factors ^ flips
    entropy = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    assert mutual_information_gap(codes, factors) == pytest.approx(1 - entropy, rel=1e-12)


def test_mig_is_a_mean_over_factors():
    # The first factor is found and the second is not.
    codes = np.stack([FACTORS[:, 0], np.zeros(len(FACTORS))], axis=-1)
    assert mutual_information_gap(codes, FACTORS[:, :2]) == pytest.approx(0.5, rel=1e-12)


def test_bins_limit_what_a_dimension_can_tell():
    factors = grid(8, 8)
    assert mutual_information_gap(factors, factors, bins=8) == pytest.approx(1.0, rel=1e-12)
    assert mutual_information_gap(factors, factors, bins=2) == pytest.approx(1 / 3, rel=1e-12)


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0], [2, 0, 1]])
def test_sap_of_classes_on_a_line(order: list[int]):
    """Three classes on one line are told by two thresholds, in whatever order they lie."""
    classes = np.repeat([0, 1, 2], [300, 60, 60])
    noise = 0.1 * np.random.default_rng(0).normal(size=len(classes))
    codes = np.stack([np.array(order)[classes] + noise, np.zeros(len(classes))], axis=-1)
    sap = separated_attribute_predictability(codes, classes[:, np.newaxis], categorical=[0])
    assert sap == pytest.approx(2 / 3, abs=1e-12)  # guessing one of three scores a third


def test_sap_treats_only_the_named_columns_as_categorical():
    line = np.array([1, 2, 0])[FACTORS[:, 0]]  # in an order that is not linear
    codes = np.column_stack([line, FACTORS[:, 1:]])
    # A correlation of -1/2 in the first factor.
    assert separated_attribute_predictability(codes, FACTORS) == pytest.approx(2.25 / 3)
    named = separated_attribute_predictability(codes, FACTORS, categorical=(0,))
    assert named == pytest.approx((1 - 1 / 3 + 2) / 3, abs=0.02)


def test_sap_is_decided_by_its_seed():
    classes = FACTORS[:, :1]
    codes = np.hstack([classes + 0.8 * NOISE[:, :1], NOISE[:, 1:]])

    def sap(seed: int) -> float:
        return separated_attribute_predictability(codes, classes, categorical=(0,), seed=seed)

    assert sap(1) == sap(1)
    assert len({sap(seed) for seed in range(4)}) > 1


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (CODES[:, 0], FACTORS, r"`codes` must have the shape.*Received: codes.shape=\(3000,\)"),
        (CODES[:, :1], FACTORS, r"`codes`.*two dimensions.*Received: codes.shape=\(3000, 1\)"),
        (CODES * np.nan, FACTORS, "`codes` must be finite numbers. Received: 9000 of 9000"),
        (CODES, FACTORS[:-1], r"`factors`.*3000 codes.*Received: factors.shape=\(2999, 3\)"),
        (CODES, FACTORS[:, 0], r"`factors` must have one row.*Received: .*\(3000,\)"),
        (CODES, FACTORS[:, :0], r"Received: factors.shape=\(3000, 0\)"),
        (CODES, FACTORS + 0.5, r"`factors` must be whole numbers.*Received: 0\.5"),
        (CODES, FACTORS + np.inf, "`factors` must be finite"),
        (CODES, FACTORS.astype(str), "`factors` must be whole numbers. Received: .*dtype=<U"),
        (CODES, FACTORS * [1, 0, 1], "two values in each column. Received: column 1 is always 0"),
    ],
)
def test_wrong_arrays_are_refused(measure, codes, factors, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        measure(codes, factors)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("measure", MEASURES)
def test_whole_floats_and_booleans_are_whole_numbers(measure):
    assert measure(CODES, FACTORS.astype(np.float32)) == measure(CODES, FACTORS)
    binary = FACTORS > 1
    assert measure(CODES, binary) == measure(CODES, binary.astype(int))


@pytest.mark.parametrize("bins", [1, 0, 2.5, True, None])
def test_bins_that_make_no_sense(bins):
    with pytest.raises(
        ArgumentError, match=f"`bins` must be an integer of at least 2.*bins={bins}"
    ):
        mutual_information_gap(CODES, FACTORS, bins=bins)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"categorical": (3,)}, r"`categorical`.*from 0 to 2. Received: categorical=\(3,\)"),
        ({"categorical": (-1,)}, "`categorical`"),
        ({"categorical": 0}, "Received: categorical=0"),
        ({"categorical": ("shape",)}, "Received: categorical="),
        ({"categorical": (0,), "test_fraction": 1.0}, r"`test_fraction` must lie in \(0, 1\)"),
        (
            {"categorical": (1,), "test_fraction": 1e-3},
            "2997 and 3 codes. Received: a level of column 1 in 600 of 3000 rows",
        ),
    ],
)
def test_sap_options_that_make_no_sense(options: dict, message: str):
    with pytest.raises(ArgumentError, match=message):
        separated_attribute_predictability(CODES, FACTORS, **options)


@pytest.mark.parametrize("seed", range(12))
def test_sap_has_each_class_in_both_parts(seed: int):
    factors = np.repeat([0, 1, 2], [30, 30, 4])[:, np.newaxis]
    codes = np.hstack([factors, np.zeros_like(factors)])
    options = {"categorical": (0,), "seed": seed}
    assert separated_attribute_predictability(codes, factors, **options) == pytest.approx(2 / 3)
    with pytest.raises(ArgumentError, match="a level of column 0 in 3 of 63 rows"):
        separated_attribute_predictability(codes[:-1], factors[:-1], **options)
