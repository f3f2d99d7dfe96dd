import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import (
    Bernoulli,
    Gaussian,
    LearnedGaussian,
    OptimalGaussian,
    Perceptual,
    SquaredError,
)

SHAPE = (8, 6, 3)


def make_network(shape=SHAPE, *, outputs=2):
    keras.utils.set_random_seed(0)
    images = keras.Input(shape)
    first = keras.layers.Conv2D(4, 3, activation="tanh")(images)
    second = keras.layers.Conv2D(2, 3, strides=2)(keras.layers.BatchNormalization()(first))
    return keras.Model(images, [first, second][:outputs])


def pictures(n=4):
    return np.random.default_rng(0).random((2, n, *SHAPE), "float32")


def round_trip(likelihood):
    return keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))


@pytest.mark.backend
@pytest.mark.parametrize("outputs", [1, 2])
def test_loss_adds_half_the_mean_squared_difference_of_each_feature_map(outputs):
    x, mean = pictures()
    network = make_network(outputs=outputs)
    features = [keras.tree.flatten(network(images, training=False)) for images in (x, mean)]
    expected = np.sum((x - mean) ** 2, axis=(1, 2, 3))
    for a, b in zip(*features, strict=True):
        difference = ops.convert_to_numpy(a) - ops.convert_to_numpy(b)
        expected += 7.0 * 0.5 * np.mean(difference**2, axis=(1, 2, 3))
    loss = ops.convert_to_numpy(Perceptual(network, weight=7.0).loss(x, mean))
    assert loss.dtype == np.float32
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_features_are_those_of_the_mean_and_not_of_the_parameters():
    x, logits = pictures()
    network, inner = make_network(), Bernoulli()
    loss = ops.convert_to_numpy(Perceptual(network, inner).loss(x, logits))
    pixels = ops.convert_to_numpy(inner.loss(x, logits))
    mean = ops.convert_to_numpy(inner.mean(logits))
    squares = ops.convert_to_numpy(SquaredError().loss(x, mean))
    expected = ops.convert_to_numpy(Perceptual(network).loss(x, mean)) - squares
    np.testing.assert_allclose(loss - pixels, expected, atol=1e-4)


def test_equal_pictures_have_equal_features():
    x, _ = pictures()
    loss = ops.convert_to_numpy(Perceptual(make_network(), weight=1e6).loss(x, x))
    np.testing.assert_array_equal(loss, 0.0)


@pytest.mark.backend
def test_the_network_stays_and_the_decoder_moves_through_it(train):
    x, _ = pictures(8)

    def movement(weight):
        network = make_network()
        before = [ops.convert_to_numpy(variable) for variable in network.variables]
        likelihood = Perceptual(network, Gaussian(1e3), weight=weight)  # pixels hardly count
        model = train(likelihood, x, epochs=2, batch_size=4, learning_rate=0.1)
        assert len(model.trainable_variables) == 2  # of the dense layer
        for variable, was in zip(network.variables, before, strict=True):
            np.testing.assert_array_equal(ops.convert_to_numpy(variable), was)
        return ops.convert_to_numpy(model.decoder.bias)

    assert np.abs(movement(100.0)).max() > 100 * np.abs(movement(0.0)).max()


@pytest.mark.backend
def test_unfreezing_the_model_leaves_the_network_frozen(train):
    model = train(Perceptual(make_network(), OptimalGaussian()), pictures()[0], epochs=0)
    model.trainable = False
    assert not model.trainable_variables
    model.trainable = True
    assert model.likelihood.trainable
    names = sorted(variable.name for variable in model.trainable_variables)
    assert names == ["bias", "kernel", "raw_log_scale"]


@pytest.mark.backend
def test_an_analytic_pixel_term_hears_of_training(train):
    likelihood = Perceptual(make_network(), OptimalGaussian(mode="analytic"))
    train(likelihood, pictures()[0], epochs=3, batch_size=4)
    assert int(likelihood.likelihood.steps) == 3


