"""The Frechet distance against a closed form, SciPy's matrix square root and torchmetrics."""

import numpy as np
import pytest

from vae_keras.evaluation import frechet_distance


def _features(n, dimensions, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, dimensions)) @ rng.normal(size=(dimensions, dimensions)) + 1.0


def test_matches_the_closed_form_of_diagonal_covariances():
    # Points on the axes, at plus and minus a: a diagonal covariance of 2 a^2 / (2 d - 1).
    scales = np.array([[1.0, 2.0, 0.0, 5.0], [0.5, 2.0, 3.0, 1.0]])
    sets = [np.concatenate([np.diag(a), -np.diag(a)]) for a in scales]
    stds = scales * np.sqrt(2 / 7)
    expected = 0.25 * 4 + np.sum((stds[0] - stds[1]) ** 2)
    assert frechet_distance(sets[0], sets[1] + 0.5) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("counts", [(300, 200), (50, 500)])
def test_matches_scipy_sqrtm(counts):
    from scipy.linalg import sqrtm

    first, second = _features(counts[0], 12, 0), _features(counts[1], 12, 1)
    s1, s2 = np.cov(first.T), np.cov(second.T)
    expected = np.sum((first.mean(0) - second.mean(0)) ** 2)
    expected += np.trace(s1 + s2 - 2 * np.real(sqrtm(s1 @ s2)))
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)


def test_matches_torchmetrics_on_the_same_features():
    fid = pytest.importorskip("torchmetrics.image.fid")
    torch = pytest.importorskip("torch")

    class Features(torch.nn.Module):
        num_features = 12

        def forward(self, images):
            return torch.flatten(images, 1).double()

    first, second = _features(300, 12, 0), _features(200, 12, 1)
    metric = fid.FrechetInceptionDistance(feature=Features())
    for features, real in ((first, True), (second, False)):
        metric.update(torch.from_numpy(features.reshape(-1, 3, 2, 2)), real=real)
    expected = float(metric.compute())
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)
