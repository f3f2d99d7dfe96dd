import math

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Gaussian, OptimalGaussian

LOG_2_PI = math.log(2 * math.pi)


def scale_of(likelihood):
    return float(ops.convert_to_numpy(likelihood.scale))


def pictures(n=4, seed=0):
    return np.random.default_rng(seed).random((2, n, 6, 5, 3), "float32")


@pytest.mark.parametrize("mode", ["learned", "analytic"])
@pytest.mark.parametrize("data_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_the_scale_is_one_before_any_training(mode, data_range):
    likelihood = OptimalGaussian(data_range, mode=mode)
    assert scale_of(likelihood) == pytest.approx(1, abs=1e-5)
    x, mean = pictures()
    np.testing.assert_allclose(
        ops.convert_to_numpy(likelihood.loss(x, mean)),
        ops.convert_to_numpy(Gaussian(1.0, data_range).loss(x, mean)),
        rtol=1e-5,
    )


def test_analytic_loss_of_a_batch_is_that_of_its_own_best_scale():
    x, mean = pictures()
    mean_square = np.mean((x - mean) ** 2)
    loss = OptimalGaussian(mode="analytic").loss(x, mean, training=True)
    expected = 90 / 2 * (1 + np.log(mean_square) + LOG_2_PI)
    assert np.mean(ops.convert_to_numpy(loss)) == pytest.approx(expected, rel=1e-5)
    for scale in np.sqrt(mean_square) * np.array([0.9, 1.1]):
        worse = np.mean(ops.convert_to_numpy(Gaussian(float(scale)).loss(x, mean)))
        assert worse > expected


def test_evaluation_changes_nothing_and_uses_the_average_of_training():
    likelihood = OptimalGaussian(mode="analytic")
    batches = [pictures(seed=seed) for seed in range(3)]
    for x, mean in batches:
        likelihood.loss(x, mean, training=True)
    average = np.mean([np.mean((x - mean) ** 2) for x, mean in batches])
    assert scale_of(likelihood) == pytest.approx(np.sqrt(average), rel=1e-5)

    x, mean = pictures(seed=9)
    frozen = Gaussian(float(np.sqrt(average)))
    for _ in range(2):
        for values in (likelihood.loss(x, mean), -likelihood.log_prob(x, mean)):
            np.testing.assert_allclose(
                ops.convert_to_numpy(values),
                ops.convert_to_numpy(frozen.loss(x, mean)),
                rtol=1e-4,
                atol=1e-4,
            )
    assert int(likelihood.steps) == 3


def test_the_average_becomes_exponential_after_a_hundred_batches():
    likelihood, expected = OptimalGaussian(mode="analytic"), 0.0
    zero = np.zeros((1, 1, 1, 1), "float32")
    for step in range(1, 251):
        mean = zero + 0.5 * (1 + math.sin(step))
        likelihood.loss(zero, mean.astype("float32"), training=True)
        expected += max(1 / step, 0.01) * (mean.item() ** 2 - expected)
    assert scale_of(likelihood) == pytest.approx(math.sqrt(expected), rel=1e-4)


@pytest.mark.parametrize("mode", ["learned", "analytic"])
def test_the_scale_stays_above_one_step_of_8_bit_data(mode):
    likelihood = OptimalGaussian(mode=mode)
    x = np.ones((2, 2, 2, 1), "float32")
    if mode == "learned":
        likelihood.raw_log_scale.assign(-1e6)
    loss = ops.convert_to_numpy(likelihood.loss(x, x, training=True))
    assert scale_of(likelihood) == pytest.approx(1 / 255, rel=1e-4)
    np.testing.assert_allclose(loss, 4 * (-np.log(255) + 0.5 * LOG_2_PI), rtol=1e-4)


@pytest.mark.backend
@pytest.mark.parametrize("jit_compile", ["auto", False])
def test_analytic_mode_trains_in_a_compiled_step(train, tmp_path, jit_compile):
    x = pictures(8)[0]
    likelihood = OptimalGaussian(mode="analytic")
    model = train(likelihood, x, learning_rate=0.0, jit_compile=jit_compile, epochs=3, batch_size=4)
    errors = (x - ops.convert_to_numpy(model(x))) ** 2
    assert int(likelihood.steps) == 6
    assert scale_of(likelihood) == pytest.approx(np.sqrt(errors.mean()), rel=1e-4)

    before = scale_of(likelihood)
    losses = {model.evaluate(x, x, batch_size=size, verbose=0) for size in (8, 8)}
    assert len(losses) == 1
    assert scale_of(likelihood) == before

    model.save_weights(tmp_path / "model.weights.h5")
    likelihood.mean_square.assign(0.5)
    model.load_weights(tmp_path / "model.weights.h5")
    assert scale_of(likelihood) == before


@pytest.mark.thorough
@pytest.mark.backend
def test_a_learned_scale_reaches_the_best_one(train):
    x = pictures(8)[0]
    likelihood = OptimalGaussian()
    # With still pictures: the gradient of the scale alone, nats of 90 pixel values.
    model = train(likelihood, x, epochs=0)
    model.decoder.trainable = False
    model.compile(keras.optimizers.SGD(5e-3))
    model.fit(x, x, verbose=0, batch_size=8, epochs=60)
    assert [variable.name for variable in model.trainable_variables] == ["raw_log_scale"]
    errors = (x - ops.convert_to_numpy(model(x))) ** 2
    assert scale_of(likelihood) == pytest.approx(np.sqrt(errors.mean()), rel=1e-3)


def test_half_precision_is_taken_in_float32():
    x, mean = np.zeros((1, 100, 100, 1), "float16"), np.full((1, 100, 100, 1), 0.5, "float16")
    likelihood = OptimalGaussian(mode="analytic")
    loss = ops.convert_to_numpy(likelihood.loss(x, mean, training=True))
    assert loss.dtype == np.float32
    np.testing.assert_allclose(loss, 5_000 * (1 + math.log(0.25) + LOG_2_PI), rtol=1e-5)


@pytest.mark.parametrize("mode", ["learned", "analytic"])
def test_config_round_trip(mode):
    likelihood = OptimalGaussian([-1, 1], mode=mode)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert again.mode == likelihood.mode == mode
    assert again.data_range == likelihood.data_range == (-1.0, 1.0)
    assert again.output_activation == likelihood.output_activation == "tanh"


def test_unknown_modes_are_argument_errors():
    with pytest.raises(ArgumentError, match=r"^`mode` must be one of .* Received: mode='best'$"):
        OptimalGaussian(mode="best")


def test_other_ranges_are_argument_errors():
    with pytest.raises(ArgumentError, match=r"^`data_range` must be .* Received: data_range="):
        OptimalGaussian((0, 255))


@pytest.mark.backend
def test_a_vae_fits_the_scale_in_training_alone_and_saves_it(tiny_vae, make_images, tmp_path):
    x = make_images(8)
    likelihood = OptimalGaussian(mode="analytic")
    vae = tiny_vae(likelihood=likelihood)
    vae.fit(x, epochs=2, batch_size=4, validation_data=(x,), verbose=0)
    assert int(likelihood.steps) == 4
    assert 0.1 < scale_of(likelihood) < 0.6  # of noise in [0, 1] around a learned mean
    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert scale_of(loaded.likelihood) == scale_of(likelihood)
    assert loaded.evaluate(x, verbose=0) == vae.evaluate(x, verbose=0)
