"""One function draws images from a model of any kind, from codes of any source."""

import typing

import numpy as np
import pytest
from keras import ops

from vae_keras import Autoencoder, ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.cli.commands import Sample
from vae_keras.data import Split
from vae_keras.errors import ArgumentError
from vae_keras.generation.codes import AggregatedPosterior
from vae_keras.generation.images import CODE_SOURCES, sample_images
from vae_keras.likelihoods import Bernoulli, SquaredError

SHAPE = (8, 8, 1)


@pytest.fixture
def train(make_images):
    """Twelve images, four of each of three classes."""
    return Split(make_images(12, SHAPE, dtype="uint8"), np.repeat(np.arange(3), 4))


@pytest.fixture
def conditional():
    likelihood = SquaredError()
    return ConditionalVAE(*mlp(SHAPE, 2, likelihood, encoder_units=(8,), num_classes=3), likelihood)


@pytest.fixture
def autoencoder():
    return Autoencoder(*mlp(SHAPE, 2, SquaredError(), encoder_units=(8,), variational=False))


def test_the_command_line_knows_every_source():
    assert typing.get_args(typing.get_type_hints(Sample)["codes"]) == CODE_SOURCES


@pytest.mark.parametrize("codes", CODE_SOURCES)
def test_every_source_is_seeded(codes, tiny_vae, train):
    vae = tiny_vae()
    first, again, other = (
        sample_images(vae, 5, codes=codes, seed=seed, train=train) for seed in (1, 1, 2)
    )
    assert first.shape == (5, *SHAPE)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-4
    assert sample_images(vae, 1, codes=codes, train=train).shape == (1, *SHAPE)


def test_the_prior_is_that_of_the_model(tiny_vae):
    vae = tiny_vae()
    np.testing.assert_array_equal(sample_images(vae, 5, seed=1), vae.sample(5, seed=1))


def test_posteriors_are_those_of_the_training_images(tiny_vae, train):
    vae = tiny_vae()
    sampler = AggregatedPosterior(*vae.encode_distribution(train.images))
    drawn = sample_images(vae, 5, codes="posterior", seed=1, train=train)
    np.testing.assert_allclose(drawn, vae.decode(sampler.sample(5, seed=1)), atol=1e-6)


@pytest.mark.parametrize("codes", CODE_SOURCES)
def test_without_a_label_a_row_has_one_code_in_every_class(codes, conditional, train):
    images = sample_images(conditional, 4, codes=codes, seed=1, train=train)
    assert images.shape == (4, 3, *SHAPE)
    if codes == "prior":
        drawn = ops.convert_to_numpy(conditional.prior.sample(4, seed=1))
        for label in range(3):
            expected = conditional.decode(drawn, label=label)
            np.testing.assert_allclose(images[:, label], expected, atol=1e-6)
    assert np.abs(images[:, 0] - images[:, 1]).max() > 1e-3


def test_with_a_label_codes_are_those_of_its_images(conditional, train):
    sampler = AggregatedPosterior(*conditional.encode_distribution(train.images[8:], label=2))
    images = sample_images(conditional, 5, codes="posterior", label=2, seed=1, train=train)
    expected = conditional.decode(sampler.sample(5, seed=1), label=2)
    np.testing.assert_allclose(images, expected, atol=1e-6)


def test_codes_of_an_autoencoder_come_from_a_mixture(autoencoder, train):
    few = Split(train.images[:3])  # fewer than the mixture's usual components
    images = sample_images(autoencoder, 30, codes="mixture", seed=1, train=few)
    assert images.shape == (30, *SHAPE)
    # One component at each image: samples are these images' reconstructions.
    known = autoencoder.reconstruct(few.images)
    distances = np.abs(images[:, None] - known[None]).max(axis=(2, 3, 4))
    assert distances.min(axis=1).max() < 0.01
    assert set(distances.argmin(axis=1)) == {0, 1, 2}


def test_a_model_of_binary_images_is_shown_binary_images(tiny_vae, train, monkeypatch):
    vae = tiny_vae(likelihood=Bernoulli(), binarize=True)
    seen = []
    monkeypatch.setattr(
        vae,
        "encode_distribution",
        lambda x, label=None: (seen.append(x), type(vae).encode_distribution(vae, x))[1],
    )
    sample_images(vae, 2, codes="posterior", train=train)
    assert seen[0].dtype == bool
    assert 0.3 < seen[0].mean() < 0.7


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("vae", {"codes": "priors"}, "`codes` must be one of .* Did you mean 'prior'"),
        ("vae", {"codes": "grid", "train": None}, "`train` must be given with codes='grid'"),
        ("vae", {"label": 1}, "`label` must not be given"),
        ("conditional", {"label": 3}, "`label` must lie in 0 to 2"),
        ("autoencoder", {}, "`codes` must be 'mixture' .*`--codes mixture`.* no"),
        ("autoencoder", {"codes": "posterior"}, "`codes` must be 'mixture'"),
    ],
)
def test_wrong_arguments_are_refused(kind, settings, message, request, tiny_vae, train):
    model = tiny_vae() if kind == "vae" else request.getfixturevalue(kind)
    with pytest.raises(ArgumentError, match=message) as caught:
        sample_images(model, 2, **{"train": train, **settings})
    assert "\n" not in str(caught.value)


def test_a_class_without_training_images_is_refused(conditional, train):
    others = Split(train.images[:4], train.labels[:4])
    with pytest.raises(ArgumentError, match="`label` must be a class of the training images"):
        sample_images(conditional, 2, codes="mixture", label=2, train=others)