@pytest.mark.backend
def test_weights_of_network_and_pixel_term_are_saved(train, tmp_path):
    x, _ = pictures()
    model = train(Perceptual(make_network(), OptimalGaussian()), x, epochs=1)
    expected = [ops.convert_to_numpy(variable) for variable in model.variables]
    model.save_weights(tmp_path / "model.weights.h5")
    for variable in model.likelihood.variables:
        variable.assign(variable + 1.0)
    model.load_weights(tmp_path / "model.weights.h5")
    for variable, was in zip(model.variables, expected, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(variable), was)


def test_the_inner_likelihood_says_everything_but_the_loss():
    inner = LearnedGaussian((-1, 1))
    likelihood = Perceptual(make_network(), inner)
    parameters = np.random.default_rng(0).normal(size=(2, 8, 6, 6)).astype("float32")
    for name in ("parameters_per_channel", "output_activation", "data_range"):
        assert getattr(likelihood, name) == getattr(inner, name)
    for ours, theirs in (
        (likelihood.mean(parameters), inner.mean(parameters)),
        (likelihood.sample(parameters, seed=3), inner.sample(parameters, seed=3)),
    ):
        np.testing.assert_array_equal(ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs))
    mean = np.full(SHAPE, 0.25)
    np.testing.assert_array_equal(
        likelihood.parameters_from_mean(mean), inner.parameters_from_mean(mean)
    )


def test_it_is_no_likelihood():
    x, mean = pictures()
    likelihood = Perceptual(make_network())
    assert not likelihood.normalized and not likelihood.discrete
    with pytest.raises(ArgumentError, match=r"^`likelihood` must .* Received: likelihood=Perc"):
        likelihood.log_prob(x, mean)


def test_config_round_trip():
    likelihood = Perceptual(make_network(), Gaussian(0.3, (-1, 1)), weight=2.5)
    again = round_trip(likelihood)
    assert again.get_config() == likelihood.get_config()
    assert again.weight == 2.5
    assert again.likelihood.scale == 0.3
    assert again.data_range == (-1.0, 1.0)
    assert not again.network.trainable_variables
    again.network.set_weights(likelihood.network.get_weights())
    x, mean = pictures()
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again.loss(x, mean)), ops.convert_to_numpy(likelihood.loss(x, mean))
    )


def test_half_precision_networks_give_float32():
    x, mean = pictures()
    images = keras.Input(SHAPE)
    network = keras.Model(images, keras.layers.Conv2D(4, 3, dtype="mixed_float16")(images))
    loss = ops.convert_to_numpy(Perceptual(network).loss(x.astype("float16"), mean))
    assert loss.dtype == np.float32
    assert np.isfinite(loss).all()


def test_networks_of_any_size_are_taken():
    x, mean = pictures()
    loss = Perceptual(make_network((None, None, 3))).loss(x, mean)
    assert np.isfinite(ops.convert_to_numpy(loss)).all()


def test_a_network_of_other_images_is_an_argument_error_at_first_use():
    x, mean = pictures()
    likelihood = Perceptual(make_network((8, 6, 1)))
    message = (
        r"^`network` must take images of shape \(8, 6, 3\)\. "
        r"Received: network\.input_shape=\(None, 8, 6, 1\)$"
    )
    with pytest.raises(ArgumentError, match=message):
        likelihood.loss(x, mean)


def unbuilt():
    return keras.Sequential([keras.layers.Dense(2)])


def of_vectors():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


@pytest.mark.parametrize("make", [unbuilt, of_vectors, lambda: keras.layers.Dense(2), lambda: None])
def test_what_takes_no_images_is_an_argument_error(make):
    with pytest.raises(ArgumentError, match=r"^`network` must be .* Received: network=.*$"):
        Perceptual(make())


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "1"])
def test_bad_weights_are_argument_errors(weight):
    with pytest.raises(ArgumentError, match=r"^`weight` must be .* Received: weight=.*$"):
        Perceptual(make_network(), weight=weight)


def test_the_pixel_term_must_be_a_likelihood():
    with pytest.raises(ArgumentError, match=r"^`likelihood` must be .* Received: likelihood='mse'"):
        Perceptual(make_network(), "mse")
