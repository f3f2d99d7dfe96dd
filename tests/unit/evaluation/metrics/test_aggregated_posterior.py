import math
import tracemalloc

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import (
    aggregated_posterior_kl,
    elbo_surgery,
    kl_per_dimension,
    mutual_information,
)


def _posteriors(n=200, latent_dim=3, seed=0, log_var=-1.0):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(n, latent_dim)),
        log_var + 0.5 * rng.normal(size=(n, latent_dim)),
    )


def test_a_posterior_that_is_the_prior_has_neither_part():
    both = elbo_surgery(np.zeros((50, 4)), np.zeros((50, 4)))
    for part in (both.mutual_information, both.aggregated_posterior_kl):
        assert part.value == pytest.approx(0.0, abs=1e-12)
        assert part.standard_error == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("log_var", [-4.0, -40.0, -400.0])
def test_posteriors_far_apart_tell_the_image_surely(log_var):
    means = 10.0 * np.arange(64)[:, None] * [1.0, -2.0]
    information = mutual_information(means, np.full((64, 2), log_var))
    assert information.value == pytest.approx(math.log(64), abs=1e-9)
    assert information.standard_error < 1e-9


def test_the_information_is_never_above_the_logarithm_of_the_number_of_images():
    mean, log_var = _posteriors(30, 8, log_var=-8.0)
    assert math.log(30) - 1e-3 < mutual_information(mean, log_var).value <= math.log(30) + 1e-12


def test_the_parts_sum_to_the_mean_kl_divergence():
    mean, log_var = _posteriors()
    both = elbo_surgery(mean, log_var, samples=20_000)
    total = both.mutual_information.value + both.aggregated_posterior_kl.value
    error = math.hypot(
        both.mutual_information.standard_error, both.aggregated_posterior_kl.standard_error
    )
    assert total == pytest.approx(kl_per_dimension(mean, log_var).sum(), abs=4 * error)
    assert error < 0.02


def test_a_prior_of_ones_own():
    mean, log_var = _posteriors(40, 2)

    def shifted(codes):
        return -0.5 * np.sum((codes - 7.0) ** 2 + math.log(2 * math.pi), axis=1)

    moved = aggregated_posterior_kl(mean + 7.0, log_var, shifted)
    assert moved.value == pytest.approx(aggregated_posterior_kl(mean, log_var).value, abs=1e-9)


def test_both_parts_come_from_the_same_draws_and_a_seed_repeats_them():
    mean, log_var = _posteriors(40, 2)
    both = elbo_surgery(mean, log_var, samples=100, seed=3)
    assert both.mutual_information == mutual_information(mean, log_var, samples=100, seed=3)
    assert both.aggregated_posterior_kl == aggregated_posterior_kl(
        mean, log_var, samples=100, seed=3
    )
    assert both != elbo_surgery(mean, log_var, samples=100, seed=4)


def test_the_standard_error_is_the_spread_over_seeds():
    mean, log_var = _posteriors(300, 2)
    draws = [elbo_surgery(mean, log_var, samples=100, seed=seed) for seed in range(200)]
    for name in ("mutual_information", "aggregated_posterior_kl"):
        values = [getattr(draw, name).value for draw in draws]
        typical = np.mean([getattr(draw, name).standard_error for draw in draws])
        assert np.std(values) == pytest.approx(typical, rel=0.25)


def test_the_result_does_not_depend_on_the_chunks_and_memory_is_bounded(monkeypatch):
    from vae_keras.evaluation.metrics import aggregated_posterior

    mean, log_var = _posteriors(3000, 4)
    tracemalloc.start()
    whole = elbo_surgery(mean, log_var, samples=500)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20  # the whole table has 500 x 3000 x 8 = 11.4 MiB, five times over
    monkeypatch.setattr(aggregated_posterior, "_CHUNK_VALUES", 1)
    each = elbo_surgery(mean, log_var, samples=500)
    assert each.mutual_information.value == pytest.approx(whole.mutual_information.value)
    assert each.aggregated_posterior_kl.value == pytest.approx(whole.aggregated_posterior_kl.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z_mean": np.zeros(3)}, "`z_mean` must have the shape"),
        ({"z_log_var": np.zeros((5, 1))}, "`z_log_var` must have the shape of `z_mean`"),
        ({"z_log_var": np.full((5, 2), np.nan)}, "`z_log_var` must be finite"),
        ({"z_log_var": np.full((5, 2), -800.0)}, "`z_log_var` must lie within ±600"),
        ({"samples": 1}, "`samples` must be an integer of at least 2. Received: samples=1"),
        ({"samples": 10.0}, "`samples` must be an integer"),
        ({"seed": -1}, "`seed` must be an integer"),
        ({"prior_log_prob": lambda codes: codes}, r"`prior_log_prob` must.*shape \(100, 2\)"),
        ({"prior_log_prob": lambda codes: codes[:, 0] / 0.0}, "`prior_log_prob` must.*100 of them"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_wrong_input_is_refused(change, message):
    given = {"z_mean": np.zeros((5, 2)), "z_log_var": np.zeros((5, 2)), "samples": 100, **change}
    with pytest.raises(ArgumentError, match=message):
        elbo_surgery(**given)
