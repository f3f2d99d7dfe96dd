import numpy as np
import pytest
from sklearn.decomposition import PCA

from vae_keras import ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.likelihoods import SquaredError
from vae_keras.report.plane import code_range, decoded_grid, principal_plane
from vae_keras.report.sheet import sheet_columns


def test_principal_plane_is_that_of_scikit_learn():
    generator = np.random.default_rng(0)
    codes = generator.normal(size=(200, 5)) @ generator.normal(size=(5, 5)) + 3
    plane, reference = principal_plane(codes), PCA(2).fit(codes)
    signs = np.sign(np.sum(plane.axes * reference.components_, axis=1, keepdims=True))
    np.testing.assert_allclose(plane.axes * signs, reference.components_, atol=1e-8)
    np.testing.assert_allclose(plane.explained, reference.explained_variance_ratio_, rtol=1e-6)
    np.testing.assert_allclose(
        plane.coordinates(codes) * signs.T, reference.transform(codes), atol=1e-8
    )
    places = generator.normal(size=(4, 2))
    np.testing.assert_allclose(plane.coordinates(plane.codes(places)), places, atol=1e-8)
    assert (np.take_along_axis(plane.axes, np.abs(plane.axes).argmax(1)[:, None], 1) > 0).all()


def test_one_code_has_a_plane_too():
    plane = principal_plane(np.ones((1, 4)))
    assert np.isfinite(plane.axes).all() and not plane.explained.any()


def test_range_holds_all_codes_and_of_a_prior_three_standard_deviations():
    codes = np.array([[-5.0, 0.5], [1.0, 1.0]])
    low, high = code_range(codes, prior=True)
    np.testing.assert_array_equal([low, high], [[-5, -3], [3, 3]])
    low, high = code_range(codes, prior=False)
    assert (low < codes.min(axis=0)).all() and (high > codes.max(axis=0)).all()
    assert high[1] < 1.1


@pytest.mark.parametrize("latent_dim", [1, 2, 4])
def test_grid_shows_what_the_decoder_gives_at_each_place(tiny_vae, unpacked, latent_dim):
    vae = tiny_vae(latent_dim=latent_dim)
    codes = np.random.default_rng(0).normal(size=(30, latent_dim))
    plane = principal_plane(codes) if latent_dim > 2 else None
    grid = decoded_grid(vae, codes, plane, prior=True, max_bytes=10**7)
    sheet = unpacked(grid["sheets"][0])
    counts = grid["counts"]
    assert counts == ([201] if latent_dim == 1 else [41, 41])
    assert grid["columns"] == sheet_columns(np.prod(counts), (8, 8, 1))
    steps = [10, 30][: len(counts)]
    place = [
        low + step * (high - low) / (count - 1)
        for step, low, high, count in zip(steps, grid["low"], grid["high"], counts, strict=True)
    ]
    code = np.array([place]) if plane is None else plane.codes(np.array([place]))
    tile = steps[0] + (steps[1] * counts[0] if len(counts) > 1 else 0)
    top, left = tile // grid["columns"] * 8, tile % grid["columns"] * 8
    np.testing.assert_allclose(
        sheet[top : top + 8, left : left + 8, 0], 255 * vae.decode(code)[0, ..., 0], atol=1
    )


def test_grid_has_a_sheet_for_each_class_and_is_coarser_where_it_must(unpacked):
    likelihood = SquaredError()
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(4,), num_classes=3)
    vae = ConditionalVAE(*parts, likelihood)
    codes = np.zeros((4, 2))
    grid = decoded_grid(vae, codes, None, prior=True, max_bytes=10**7)
    assert len(grid["sheets"]) == 3 and grid["counts"] == [21, 21]
    corner = vae.decode([[-3.0, -3.0]], label=2)[0, ..., 0]
    np.testing.assert_allclose(unpacked(grid["sheets"][2])[:8, :8, 0], 255 * corner, atol=1)
    small = decoded_grid(vae, codes, None, prior=True, max_bytes=100)
    assert small["counts"] == [6, 6]
    assert (small["low"], small["high"]) == (grid["low"], grid["high"])
