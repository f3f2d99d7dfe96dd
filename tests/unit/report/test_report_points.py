import numpy as np
import pytest

from vae_keras import Autoencoder, ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import SquaredError
from vae_keras.priors import Mixture
from vae_keras.report.points import chosen_points


def values(points):
    return {metric.name: metric.values for metric in points.metrics}


def test_numbers_are_those_of_each_image_at_its_own_code(tiny_vae, make_images):
    vae, images = tiny_vae(latent_dim=3), make_images(20, dtype="uint8")
    points = chosen_points(vae, images, None, count=8, seed=1)
    assert len(set(points.indices.tolist())) == 8
    chosen = images[points.indices]
    np.testing.assert_array_equal(points.images, chosen)
    np.testing.assert_allclose(points.codes, vae.encode(chosen), rtol=1e-5)
    decoded = vae.reconstruct(chosen)
    np.testing.assert_allclose(points.reconstructions, decoded * 255, atol=0.51)
    squares = np.square(chosen / 255.0 - decoded)
    found = values(points)
    np.testing.assert_allclose(found["Reconstruction loss"], squares.sum(axis=(1, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(found["MSE per pixel"], squares.mean(axis=(1, 2, 3)), rtol=1e-4)
    mean, log_var = vae.encode_distribution(chosen)
    divergence = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    np.testing.assert_allclose(found["KL to the prior"], divergence.sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(points.relevance, divergence.mean(axis=0), rtol=1e-4)


def test_the_choice_depends_on_the_seed_alone(tiny_vae, make_images):
    vae, images = tiny_vae(), make_images(50)
    first, again, other = (
        chosen_points(vae, images, None, count=20, seed=seed).indices for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_all_images_are_shown_where_there_are_no_more(tiny_vae, make_images):
    points = chosen_points(tiny_vae(), make_images(5), np.arange(5), count=100, seed=0)
    assert sorted(points.indices) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(points.labels, points.indices)
    assert len(points.first(2).images) == len(points.first(2).metrics[0].values) == 2


def test_an_autoencoder_has_neither_loss_in_nats_nor_divergence(make_images):
    likelihood = SquaredError()
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(4,), variational=False)
    points = chosen_points(Autoencoder(*parts), make_images(6), None, count=6, seed=0)
    assert list(values(points)) == ["MSE per pixel"]
    np.testing.assert_allclose(points.relevance, points.codes.std(axis=0))


def test_a_conditional_model_decodes_each_image_as_its_own_class(make_images):
    likelihood = SquaredError()
    vae = ConditionalVAE(
        *mlp((8, 8, 1), 2, likelihood, encoder_units=(4,), num_classes=3), likelihood
    )
    images, labels = make_images(9), np.arange(9) % 3
    points = chosen_points(vae, images, labels, count=9, seed=0)
    own = vae.reconstruct(images[points.indices], label=points.labels)
    np.testing.assert_allclose(points.reconstructions, own * 255, atol=0.51)


def test_a_learned_prior_orders_dimensions_by_the_spread_of_codes(tiny_vae, make_images):
    vae = tiny_vae(prior=Mixture(3))
    points = chosen_points(vae, make_images(6), None, count=6, seed=0)
    assert points.relevance_name.startswith("standard deviation")
    assert np.isfinite(values(points)["KL to the prior"]).all()


def test_images_of_a_binarised_model_are_shown_as_it_sees_them(tiny_vae, make_images):
    from vae_keras.likelihoods import Bernoulli

    vae = tiny_vae(likelihood=Bernoulli(), binarize=True)
    points = chosen_points(vae, make_images(6), None, count=6, seed=0)
    assert set(np.unique(points.images)) == {0, 255}


def test_codes_that_are_not_finite_are_refused(tiny_vae, make_images):
    vae = tiny_vae()
    vae.encoder.set_weights([np.full_like(weight, np.nan) for weight in vae.encoder.get_weights()])
    with pytest.raises(ArgumentError, match="`model` must give finite codes"):
        chosen_points(vae, make_images(4), None, count=4, seed=0)
