import math

import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.math import DiagonalGaussian, gaussian_log_prob
from vae_keras.priors import Mixture
from vae_keras.regularizers import LatentTerms, TotalCorrelation

ESTIMATORS = ["weighted", "stratified"]


def values(regularizer, latent):
    return ops.convert_to_numpy(regularizer(latent))


def terms(regularizer, latent):
    return [ops.convert_to_numpy(term) for term in regularizer.terms(latent)]


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("batch", [1, 2, 6])
@pytest.mark.parametrize("learned_prior", [False, True])
def test_equal_weights_are_the_kl_divergence_at_the_codes(
    make_latent, estimator, batch, learned_prior
):
    given = {}
    if learned_prior:
        given["prior"] = Mixture(3)
        given["prior"].build((None, 3))
    latent = make_latent(batch, **given)
    log_ratio = gaussian_log_prob(latent.posterior, latent.codes)
    log_ratio = log_ratio - latent.prior.log_prob(latent.codes)
    received = values(TotalCorrelation(1.0, 1.0, 1.0, estimator=estimator), latent)
    np.testing.assert_allclose(received, ops.convert_to_numpy(log_ratio), atol=2e-5)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_weights_apply_to_their_terms(make_latent, estimator):
    latent = make_latent()
    regularizer = TotalCorrelation(2.0, 3.0, 5.0, estimator=estimator)
    expected = sum(w * t for w, t in zip((2, 3, 5), terms(regularizer, latent), strict=True))
    np.testing.assert_allclose(values(regularizer, latent), expected, rtol=1e-6)


def test_one_dimension_has_no_total_correlation(make_latent):
    _, correlation, _ = terms(TotalCorrelation(estimator="stratified"), make_latent(6, 1))
    np.testing.assert_allclose(correlation, 0.0, atol=1e-6)


def test_the_weighted_estimate_moves_by_constants_with_the_data_set(make_latent):
    latent = make_latent(6, 3)
    small = terms(TotalCorrelation(dataset_size=10), latent)
    large = terms(TotalCorrelation(dataset_size=1000), latent)
    for before, after, times in zip(small, large, (1, 2, -3), strict=True):
        np.testing.assert_allclose(after - before, times * math.log(100), rtol=1e-4)


def test_the_stratified_estimate_of_a_whole_data_set_is_its_mean(make_latent):
    latent = make_latent(6, 3)
    whole = terms(TotalCorrelation(dataset_size=6, estimator="stratified"), latent)
    # The weighted one has 1/(N B) where the mean has 1/B.
    weighted = terms(TotalCorrelation(dataset_size=6), latent)
    for one, other, times in zip(whole, weighted, (1, 2, -3), strict=True):
        np.testing.assert_allclose(other - one, times * math.log(6), rtol=1e-4)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_order_of_the_batch_does_not_matter(make_latent, estimator):
    latent = make_latent()
    order = [3, 0, 5, 1, 4, 2]
    turned = LatentTerms(
        DiagonalGaussian(*(ops.take(one, order, axis=0) for one in latent.posterior)),
        ops.take(latent.codes, order, axis=0),
        latent.prior,
        dataset_size=latent.dataset_size,
    )
    regularizer = TotalCorrelation(estimator=estimator)
    np.testing.assert_allclose(
        values(regularizer, turned), values(regularizer, latent)[order], rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_argument_overrides_the_data_set_of_the_record(make_latent, estimator):
    latent = make_latent(dataset_size=50)
    own = values(TotalCorrelation(estimator=estimator), latent)
    np.testing.assert_array_equal(
        values(TotalCorrelation(dataset_size=50, estimator=estimator), make_latent()), own
    )
    other = values(TotalCorrelation(dataset_size=500, estimator=estimator), latent)
    assert np.all(np.abs(other - own) > 1e-3)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_data_set_holds_at_least_the_batch(make_latent, estimator, size):
    regularizer = TotalCorrelation(estimator=estimator)
    received = values(regularizer, make_latent(dataset_size=size))
    np.testing.assert_array_equal(received, values(regularizer, make_latent(dataset_size=6)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": -1.0}, "`alpha` must be a finite number of at least 0"),
        ({"beta": math.inf}, "`beta` must be a finite number of at least 0"),
        ({"gamma": math.nan}, "`gamma` must be a finite number of at least 0"),
        ({"dataset_size": 0}, "`dataset_size` must be a positive integer"),
        ({"dataset_size": 2.5}, "`dataset_size` must be a positive integer"),
        ({"dataset_size": True}, "`dataset_size` must be a positive integer"),
        ({"estimator": "wieghted"}, "`estimator` must be one of .* Did you mean 'weighted'"),
    ],
)
def test_senseless_settings(settings, message):
    ((name, value),) = settings.items()
    with pytest.raises(ArgumentError, match=message) as caught:
        TotalCorrelation(**settings)
    assert str(caught.value).endswith(f"Received: {name}={value!r}")
    assert "\n" not in str(caught.value)
