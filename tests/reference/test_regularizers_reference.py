"""Regularisers against plain NumPy loops in float64, closed forms and exact enumeration."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
from gradients import finite_differences, value_and_gradients
from keras import ops
from scipy import special, stats

from vae_keras.math import DiagonalGaussian, reparameterize
from vae_keras.priors import StandardNormal
from vae_keras.regularizers import (
    DIP,
    KL,
    MMD,
    Capacity,
    FreeBits,
    LatentTerms,
    TotalCorrelation,
)
from vae_keras.regularizers.mmd import squared_mmd

DATASET_SIZE, STEP = 60_000, 300


def _reference_kl(latent):
    """KL of each dimension, `(batch, latent_dim)`: cross-entropy minus entropy."""
    return np.array(
        [
            [
                0.5 * math.log(2 * math.pi) + 0.5 * (m * m + math.exp(lv)) - q.entropy()
                for m, lv in zip(means, log_vars, strict=True)
                for q in [stats.norm(m, math.exp(lv / 2))]
            ]
            for means, log_vars in zip(latent.mean, latent.log_var, strict=True)
        ]
    )


def _reference_free_bits(latent, free_bits):
    kl = _reference_kl(latent)
    return sum(max(free_bits, kl[:, j].mean()) for j in range(kl.shape[1]))


def _reference_capacity(latent, capacity, steps, weight):
    target = capacity * min(1.0, latent.step / steps)
    return weight * abs(_reference_kl(latent).sum(axis=1).mean() - target)


def _reference_dip(latent, kind, off_diagonal, diagonal):
    batch, latent_dim = latent.mean.shape
    penalty = 0.0
    for i in range(latent_dim):
        for j in range(latent_dim):
            x, y = latent.mean[:, i], latent.mean[:, j]
            covariance = sum((x - x.mean()) * (y - y.mean())) / batch
            if i == j and kind == "ii":
                covariance += sum(math.exp(lv) for lv in latent.log_var[:, i]) / batch
            penalty += diagonal * (covariance - 1) ** 2 if i == j else off_diagonal * covariance**2
    return _reference_kl(latent).sum(axis=1) + penalty


def _reference_mmd(latent, kl_share, weight, kernel):
    batch, latent_dim = latent.mean.shape
    scales = [2 * latent_dim * s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10)]

    def similarity(a, b):
        square = sum((a - b) ** 2)
        if kernel == "rbf":
            return math.exp(-square / latent_dim**2)
        return sum(scale / (scale + square) for scale in scales)

    total = 0.0
    if batch > 1:
        for i, j in itertools.product(range(batch), range(batch)):
            if i != j:
                within = similarity(latent.codes[i], latent.codes[j])
                within += similarity(latent.prior_codes[i], latent.prior_codes[j])
                total += within / (batch * (batch - 1))
            total -= 2 * similarity(latent.codes[i], latent.prior_codes[j]) / batch**2
    return kl_share * _reference_kl(latent).sum(axis=1) + weight * total


def _reference_log_aggregate(latent, dataset_size, estimator):
    """Return `log q(z)` and `log q(z_j)` at each code, in a double loop over the batch."""
    batch, latent_dim = latent.mean.shape
    log_joint, log_each = np.zeros(batch), np.zeros((batch, latent_dim))
    for i in range(batch):
        joint, each, weights = [], [], []
        for k in range(batch):
            scale = np.exp(latent.log_var[k] / 2)
            log_probs = stats.norm.logpdf(latent.codes[i], latent.mean[k], scale)
            each.append(log_probs)
            joint.append(log_probs.sum())
            if estimator == "weighted":
                weights.append(1 / (dataset_size * batch))
            elif i == k:
                weights.append(1 / dataset_size)
            else:
                weights.append((dataset_size - 1) / (dataset_size * (batch - 1)))
        log_joint[i] = special.logsumexp(joint, b=weights)
        log_each[i] = special.logsumexp(each, axis=0, b=np.array(weights)[:, np.newaxis])
    return log_joint, log_each


def _reference_terms(latent, dataset_size, estimator):
    log_joint, log_each = _reference_log_aggregate(latent, dataset_size, estimator)
    scale = np.exp(latent.log_var / 2)
    log_posterior = stats.norm.logpdf(latent.codes, latent.mean, scale).sum(axis=1)
    log_prior = stats.norm.logpdf(latent.codes).sum(axis=1)
    log_product = log_each.sum(axis=1)
    return log_posterior - log_joint, log_joint - log_product, log_product - log_prior


def _reference_total_correlation(latent, alpha, beta, gamma, dataset_size, estimator):
    weights = (alpha, beta, gamma)
    terms = _reference_terms(latent, dataset_size, estimator)
    return sum(weight * term for weight, term in zip(weights, terms, strict=True))


# The settings, given to the member and to its reference alike.
CASES = [
    (KL, lambda latent: _reference_kl(latent).sum(axis=1), {}),
    (FreeBits, _reference_free_bits, {"free_bits": 0.0}),
    (FreeBits, _reference_free_bits, {"free_bits": 0.9}),
    (Capacity, _reference_capacity, {"capacity": 0.7, "steps": 1000, "weight": 10.0}),
    (Capacity, _reference_capacity, {"capacity": 25.0, "steps": 100, "weight": 3.0}),
    (DIP, _reference_dip, {"kind": "i", "off_diagonal": 3.0, "diagonal": 5.0}),
    (DIP, _reference_dip, {"kind": "ii", "off_diagonal": 3.0, "diagonal": 5.0}),
    (MMD, _reference_mmd, {"kl_share": 0.0, "weight": 100.0, "kernel": "imq"}),
    (MMD, _reference_mmd, {"kl_share": 0.5, "weight": 30.0, "kernel": "rbf"}),
    *(
        (
            TotalCorrelation,
            _reference_total_correlation,
            dict(alpha=0.5, beta=6.0, gamma=2.0, dataset_size=size, estimator=estimator),
        )
        for estimator in ("weighted", "stratified")
        for size in (33, DATASET_SIZE)
    ),
]
IDS = ["-".join([case[0].__name__, *map(str, case[2].values())]) for case in CASES]


def _latent(batch, latent_dim, *, seed=0):
    """Draw posteriors, codes and prior codes, as float64 arrays."""
    generator = np.random.default_rng(seed)
    mean, noise, prior_codes = generator.normal(size=(3, batch, latent_dim))
    log_var = generator.normal(-1.0, 0.7, (batch, latent_dim))
    codes = mean + np.exp(log_var / 2) * noise
    return SimpleNamespace(
        mean=mean, log_var=log_var, codes=codes, noise=noise, prior_codes=prior_codes, step=STEP
    )


def _terms(latent, posterior=None, **changes):
    """Return the record that a regulariser gets, of float32 tensors."""
    if posterior is None:
        posterior = DiagonalGaussian(_tensor(latent.mean), _tensor(latent.log_var))
        changes["codes"] = _tensor(latent.codes)
    given = dict(
        codes=reparameterize(posterior, _tensor(latent.noise)),
        prior=StandardNormal(),
        prior_codes=_tensor(latent.prior_codes),
        dataset_size=DATASET_SIZE,
        step=latent.step,
    )
    return LatentTerms(posterior, **{**given, **changes})


def _tensor(values):
    return ops.convert_to_tensor(values, "float32")


@pytest.mark.parametrize(("member", "reference", "settings"), CASES, ids=IDS)
@pytest.mark.parametrize("batch", [1, 2, 7, 32])
@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_values_against_loops(member, reference, settings, batch, latent_dim):
    latent = _latent(batch, latent_dim)
    values = ops.convert_to_numpy(member(**settings)(_terms(latent)))
    assert values.shape == (batch,)
    expected = reference(latent, **settings)
    if member is FreeBits:  # whose reference is the mean over the batch
        values = values.mean()
    np.testing.assert_allclose(values, expected, rtol=2e-5, atol=1e-4)


@pytest.mark.backend
@pytest.mark.parametrize(("member", "reference", "settings"), CASES, ids=IDS)
@pytest.mark.parametrize("batch", [1, 5])
def test_gradients_against_finite_differences(member, reference, settings, batch):
    latent = _latent(batch, 3, seed=1)

    def mean_value(mean, log_var):
        terms = _terms(latent, DiagonalGaussian(mean, log_var))
        return ops.mean(member(**settings)(terms))

    def expected(mean, log_var):
        codes = mean + np.exp(log_var / 2) * latent.noise
        changed = {**vars(latent), "mean": mean, "log_var": log_var, "codes": codes}
        return np.mean(reference(SimpleNamespace(**changed), **settings))

    value, *gradients = value_and_gradients(mean_value, latent.mean, latent.log_var)
    np.testing.assert_allclose(value, expected(latent.mean, latent.log_var), rtol=2e-5, atol=1e-4)
    wanted = finite_differences(expected, latent.mean, latent.log_var)
    for gradient, reference_gradient in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(gradient, reference_gradient, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
def test_the_parts_of_the_kl_against_loops(estimator):
    latent = _latent(9, 4)
    terms = TotalCorrelation(estimator=estimator).terms(_terms(latent, dataset_size=100))
    for term, expected in zip(terms, _reference_terms(latent, 100, estimator), strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(term), expected, rtol=2e-5, atol=2e-5)


def _aggregate(latent, images, dataset_size):
    """Return the stratified estimate of `q(z)` at the code of the first of `images`."""
    chosen = SimpleNamespace(
        **{
            name: value[list(images)] if isinstance(value, np.ndarray) else value
            for name, value in vars(latent).items()
        }
    )
    regularizer = TotalCorrelation(dataset_size=dataset_size, estimator="stratified")
    information, _, _ = regularizer.terms(_terms(chosen))
    scale = np.exp(chosen.log_var[0] / 2)
    density = stats.norm.pdf(chosen.codes[0], chosen.mean[0], scale).prod()
    return density * math.exp(-float(information[0]))


def _densities(latent, image):
    """Return `q(z | x_n)` of every image, at the code of one."""
    return stats.norm.pdf(latent.codes[image], latent.mean, np.exp(latent.log_var / 2)).prod(axis=1)


@pytest.mark.parametrize("batch", [2, 3, 4, 6])
def test_the_stratified_estimate_is_unbiased_over_all_batches(batch):
    dataset_size = 6
    latent = _latent(dataset_size, 2)
    batches = itertools.combinations(range(1, dataset_size), batch - 1)
    estimates = [_aggregate(latent, (0, *others), dataset_size) for others in batches]
    assert np.mean(estimates) == pytest.approx(_densities(latent, 0).mean(), rel=1e-5)


def test_the_stratified_estimate_is_the_mean_of_the_published_one():
    images, dataset_size = 5, 50
    densities, others = _densities(latent := _latent(images, 2), 0), images - 1
    published = []
    for last in range(1, images):  # the one with a weight of its own
        rest = densities[1:].sum() - densities[last]
        weight = (dataset_size - others) / (dataset_size * others)
        published.append(densities[0] / dataset_size + rest / others + weight * densities[last])
    estimate = _aggregate(latent, range(images), dataset_size)
    assert estimate == pytest.approx(np.mean(published), rel=1e-5)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.75])
def test_total_correlation_of_a_gaussian_approaches_the_closed_form(correlation):
    images, variance = 1500, 0.2
    covariance = np.array([[1.0, correlation], [correlation, 1.0]])
    generator = np.random.default_rng(0)
    mean = generator.multivariate_normal([0, 0], covariance - variance * np.eye(2), images)
    noise = generator.normal(size=(images, 2))
    latent = SimpleNamespace(
        mean=mean,
        log_var=np.full((images, 2), math.log(variance)),
        codes=mean + math.sqrt(variance) * noise,
        noise=noise,
        prior_codes=noise,
        step=0,
    )
    regularizer = TotalCorrelation(dataset_size=10**6, estimator="stratified")
    terms = [float(ops.mean(term)) for term in regularizer.terms(_terms(latent))]
    log_determinant = math.log(np.linalg.det(covariance))
    # Entropy of the aggregate minus that of a posterior; -1/2 log det R; N(0, 1) in each dimension.
    expected = [0.5 * log_determinant - math.log(variance), -0.5 * log_determinant, 0.0]
    np.testing.assert_allclose(terms, expected, atol=0.05)


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.7, 0.5), (0.0, 0.2)])
@pytest.mark.thorough
def test_mmd_of_two_gaussians_is_right_on_average(shift, scale):
    batch, latent_dim, repetitions = 8, 2, 400
    generator = np.random.default_rng(0)
    draws = generator.normal(size=(repetitions, 2, batch, latent_dim)).astype("float32")
    estimates = np.array([float(squared_mmd(shift + scale * a, b, "rbf")) for a, b in draws])

    def mean_similarity(difference, variance):
        """E exp(-(a - b)^2 / w) of two Gaussians, to the power of the dimension."""
        width = latent_dim**2 + 2 * variance
        one = latent_dim / math.sqrt(width) * math.exp(-(difference**2) / width)
        return one**latent_dim

    expected = mean_similarity(0, 2 * scale**2) + mean_similarity(0, 2)
    expected -= 2 * mean_similarity(shift, 1 + scale**2)
    assert estimates.mean() == pytest.approx(
        expected, abs=4 * estimates.std() / math.sqrt(repetitions)
    )
