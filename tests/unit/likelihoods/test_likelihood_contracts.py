"""What the model reads from a likelihood's class, and what a saved model holds of it."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    LearnedGaussian,
    Likelihood,
    OptimalGaussian,
    SquaredError,
)

WIDE = (-1.0, 1.0)
CONFIGS = [
    (Bernoulli, {}),
    (ContinuousBernoulli, {}),
    (DiscretizedLogistic, {"data_range": [-1.0, 1.0], "levels": 16}),
    (Gaussian, {"scale": 0.3, "data_range": [-1.0, 1.0]}),
    (LearnedGaussian, {"data_range": [-1.0, 1.0], "min_scale": 0.2}),
    (OptimalGaussian, {"data_range": [-1.0, 1.0], "mode": "analytic"}),
    (SquaredError, {"data_range": [-1.0, 1.0]}),
]


@pytest.mark.parametrize(("member", "config"), CONFIGS)
def test_the_config_is_the_arguments_and_those_of_a_layer(member, config):
    found = member(**config, name="mine").get_config()
    assert found["name"] == "mine"
    assert {name: found[name] for name in config} == config
    assert set(found) == {*config, *Likelihood().get_config()}
    again = member.from_config(found)
    assert again.get_config() == found
    for name, value in config.items():
        assert getattr(again, name) == (tuple(value) if name == "data_range" else value)


@pytest.mark.parametrize(
    ("likelihood", "outputs", "activation", "data_range", "discrete"),
    [
        (Likelihood(), 1, "linear", (0.0, 1.0), False),
        (Bernoulli(), 1, "linear", (0.0, 1.0), True),
        (ContinuousBernoulli(), 1, "linear", (0.0, 1.0), False),
        (DiscretizedLogistic(), 2, "linear", (0.0, 1.0), True),
        (Gaussian(), 1, "sigmoid", (0.0, 1.0), False),
        (Gaussian(data_range=WIDE), 1, "tanh", WIDE, False),
        (LearnedGaussian(), 2, "linear", (0.0, 1.0), False),
        (OptimalGaussian(), 1, "sigmoid", (0.0, 1.0), False),
        (OptimalGaussian(WIDE), 1, "tanh", WIDE, False),
        (SquaredError(), 1, "sigmoid", (0.0, 1.0), False),
        (SquaredError(WIDE), 1, "tanh", WIDE, False),
    ],
)
def test_what_a_member_asks_of_the_decoder(likelihood, outputs, activation, data_range, discrete):
    assert likelihood.parameters_per_channel == outputs
    assert likelihood.output_activation == activation
    assert likelihood.data_range == data_range
    assert likelihood.discrete is discrete
    assert likelihood.normalized is True
    assert likelihood.built
    assert likelihood.dtype_policy.name == "float32"


def test_a_layer_of_another_type_is_that_type():
    assert Likelihood(dtype="float64").dtype_policy.name == "float64"


@pytest.mark.parametrize("data_range", [(0.0, 1.0), WIDE])
@pytest.mark.parametrize(
    "member", [Gaussian, OptimalGaussian, SquaredError, LearnedGaussian, DiscretizedLogistic]
)
def test_the_start_is_at_the_mean_image(member, data_range):
    low, high = data_range
    likelihood = member(data_range=data_range)
    mean = np.linspace(low, high, 6)[1:-1].reshape(1, 2, 2, 1)
    outputs = likelihood.parameters_from_mean(mean)
    assert outputs.dtype == np.float32
    assert outputs.shape == (1, 2, 2, likelihood.parameters_per_channel)
    if likelihood.output_activation != "linear":
        outputs = ops.convert_to_numpy(getattr(ops, likelihood.output_activation)(outputs))
    np.testing.assert_allclose(ops.convert_to_numpy(likelihood.mean(outputs)), mean, atol=1e-6)


def test_the_start_of_logits_is_at_the_mean_image():
    mean = np.array([0.1, 0.25, 0.5, 0.8]).reshape(2, 2, 1)
    for likelihood in (Bernoulli(), ContinuousBernoulli()):
        outputs = likelihood.parameters_from_mean(mean)
        assert outputs.dtype == np.float32
        assert outputs.shape == mean.shape
        np.testing.assert_allclose(ops.convert_to_numpy(likelihood.mean(outputs)), mean, atol=1e-6)


@pytest.mark.parametrize("data_range", [(0.0, 1.0), WIDE])
def test_the_starting_noise_is_a_quarter_of_the_range(data_range):
    mean = np.full((64, 64, 1), np.mean(data_range))
    quarter = 0.25 * (data_range[1] - data_range[0])
    learned = LearnedGaussian(data_range)
    outputs = learned.parameters_from_mean(mean)
    np.testing.assert_allclose(
        ops.convert_to_numpy(learned.scale(outputs)), quarter + learned.min_scale, rtol=1e-5
    )
    logistic = DiscretizedLogistic(data_range)
    scale = ops.convert_to_numpy(logistic.scale(logistic.parameters_from_mean(mean)))
    # A logistic of scale s has the standard deviation pi s / sqrt(3).
    np.testing.assert_allclose(scale * np.pi / np.sqrt(3), quarter, rtol=0.01)


@pytest.mark.parametrize("levels", [1, 0, -3, 2.0, "2", None])
def test_levels_are_an_integer_of_at_least_two(levels):
    assert DiscretizedLogistic(levels=2).levels == 2
    with pytest.raises(ArgumentError, match=r"^`levels` must be .* at least 2\. Received: levels="):
        DiscretizedLogistic(levels=levels)


def test_numpy_levels_become_an_integer():
    assert type(DiscretizedLogistic(levels=np.int64(4)).levels) is int


def test_the_least_scale_is_one_step_of_8_bits_by_default():
    assert LearnedGaussian().min_scale == 1 / 255
    assert LearnedGaussian(WIDE).min_scale == 2 / 255
    with pytest.raises(
        ArgumentError, match=r"^`min_scale` must .* above 0\. Received: min_scale=0"
    ):
        LearnedGaussian(min_scale=0)
    with pytest.raises(ArgumentError, match=r"^`scale` must .* above 0\. Received: scale=0"):
        Gaussian(0)


@pytest.mark.parametrize(
    "likelihood",
    [Gaussian(0.3), OptimalGaussian(), OptimalGaussian(mode="analytic"), LearnedGaussian()],
    ids=lambda likelihood: type(likelihood).__name__,
)
def test_samples_are_the_mean_and_the_scale_times_the_noise_of_the_seed(likelihood):
    outputs = np.random.default_rng(0).normal(size=(2, 5, 5, likelihood.parameters_per_channel))
    noise = ops.convert_to_numpy(keras.random.normal((2, 5, 5, 1), seed=7))
    scale = likelihood.scale(outputs) if callable(likelihood.scale) else likelihood.scale
    scale = ops.convert_to_numpy(scale) if ops.is_tensor(scale) else scale
    expected = ops.convert_to_numpy(likelihood.mean(outputs)) + scale * noise
    found = ops.convert_to_numpy(likelihood.sample(outputs.astype("float32"), seed=7))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


MEMBERS = [member(**config) for member, config in CONFIGS]
SUMS = [one for one in MEMBERS if not isinstance(one, OptimalGaussian)] + [OptimalGaussian()]


def given(likelihood, seed=0):
    """Two images of 3 x 4 pixels and two channels, and the parameters of a decoder."""
    generator = np.random.default_rng(seed)
    low, high = likelihood.data_range
    x = generator.integers(0, 2, (2, 3, 4, 2)) * (high - low) + low
    outputs = 2 * likelihood.parameters_per_channel
    parameters = generator.uniform(low + 0.1, high - 0.1, (2, 3, 4, outputs))
    return x.astype("float32"), parameters.astype("float32")


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("likelihood", SUMS, ids=lambda one: type(one).__name__)
def test_weights_of_pixels_are_those_of_their_losses(likelihood, channels):
    assert likelihood.pixelwise is True
    x, parameters = given(likelihood)
    weights = np.random.default_rng(1).uniform(0, 2, (2, 3, 4, channels)).astype("float32")
    weights[0, 0] = 0.0
    expected = np.zeros(2)
    for image, row, column, channel in np.ndindex(x.shape):
        value = x[image, row, column, channel].reshape(1, 1, 1, 1)
        # The first parameter of all channels comes first, then the second.
        its_own = parameters[image, row, column, channel::2].reshape(1, 1, 1, -1)
        loss = float(ops.convert_to_numpy(likelihood.loss(value, its_own))[0])
        expected[image] += weights[image, row, column, min(channel, channels - 1)] * loss
    found = ops.convert_to_numpy(likelihood.weighted_loss(x, parameters, weights))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("likelihood", [Likelihood(), OptimalGaussian(mode="analytic")])
def test_weights_of_pixels_are_refused_where_the_loss_is_no_sum(likelihood):
    x, parameters = given(likelihood)
    with pytest.raises(ArgumentError, match=r"`sample_weight` must weigh whole images, shape"):
        likelihood.weighted_loss(x, parameters, np.ones((2, 3, 4, 1), "float32"))


@pytest.mark.parametrize("likelihood", MEMBERS, ids=lambda one: type(one).__name__)
def test_a_seed_gives_the_same_sample_again(likelihood):
    _, parameters = given(likelihood)
    first, second, other = (
        ops.convert_to_numpy(likelihood.sample(parameters, seed=seed)) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any() or type(likelihood) is SquaredError
