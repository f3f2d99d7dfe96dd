"""The VAE's losses, states, inputs and methods, against numbers worked out here."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import VAE
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import Bernoulli, SquaredError
from vae_keras.models.sampling import Sampling
from vae_keras.models.vae import EVALUATION_SEEDS
from vae_keras.schedules import Linear

pytestmark = pytest.mark.backend

BACKEND = keras.backend.backend()
EAGER = {"run_eagerly": True}  # spares the compilation where it is not the point
METRICS = {"loss", "recon_loss", "kl_loss", "kl_scaled", "kl_weight"}


class Batches(keras.utils.PyDataset):
    """Slices of arrays, in order."""

    def __init__(self, *arrays, batch_size):
        super().__init__()
        self.arrays, self.batch_size = arrays, batch_size

    def __len__(self):
        return math.ceil(len(self.arrays[0]) / self.batch_size)

    def __getitem__(self, index):
        here = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return tuple(array[here] for array in self.arrays)


def numpy_of(*tensors):
    return tuple(ops.convert_to_numpy(tensor).astype("float64") for tensor in tensors)


def terms(vae, x, noise):
    """Return squared error and KL of each image, in numpy, from what the two networks give."""
    mean, log_var = numpy_of(*vae.encoder(x))
    codes = mean + np.exp(log_var / 2) * noise
    (reconstruction,) = numpy_of(vae.decoder(codes.astype("float32")))
    recon = ((x - reconstruction) ** 2).reshape(len(x), -1).sum(axis=1)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    return recon, kl


def evaluation_terms(vae, x, batch_size):
    """Return the terms of `evaluate`, whose noise is the same for every batch of a size."""
    parts = []
    for start in range(0, len(x), batch_size):
        batch = x[start : start + batch_size]
        noise = keras.random.normal((len(batch), vae.latent_dim), seed=EVALUATION_SEEDS.posterior)
        parts.append(terms(vae, batch, numpy_of(noise)[0]))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def evaluate(vae, *args, **kwargs):
    return vae.evaluate(*args, verbose=0, return_dict=True, **kwargs)


def fit(vae, *args, epochs=1, **kwargs):
    history = vae.fit(*args, epochs=epochs, shuffle=False, verbose=0, **kwargs).history
    return {name: values[-1] for name, values in history.items()}


def weights_of(model):
    return [ops.convert_to_numpy(variable) for variable in model.trainable_variables]


def assert_same_weights(first, second):
    for a, b in zip(weights_of(first), weights_of(second), strict=True):
        np.testing.assert_array_equal(a, b)


# Losses


def test_the_logs_have_five_names_and_add_up(tiny_vae, make_images):
    vae, x = tiny_vae(kl_weight=0.7), make_images()
    logs = fit(vae, x, batch_size=4, validation_data=(x,))
    assert set(logs) == METRICS | {f"val_{name}" for name in METRICS}
    for prefix in ("", "val_"):
        total = logs[f"{prefix}recon_loss"] + logs[f"{prefix}kl_scaled"]
        assert logs[f"{prefix}loss"] == pytest.approx(total, abs=1e-4)
        assert logs[f"{prefix}kl_weight"] == pytest.approx(0.7)
        assert logs[f"{prefix}kl_scaled"] == pytest.approx(0.7 * logs[f"{prefix}kl_loss"], rel=1e-5)
        assert logs[f"{prefix}kl_loss"] > 0


def test_training_losses_equal_a_hand_computation(tiny_vae, make_images):
    vae, x = tiny_vae(seed=3, kl_weight=0.5), make_images()
    zeros = ops.zeros((len(x), 2))
    (noise,) = numpy_of(Sampling(seed=3)([zeros, zeros], training=True))
    recon, kl = terms(vae, x, noise)  # before the step that changes the weights
    logs = fit(vae, x, batch_size=len(x))
    assert logs["recon_loss"] == pytest.approx(recon.mean(), rel=1e-5)
    assert logs["kl_loss"] == pytest.approx(kl.mean(), rel=1e-4)
    assert logs["loss"] == pytest.approx(recon.mean() + 0.5 * kl.mean(), rel=1e-5)


def test_a_step_of_gradient_descent_equals_a_hand_computation(tiny_vae, make_images):
    vae, x = tiny_vae(kl_weight=3.0, learning_rate=0.01), make_images()
    # A decoder that ignores its codes leaves the encoder the gradient of the KL alone.
    first, last = (layer for layer in vae.decoder.layers if isinstance(layer, keras.layers.Dense))
    first.kernel.assign(np.zeros(first.kernel.shape))
    head, log_var_head = vae.encoder.get_layer("z_mean"), vae.encoder.get_layer("z_log_var")
    biases = [layer.bias for layer in (last, head, log_var_head)]
    before = numpy_of(*biases)

    mean, log_var = numpy_of(*vae.encoder(x))
    (p,) = numpy_of(vae.decoder(ops.zeros((1, 2))))
    pixels = (-2 * (x - p) * p * (1 - p)).mean(axis=0).ravel()  # through the sigmoid
    gradients = [
        pixels,
        3.0 * mean.mean(axis=0),
        3.0 * 0.5 * (np.exp(log_var) - 1).mean(axis=0),
    ]
    fit(vae, x, batch_size=len(x))
    for bias, start, gradient in zip(numpy_of(*biases), before, gradients, strict=True):
        np.testing.assert_allclose(bias, start - 0.01 * gradient, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("batch_size", [10, 4, 3])
def test_evaluation_weights_batches_of_unequal_size_by_images(tiny_vae, make_images, batch_size):
    vae, x = tiny_vae(kl_weight=2.0), make_images(10)
    vae.set_kl_weight(0.1)
    recon, kl = evaluation_terms(vae, x, batch_size)
    logs = evaluate(vae, x, batch_size=batch_size)
    assert logs["recon_loss"] == pytest.approx(recon.mean(), rel=1e-5)
    assert logs["kl_loss"] == pytest.approx(kl.mean(), rel=1e-4)
    assert logs["kl_scaled"] == pytest.approx(2 * kl.mean(), rel=1e-4)
    assert logs["loss"] == pytest.approx(recon.mean() + 2 * kl.mean(), rel=1e-5)
    assert logs["kl_weight"] == 2.0
    assert evaluate(vae, x, batch_size=batch_size) == logs


def test_a_mean_of_batch_means_would_be_another_number(tiny_vae, make_images):
    # One dark image in the last batch: 9 of 10 images lie in full batches.
    vae, x = tiny_vae(compiled=EAGER), make_images(10)
    x[9] = 0.0
    recon, _ = evaluation_terms(vae, x, 9)
    by_batch = (recon[:9].mean() + recon[9]) / 2
    logged = evaluate(vae, x, batch_size=9)["recon_loss"]
    assert logged == pytest.approx(recon.mean(), rel=1e-5)
    assert abs(logged - by_batch) > 0.1


def test_sample_weight_is_a_weight_of_images(tiny_vae, make_images):
    vae, x = tiny_vae(compiled=EAGER), make_images(6)
    weights = np.array([1.0, 0.0, 2.0, 0.5, 0.0, 3.0], "float32")
    recon, kl = evaluation_terms(vae, x, 4)
    logs = evaluate(vae, x, x, sample_weight=weights, batch_size=4)
    assert logs["recon_loss"] == pytest.approx(np.average(recon, weights=weights), rel=1e-5)
    assert logs["kl_loss"] == pytest.approx(np.average(kl, weights=weights), rel=1e-4)
    assert logs["loss"] == pytest.approx(np.average(recon + kl, weights=weights), rel=1e-5)
    ones = evaluate(vae, x, x, sample_weight=np.ones(6), batch_size=4)
    assert ones == pytest.approx(evaluate(vae, x, batch_size=4), rel=1e-6)


def test_an_image_without_weight_teaches_nothing(tiny_vae, make_images):
    x, weights = make_images(4), np.array([1.0, 1.0, 1.0, 0.0])
    changed = x.copy()
    changed[3] = 1.0 - x[3]
    trained = []
    for images in (x, changed):
        trained.append(tiny_vae(compiled=EAGER))
        fit(trained[-1], images, images, sample_weight=weights, batch_size=4)
    for a, b in zip(*map(weights_of, trained), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)
    before = weights_of(trained[0])
    fit(trained[0], x, x, sample_weight=np.zeros(4), batch_size=4)
    for a, b in zip(before, weights_of(trained[0]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_losses_of_layers_are_added(make_images):
    images = keras.Input((8, 8, 1))
    l2 = keras.regularizers.L2
    hidden = keras.layers.Dense(5, kernel_regularizer=l2(0.3), activity_regularizer=l2(0.2))(
        keras.layers.Flatten()(images)
    )
    encoder = keras.Model(images, [keras.layers.Dense(2)(hidden), keras.layers.Dense(2)(hidden)])
    likelihood = SquaredError()
    _, decoder = mlp((8, 8, 1), 2, likelihood, encoder_units=(8,))
    vae, x = VAE(encoder, decoder, likelihood, seed=0), make_images()
    vae.compile(keras.optimizers.SGD(0.01))

    layer = encoder.layers[2]
    kernel, activity = numpy_of(layer.kernel, keras.Model(images, hidden)(x))
    penalty = 0.3 * (kernel**2).sum() + 0.2 * (activity**2).sum() / len(x)
    for logs in (evaluate(vae, x, batch_size=5), fit(vae, x, batch_size=10)):
        added = logs["loss"] - logs["recon_loss"] - logs["kl_scaled"]
        assert added == pytest.approx(penalty, rel=1e-4)
    (after,) = numpy_of(layer.kernel)
    assert (after**2).sum() < (kernel**2).sum()


# The KL weight


def test_validation_uses_the_final_weight_whatever_the_current_one_is(tiny_vae, make_images):
    vae, x = tiny_vae(kl_weight=2.0), make_images(6)
    current = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: vae.set_kl_weight(0.25)
    )
    logs = fit(vae, x, batch_size=6, validation_data=x, callbacks=[current])
    assert logs["kl_weight"] == 0.5
    assert logs["kl_scaled"] == pytest.approx(0.5 * logs["kl_loss"], rel=1e-5)
    assert logs["val_kl_weight"] == 2.0
    recon, kl = evaluation_terms(vae, x, 6)
    assert logs["val_loss"] == pytest.approx(recon.mean() + 2 * kl.mean(), rel=1e-5)
    assert float(vae.current_kl_weight) == 0.5


@pytest.mark.parametrize(
    "steps_per_execution",
    [1, pytest.param(2, marks=pytest.mark.skipif(BACKEND == "torch", reason="Keras: not there"))],
)
def test_a_schedule_counts_training_steps(tiny_vae, make_images, steps_per_execution):
    settings = {"steps_per_execution": steps_per_execution}
    vae, x = tiny_vae(kl_weight=2.0, kl_schedule=Linear(4), compiled=settings), make_images(8)
    history = vae.fit(x, batch_size=4, epochs=3, validation_data=(x,), verbose=0).history
    # Two steps an epoch, at weights 0, 0.5 | 1, 1.5 | 2, 2; validation does not count.
    assert history["kl_weight"] == pytest.approx([0.25, 1.25, 2.0])
    assert history["val_kl_weight"] == [2.0, 2.0, 2.0]
    assert int(vae.kl_step) == 6
    assert float(vae.current_kl_weight) == 2.0


def test_without_a_schedule_the_weight_is_final_from_the_first_step(tiny_vae, make_images):
    vae = tiny_vae(kl_weight=0.3, compiled=EAGER)
    assert float(vae.current_kl_weight) == pytest.approx(0.3)
    assert fit(vae, make_images(4))["kl_weight"] == pytest.approx(0.3)
    assert int(vae.kl_step) == 0


# Saving


@pytest.mark.thorough
def test_training_goes_on_from_a_file_as_if_nothing_had_happened(tiny_vae, make_images, tmp_path):
    settings = {"optimizer": "adam", "kl_weight": 2.0, "kl_schedule": Linear(8)}
    vae, x = tiny_vae(**settings), make_images(8)
    fit(vae, x, batch_size=4)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")

    assert int(loaded.optimizer.iterations) == int(loaded.kl_step) == 2
    assert float(loaded.current_kl_weight) == float(vae.current_kl_weight) == 0.25
    assert (loaded.kl_weight, loaded.kl_schedule, loaded.seed) == (2.0, Linear(8), 0)
    assert evaluate(loaded, x) == evaluate(vae, x)

    logs = fit(vae, x, batch_size=4)
    assert fit(loaded, x, batch_size=4) == logs
    assert_same_weights(loaded, vae)
    assert int(loaded.optimizer.iterations) == 4
    assert logs["kl_weight"] == pytest.approx((0.5 + 0.75) / 2)


def test_a_weight_that_a_callback_set_is_saved(tiny_vae, tmp_path):
    vae = tiny_vae(kl_weight=2.0)
    vae.set_kl_weight(0.3)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert float(loaded.current_kl_weight) == pytest.approx(0.6)
    assert loaded.kl_weight == 2.0


def test_the_file_does_not_remember_this_machine(tiny_vae):
    config = tiny_vae(optimizer="adam").get_compile_config()
    assert config["jit_compile"] == "auto"
    assert config["optimizer"]["module"] == "keras.optimizers"


# Replays


def test_the_same_seed_gives_the_same_weights(tiny_vae, make_images):
    trained = []
    for seed in (5, 5, 6):
        vae = tiny_vae(optimizer="adam", seed=seed, compiled=EAGER)
        vae.fit(make_images(8), batch_size=3, verbose=0)  # shuffled
        trained.append(vae)
    assert_same_weights(trained[0], trained[1])
    assert any(np.any(a != b) for a, b in zip(*map(weights_of, trained[1:]), strict=True))


@pytest.mark.thorough
def test_noise_alone_is_seeded_too(tiny_vae, make_images):
    x, losses = make_images(8), []
    for seed in (0, 0, 1):
        vae = tiny_vae(compiled=EAGER)  # equal weights
        vae.sampling.seed_generator.state.assign(Sampling(seed).seed_generator.state)
        losses.append(fit(vae, x, batch_size=8)["recon_loss"])
    assert losses[0] == losses[1] != losses[2]


# What fit takes


@pytest.mark.thorough
def test_forms_of_arrays_give_identical_losses(tiny_vae, make_images):
    x, labels = make_images(6), np.arange(6)
    forms = {
        "x": ((x,), {"batch_size": 4}),
        "x, x": ((x, x), {"batch_size": 4}),
        "x, labels": ((x, labels), {"batch_size": 4}),
        "without the channel": ((x[..., 0],), {"batch_size": 4}),
        "float64": ((x.astype("float64"),), {"batch_size": 4}),
        "PyDataset (x,)": ((Batches(x, batch_size=4),), {}),
        "PyDataset (x, labels)": ((Batches(x, labels, batch_size=4),), {}),
    }
    logs = {name: fit(tiny_vae(compiled=EAGER), *a, **k) for name, (a, k) in forms.items()}
    for name, values in logs.items():
        assert values == logs["x"], name


def test_uint8_gives_the_losses_of_floats(tiny_vae, make_images):
    expected = fit(tiny_vae(compiled=EAGER), make_images(6), batch_size=4)
    x = make_images(6, dtype="uint8")
    for data in ((x,), (x[..., 0],)):
        logs = fit(tiny_vae(compiled=EAGER), *data, batch_size=4)
        assert logs == pytest.approx(expected, rel=1e-6)


def test_float16_gives_the_losses_of_its_own_values(tiny_vae, make_images):
    x = make_images(6, dtype="float16")
    logs = fit(tiny_vae(compiled=EAGER), x, batch_size=4)
    expected = fit(tiny_vae(compiled=EAGER), x.astype("float32"), batch_size=4)
    assert logs == pytest.approx(expected, rel=1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.data")
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_tf_data(tiny_vae, make_images, dtype):
    tf = pytest.importorskip("tensorflow")
    x = make_images(6, dtype=dtype)
    expected = fit(tiny_vae(compiled=EAGER), x, batch_size=4, validation_data=(x,))
    tested = evaluate(tiny_vae(), x, batch_size=4)
    for tensors, settings in [(x, None), ((x, x), EAGER)]:
        dataset = tf.data.Dataset.from_tensor_slices(tensors).batch(4)
        logs = fit(tiny_vae(compiled=settings), dataset, validation_data=dataset)
        assert set(logs) == set(expected)
        assert logs["loss"] == pytest.approx(expected["loss"], rel=1e-6)
        assert evaluate(tiny_vae(), dataset) == pytest.approx(tested, rel=1e-6)


def test_images_of_the_symmetric_range(tiny_vae, make_images):
    vae = tiny_vae(likelihood=SquaredError((-1, 1)), compiled=EAGER)
    x = make_images(4, dtype="uint8")
    scaled = (x / 127.5 - 1.0).astype("float32")
    assert evaluate(vae, x) == pytest.approx(evaluate(vae, scaled), rel=1e-5)
    assert vae.reconstruct(x).min() < 0
    np.testing.assert_allclose(vae.to_unit_range(scaled), x / 255.0, atol=1e-6)
    np.testing.assert_allclose(vae.to_unit_range(x), x / 255.0, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x * 255.0, r"`x` must lie in \[0.0, 1.0\].*divide by 255"),
        (lambda x: x * np.float32("nan"), "`x` must be finite.*4 of 4 images"),
        (lambda x: x[:, :7], r"`x` must hold images of shape \(n, 8, 8, 1\).*\(4, 7, 8, 1\)"),
        (lambda x: x.astype("int32") + 256, r"`x` must be integers from 0 to 255\..*int32"),
        (lambda x: x[:0], "`x` must hold at least one image"),
    ],
)
def test_arrays_that_do_not_fit_are_data_errors(tiny_vae, make_images, change, message):
    vae, bad = tiny_vae(compiled=EAGER), change(make_images(4))
    for method in (vae.fit, vae.evaluate, vae.encode, vae.reconstruct, vae.elbo):
        with pytest.raises(DataError, match=message):
            method(bad)
    validation = message.replace("`x`", "`validation_data`").replace(r"x\.", r"validation_data\.")
    for data in (bad, (bad,), (bad, bad)):
        with pytest.raises(DataError, match=validation):
            vae.fit(make_images(4), validation_data=data)


@pytest.mark.parametrize("own", [{"loss": "mse"}, {"metrics": ["mae"]}])
def test_a_loss_or_metrics_of_ones_own_are_argument_errors(tiny_vae, make_images, own):
    vae, x = tiny_vae(compiled=own), make_images(4)
    for method in (vae.fit, vae.evaluate):
        with pytest.raises(ArgumentError, match="`compile` must be called with an optimizer and"):
            method(x, x)


# Parts


def test_parts_that_do_not_fit_are_argument_errors():
    likelihood = SquaredError()
    encoder, decoder = mlp((8, 8, 1), 2, likelihood, encoder_units=(4,))
    other_encoder, other_decoder = mlp((8, 8, 1), 3, likelihood, encoder_units=(4,))
    _, other_size = mlp((8, 9, 1), 2, likelihood, encoder_units=(4,))
    one_output = keras.Model(encoder.input, encoder.outputs[0])
    unequal = keras.Model(encoder.input, [encoder.outputs[0], encoder.layers[1].output])
    two = SquaredError()
    two.parameters_per_channel = 2
    for parts, message in [
        ((encoder, decoder, "squared_error"), "`likelihood` must be .*likelihood='squared_error'"),
        ((encoder, decoder, SquaredError), "`likelihood` must be an instance"),
        ((one_output, decoder, likelihood), "`encoder` must be .* two outputs"),
        ((unequal, decoder, likelihood), "`encoder` must be .* two outputs of one shape"),
        ((None, decoder, likelihood), "`encoder` must be"),
        ((encoder, other_decoder, likelihood), "`decoder` must .* codes of size 2"),
        ((other_encoder, decoder, likelihood), "`decoder` must .* codes of size 3"),
        ((encoder, other_size, likelihood), r"`decoder` must give \(None, 8, 8, 1\)"),
        ((encoder, decoder, two), r"`decoder` must give \(None, 8, 8, 2\)"),
        ((encoder, None, likelihood), "`decoder` must be a functional model"),
        (
            (encoder, decoder, Bernoulli()),
            "`decoder` must be built .* activation is 'linear'.* ends in 'sigmoid'",
        ),
    ]:
        with pytest.raises(ArgumentError, match=message):
            VAE(*parts)


@pytest.mark.parametrize("kl_weight", [-0.1, float("inf"), float("nan")])
def test_senseless_weights_are_argument_errors(tiny_vae, kl_weight):
    with pytest.raises(ArgumentError, match="`kl_weight` must be a finite number of at least 0"):
        tiny_vae(kl_weight=kl_weight)


def test_batch_normalization_moves_in_training_and_rests_otherwise(tiny_vae, make_images):
    vae = tiny_vae(architecture={"normalization": "batch"})
    (layer,) = [la for la in vae.encoder.layers if "batch_norm" in la.name]
    x, start = make_images(8), numpy_of(layer.moving_mean)[0]
    assert not start.any()
    evaluate(vae, x)
    vae.reconstruct(x)
    np.testing.assert_array_equal(numpy_of(layer.moving_mean)[0], start)
    fit(vae, x, batch_size=4)
    assert np.abs(numpy_of(layer.moving_mean)[0]).max() > 1e-4


# Inference


def test_the_same_image_always_gives_the_same_picture(tiny_vae, make_images):
    vae, x = tiny_vae(), make_images(7)
    pictures = vae.reconstruct(x)
    assert pictures.shape == x.shape
    assert pictures.dtype == np.float32
    np.testing.assert_array_equal(vae.reconstruct(x), pictures)
    np.testing.assert_allclose(vae.reconstruct(x, batch_size=3), pictures, atol=1e-6)
    np.testing.assert_allclose(vae.reconstruct(x[2:3])[0], pictures[2], atol=1e-6)
    np.testing.assert_allclose(numpy_of(vae(x))[0], pictures, atol=1e-6)
    np.testing.assert_allclose(vae.predict(x, verbose=0), pictures, atol=1e-6)
    np.testing.assert_allclose(vae.decode(vae.encode(x)), pictures, atol=1e-6)


def test_encode_gives_the_mean_of_the_posterior(tiny_vae, make_images):
    vae, x = tiny_vae(latent_dim=3), make_images(7)
    posterior = vae.encode_distribution(x, batch_size=4)
    assert posterior.mean.shape == posterior.log_var.shape == (7, 3)
    mean, log_var = numpy_of(*vae.encoder(x))
    np.testing.assert_allclose(posterior.mean, mean, atol=1e-6)
    np.testing.assert_allclose(posterior.log_var, log_var, atol=1e-6)
    np.testing.assert_array_equal(vae.encode(x, batch_size=4), posterior.mean)
    np.testing.assert_allclose(vae.encode(make_images(7, dtype="uint8")), mean, atol=1e-6)


def test_decode_gives_the_expected_image(tiny_vae):
    vae = tiny_vae(likelihood=Bernoulli())
    codes = np.random.default_rng(0).normal(size=(5, 2))
    (logits,) = numpy_of(vae.decoder(codes.astype("float32")))
    np.testing.assert_allclose(
        vae.decode(codes, batch_size=2), 1 / (1 + np.exp(-logits)), rtol=1e-5
    )
    for bad in (codes[0], np.zeros((5, 3)), np.zeros((0, 2))):
        with pytest.raises(ArgumentError, match=r"`z` must have shape \(n, 2\), n > 0"):
            vae.decode(bad)


def test_samples_are_seeded(tiny_vae):
    vae = tiny_vae()
    first = vae.sample(4, seed=1)
    assert first.shape == (4, 8, 8, 1)
    np.testing.assert_array_equal(vae.sample(4, seed=1), first)
    assert np.any(vae.sample(4, seed=2) != first)
    assert np.any(vae.sample(4) != vae.sample(4))
    codes = ops.convert_to_numpy(vae.prior.sample(4, seed=1))
    np.testing.assert_allclose(vae.decode(codes), first, atol=1e-6)
    for bad in (0, -1, 2.0):
        with pytest.raises(ArgumentError, match="`n` must be a positive integer"):
            vae.sample(bad)


def test_interpolation_runs_straight_from_one_code_to_the_other(tiny_vae, make_images):
    vae, x = tiny_vae(), make_images(2)
    pictures = vae.interpolate(x[0], x[1], steps=5)
    assert pictures.shape == (5, 8, 8, 1)
    start, end = vae.encode(x)
    np.testing.assert_allclose(pictures[[0, 4]], vae.reconstruct(x), atol=1e-6)
    quarter = vae.decode((0.75 * start + 0.25 * end)[np.newaxis])[0]
    np.testing.assert_allclose(pictures[1], quarter, atol=1e-6)
    with pytest.raises(ArgumentError, match="`steps` must be an integer of at least 2"):
        vae.interpolate(x[0], x[1], steps=1)


def test_traversal_varies_one_dimension_at_a_time(tiny_vae, make_images):
    vae, x = tiny_vae(latent_dim=3), make_images(1)
    pictures = vae.traverse(steps=5)
    assert pictures.shape == (3, 5, 8, 8, 1)
    expected = vae.decode([[0, 0, 0], [-3, 0, 0], [0, 1.5, 0], [0, 0, 3]])
    np.testing.assert_allclose(pictures[:, 2], np.stack([expected[0]] * 3), atol=1e-6)
    np.testing.assert_allclose(pictures[[0, 1, 2], [0, 3, 4]], expected[1:], atol=1e-6)

    around = vae.traverse(x[0], low=-1, high=1, steps=3)
    code = vae.encode(x)[0]
    np.testing.assert_allclose(around[1, 2], vae.decode([[code[0], 1.0, code[2]]])[0], atol=1e-6)


def test_elbo_equals_a_hand_computation_and_ignores_the_kl_weight(tiny_vae, make_images):
    vae, x = tiny_vae(kl_weight=5.0), make_images(7)
    noise = np.random.default_rng(4).standard_normal((7, 2))
    recon, kl = terms(vae, x, noise)
    elbo = vae.elbo(x, seed=4)
    assert elbo.shape == (7,)
    np.testing.assert_allclose(elbo, -recon - 64 / 2 * math.log(math.pi) - kl, rtol=1e-5)
    np.testing.assert_allclose(vae.elbo(x, seed=4, batch_size=3), elbo, rtol=1e-5)
    np.testing.assert_array_equal(vae.elbo(x, seed=4), elbo)
    assert np.any(vae.elbo(x, seed=5) != elbo)
    np.testing.assert_allclose(vae.elbo(make_images(7, dtype="uint8"), seed=4), elbo, rtol=1e-5)


# Mixed precision


@pytest.fixture
def mixed_float16():
    """Set the policy for one test."""
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield lambda: keras.config.set_dtype_policy(previous)
    keras.config.set_dtype_policy(previous)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras scales losses on TensorFlow and JAX")
@pytest.mark.thorough
def test_mixed_precision_trains_like_float32(tiny_vae, make_images, mixed_float16):
    x = make_images(8)

    def trained(optimizer):
        vae = tiny_vae(optimizer=optimizer, learning_rate=0.01)
        before = weights_of(vae)
        logs = fit(vae, x, batch_size=4, epochs=3, validation_data=(x,))
        moved = [b - a for a, b in zip(before, weights_of(vae), strict=True)]
        return vae, logs, np.concatenate([change.ravel() for change in moved])

    # A fixed loss scale; without `scale_loss` every step would be 1/1024 of what it should.
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), initial_scale=1024.0)
    half, half_logs, half_change = trained(scaled)
    assert half.encoder.get_layer(index=2).compute_dtype == "float16"
    mixed_float16()  # back to float32
    full, full_logs, full_change = trained("sgd")
    assert full.encoder.get_layer(index=2).compute_dtype == "float32"
    assert all(np.isfinite(value) for value in half_logs.values())
    for name in ("loss", "recon_loss", "val_loss"):
        assert half_logs[name] == pytest.approx(full_logs[name], rel=0.02)
    assert np.linalg.norm(half_change) == pytest.approx(np.linalg.norm(full_change), rel=0.02)
    assert np.linalg.norm(half_change - full_change) < 0.05 * np.linalg.norm(full_change)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras scales losses on TensorFlow and JAX")
def test_compile_scales_the_loss_under_mixed_precision(tiny_vae, mixed_float16):
    assert isinstance(tiny_vae().optimizer, keras.optimizers.LossScaleOptimizer)
