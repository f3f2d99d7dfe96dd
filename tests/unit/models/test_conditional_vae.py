"""The conditional VAE: the unconditional one given a class, and what it says of wrong classes."""

import math

import keras
import numpy as np
import pytest
from keras import ops
from one_batch import Batches

from vae_keras import VAE, ConditionalVAE, Config
from vae_keras.architectures import mlp
from vae_keras.data import ImageDataset, Split
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import Bernoulli, SquaredError
from vae_keras.objectives import ImportanceWeighted
from vae_keras.runs.build import build_model_for

pytestmark = pytest.mark.backend

BACKEND = keras.backend.backend()
LABELS = np.array([0, 2, 1, 1, 0, 2])


def conditional(num_classes=3, *, likelihood=None, optimizer=None, eager=True, **settings):
    """Return a model of 8 x 8 images, the same each time."""
    keras.utils.set_random_seed(0)
    likelihood = SquaredError() if likelihood is None else likelihood
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(8,), num_classes=num_classes)
    vae = ConditionalVAE(*parts, likelihood, seed=0, **settings)
    vae.compile(optimizer or keras.optimizers.SGD(1e-3), run_eagerly=eager)
    return vae


def without_label(vae):
    """Return the VAE that a model of one class is: its label is a constant 1."""
    likelihood = vae.likelihood
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(8,))
    for ours, theirs in zip(parts, (vae.encoder, vae.decoder), strict=True):
        weights = theirs.get_weights()
        kernel, bias = weights[:2]  # of the layer that the label goes into, last
        ours.set_weights([kernel[:-1], bias + kernel[-1], *weights[2:]])
    plain = VAE(*parts, likelihood, seed=0, objective=vae.objective)
    plain.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    return plain


def fit(vae, *args, **kwargs):
    history = vae.fit(*args, shuffle=False, verbose=0, **kwargs).history
    return {name: values[-1] for name, values in history.items()}


def evaluate(vae, *args, **kwargs):
    return vae.evaluate(*args, verbose=0, return_dict=True, **kwargs)


def assert_one_line(caught):
    assert "\n" not in str(caught.value)
    assert "Received: " in str(caught.value)


# The same numbers as the VAE


@pytest.mark.parametrize("objective", [None, ImportanceWeighted(3)])
def test_a_model_of_one_class_is_a_vae(make_images, objective):
    vae, x = conditional(1, objective=objective), make_images(6)
    plain, labels = without_label(vae), np.zeros(6, "int64")
    assert evaluate(vae, x, labels, batch_size=4) == pytest.approx(
        evaluate(plain, x, batch_size=4), rel=1e-5
    )
    np.testing.assert_allclose(vae.elbo(x, label=0), plain.elbo(x), rtol=1e-5)
    np.testing.assert_allclose(
        vae.log_likelihood(x, label=0, samples=4).nats,
        plain.log_likelihood(x, samples=4).nats,
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        vae.sample(3, label=0, seed=1), plain.sample(3, seed=1), rtol=1e-4, atol=1e-6
    )
    trained = fit(vae, x, labels, batch_size=6)
    assert trained == pytest.approx(fit(plain, x, batch_size=6), rel=1e-5)


def test_each_network_gets_the_class_of_each_image(make_images):
    vae, x = conditional(), make_images(6)
    one_hot = np.eye(3, dtype="float32")[LABELS]
    mean, log_var = map(ops.convert_to_numpy, vae.encoder([x, one_hot]))
    posterior = vae.encode_distribution(x, label=LABELS, batch_size=4)
    np.testing.assert_allclose(posterior.mean, mean, atol=1e-6)
    np.testing.assert_allclose(posterior.log_var, log_var, atol=1e-6)
    pictures = ops.convert_to_numpy(vae.decoder([mean, one_hot]))
    np.testing.assert_allclose(vae.reconstruct(x, label=LABELS, batch_size=4), pictures, atol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(vae((x, LABELS))), pictures, atol=1e-6)
    np.testing.assert_allclose(vae.predict((x, LABELS), verbose=0), pictures, atol=1e-6)
    assert vae.num_classes == 3


def test_importance_samples_keep_their_labels(make_images):
    # One batch after another: sample k of image i has the label of image i.
    vae, x = conditional(objective=ImportanceWeighted(3)), make_images(6)
    together = vae.loss_terms(x, ops.convert_to_tensor(LABELS), training=False)
    mean, log_var = map(ops.convert_to_numpy, vae.encoder([x, np.eye(3)[LABELS]]))
    noise = ops.convert_to_numpy(keras.random.normal((18, 2), seed=1337)).reshape(3, 6, 2)
    for i, label in enumerate(LABELS):
        codes = mean[i] + np.exp(log_var[i] / 2) * noise[:, i]
        pictures = ops.convert_to_numpy(
            vae.decoder([codes.astype("float32"), np.eye(3, dtype="float32")[[label] * 3]])
        )
        losses = ((pictures - x[i]) ** 2).reshape(3, -1).sum(axis=1)
        recon = float(ops.convert_to_numpy(together.reconstruction)[i])
        assert recon == pytest.approx(losses.mean(), rel=1e-5)


@pytest.mark.thorough
def test_a_class_is_learned_from_its_label():
    # The class says how bright an image is. A code is then of no use, and each code gives
    # the picture of the class that it is decoded with.
    y = np.arange(600) % 3
    x = np.ones((600, 8, 8, 1), "float32") * (y / 2.0)[:, None, None, None].astype("float32")
    vae = conditional(optimizer=keras.optimizers.Adam(0.02), eager=False, kl_weight=20.0)
    vae.fit(x, y, batch_size=60, epochs=10, verbose=0)
    for label, brightness in enumerate((0.0, 0.5, 1.0)):
        pictures = vae.sample(20, label=label, seed=0)
        np.testing.assert_allclose(pictures.mean(axis=(1, 2, 3)), brightness, atol=0.1)


# Forms of labels


def test_forms_of_labels_agree(make_images):
    vae, x = conditional(), make_images(6)
    ones = np.ones(6, "int64")
    expected = vae.encode(x, label=1)
    one_hot = np.eye(3)[ones]
    forms = (ones, ones[:, None], ones.astype("uint8"), ones > 0, ones * 1.0, one_hot, [1] * 6)
    for label in (*forms, np.int8(1), np.array(1), 1.0):
        np.testing.assert_array_equal(vae.encode(x, label=label), expected)
    assert np.abs(vae.encode(x, label=2) - expected).max() > 1e-3
    codes = np.zeros((3, 2))
    each = vae.decode(codes, label=[0, 1, 2])
    for label in range(3):
        np.testing.assert_allclose(vae.decode(codes, label=label)[0], each[label], atol=1e-6)
    assert np.abs(each[0] - each[1]).max() > 1e-3


@pytest.mark.thorough
def test_forms_of_labels_to_fit_agree(make_images):
    x, logs = make_images(6), []
    one_hot = np.eye(3)[LABELS]
    for labels in (LABELS, LABELS[:, None], LABELS.astype("uint8"), LABELS.tolist(), one_hot):
        vae = conditional()
        logs.append(fit(vae, x, labels, batch_size=4, validation_data=(x, labels)))
    assert {"val_loss", "val_kl_loss", "loss"} < set(logs[0])
    assert all(log == logs[0] for log in logs)
    other = fit(conditional(), x, LABELS[::-1].copy(), batch_size=4, validation_data=(x, LABELS))
    assert other["loss"] != logs[0]["loss"]


@pytest.mark.thorough
def test_a_generator_brings_its_labels(make_images):
    x = make_images(6)
    expected = fit(conditional(), x, LABELS, batch_size=6)
    for labels in (LABELS, LABELS[:, None], LABELS.astype("float32"), np.eye(3)[LABELS]):
        logs = fit(conditional(), Batches(x, labels))
        assert logs == pytest.approx(expected, rel=1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.data")
@pytest.mark.thorough
def test_tf_data(make_images):
    tf = pytest.importorskip("tensorflow")
    x = make_images(6)
    expected = fit(conditional(), x, LABELS, batch_size=4, validation_data=(x, LABELS))
    dataset = tf.data.Dataset.from_tensor_slices((x, LABELS)).batch(4)
    logs = fit(conditional(eager=False), dataset, validation_data=dataset)
    assert logs["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    tested = evaluate(conditional(), x, LABELS, batch_size=4)
    assert evaluate(conditional(), dataset) == pytest.approx(tested, rel=1e-5)
    unlabelled = tf.data.Dataset.from_tensor_slices(x).batch(4)
    with pytest.raises(DataError, match=r"`x` must hold pairs \(images, labels\)"):
        fit(conditional(eager=False), unlabelled)


@pytest.mark.parametrize("bad", [3, -1, 1.5, math.nan])
def test_a_class_that_does_not_exist_ends_a_generator_by_name(make_images, bad):
    data = Batches(make_images(6), np.array([0, 1, 2, bad, 0, 1]))
    message = r"the labels in `x` must lie in 0 to 2, .* Received: 1 labels that do not"
    with pytest.raises(DataError, match=message):
        evaluate(conditional(), data)
    with pytest.raises(DataError, match=message):
        fit(conditional(), data)
    two = np.eye(3)[[0, 1, 2, 0, 0, 1]]
    two[3, 1] = bad
    with pytest.raises(DataError, match=message):
        evaluate(conditional(), Batches(make_images(6), two))


def test_a_generator_without_classes_is_a_data_error(make_images):
    x = make_images(6)
    for data, message in (
        (Batches(x), r"labels\): this model is conditioned on one of 3 classes.* without labels"),
        (Batches(x, np.eye(4)[LABELS]), r"each label the number of a class.*shape \(6, 4\)"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            fit(conditional(), data)
        assert_one_line(caught)


# Errors

TABLE = [
    (None, "must be given: this model is conditioned on one of 3 classes"),
    (3, "must lie in 0 to 2, the classes of this model. Received: values from 3 to 3"),
    (-1, "must lie in 0 to 2"),
    (LABELS + 1, "must lie in 0 to 2, .* Received: values from 1 to 3"),
    (LABELS[:5], r"must be integers of shape \(6,\), one for each image. Received: shape \(5,\)"),
    (np.ones((6, 3), int), r"must be integers .* Received: shape \(6, 3\), int64"),
    (LABELS + 0.5, r"must be integers .* float64"),
    (np.array(["a"] * 6), r"must be .*: `np.unique\(labels, return_inverse=True\)` has .*<U1"),
    (1.5, r"must be integers .* float64"),
    ("1", r"must be integers .*<U1"),
]


@pytest.mark.parametrize(("label", "message"), TABLE)
def test_senseless_labels_are_argument_errors(make_images, label, message):
    vae, x = conditional(), make_images(6)
    calls = (
        lambda: vae.encode(x, label=label),
        lambda: vae.decode(np.zeros((6, 2)), label=label),
        lambda: vae.reconstruct(x, label=label),
        lambda: vae.sample(6, label=label),
        lambda: vae.elbo(x, label=label),
        lambda: vae.log_likelihood(x, label=label, samples=2),
    )
    for call in calls:
        with pytest.raises(ArgumentError, match=f"`label` {message}") as caught:
            call()
        assert_one_line(caught)


@pytest.mark.parametrize(("labels", "message"), TABLE[3:8])
def test_senseless_labels_to_fit_are_data_errors(make_images, labels, message):
    vae, x = conditional(), make_images(6)
    calls = {
        "`y`": (lambda: vae.fit(x, labels), lambda: vae.evaluate(x, labels)),
        "the labels in `validation_data`": (
            lambda: vae.fit(x, LABELS, validation_data=(x, labels)),
        ),
    }
    for name, ways in calls.items():
        for way in ways:
            with pytest.raises(DataError, match=f"^{name} {message}") as caught:
                way()
            assert_one_line(caught)


def test_missing_labels_are_data_errors(make_images):
    vae, x = conditional(), make_images(6)
    message = "must hold the class of each image: .* one of 3 classes. Received: None"
    for way in (lambda: vae.fit(x), lambda: vae.evaluate(x)):
        with pytest.raises(DataError, match=f"^`y` {message}"):
            way()
    for validation in (x, (x,), (x, None)):
        with pytest.raises(DataError, match=f"^the labels in `validation_data` {message}"):
            vae.fit(x, LABELS, validation_data=validation)


def test_parts_without_labels_are_argument_errors():
    likelihood = SquaredError()
    plain = mlp((8, 8, 1), 2, likelihood, encoder_units=(4,))
    given = mlp((8, 8, 1), 2, likelihood, encoder_units=(4,), num_classes=3)
    message = "must be a functional model of two inputs, the second one-hot labels"
    for parts, name in (((plain[0], given[1]), "encoder"), ((given[0], plain[1]), "decoder")):
        with pytest.raises(ArgumentError, match=f"`{name}` {message}. Received: {name} with 1 in"):
            ConditionalVAE(*parts, likelihood)
    with pytest.raises(ArgumentError, match="`encoder` must be a functional model of one input"):
        VAE(*given, likelihood)


# What it can do


def test_it_goes_on_from_a_file(make_images, tmp_path):
    x = make_images(6)
    vae = conditional(likelihood=Bernoulli(), optimizer=keras.optimizers.Adam(), kl_weight=0.5)
    fit(vae, x, LABELS, batch_size=4)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert type(loaded) is ConditionalVAE
    assert (loaded.num_classes, loaded.kl_weight) == (3, 0.5)
    np.testing.assert_array_equal(
        loaded.reconstruct(x, label=LABELS), vae.reconstruct(x, label=LABELS)
    )
    assert evaluate(loaded, x, LABELS) == pytest.approx(evaluate(vae, x, LABELS), rel=1e-6)
    logs = fit(vae, x, LABELS, batch_size=4)
    assert fit(loaded, x, LABELS, batch_size=4) == pytest.approx(logs, rel=1e-6)


def test_samples_are_seeded(tmp_path):
    vae = conditional()
    first = vae.sample(4, label=1, seed=1)
    np.testing.assert_array_equal(vae.sample(4, label=1, seed=1), first)
    assert np.any(vae.sample(4, label=1, seed=2) != first)
    each = vae.sample(4, label=[0, 1, 2, 1], seed=1)
    np.testing.assert_allclose(each[[1, 3]], first[[1, 3]], atol=1e-6)
    assert np.abs(each[0] - first[0]).max() > 1e-3


def test_interpolation_and_traversal_have_one_class(make_images):
    vae, x = conditional(), make_images(2)
    pictures = vae.interpolate(x[0], x[1], label=2, steps=3)
    np.testing.assert_allclose(pictures[[0, 2]], vae.reconstruct(x, label=2), atol=1e-6)
    middle = vae.encode(x, label=2).mean(axis=0, keepdims=True)
    np.testing.assert_allclose(pictures[1], vae.decode(middle, label=2)[0], atol=1e-6)
    around = vae.traverse(x[0], label=2, steps=3, low=-1, high=1)
    code = vae.encode(x[:1], label=2)[0]
    np.testing.assert_allclose(around[1, 2], vae.decode([[code[0], 1.0]], label=2)[0], atol=1e-6)
    with pytest.raises(ArgumentError, match="`label` must be given"):
        vae.traverse()


def test_elbo_and_log_likelihood_are_those_of_the_class(make_images):
    vae, x = conditional(), make_images(6)
    elbo = vae.elbo(x, label=LABELS, seed=3)
    np.testing.assert_allclose(vae.elbo(x, label=LABELS, seed=3, batch_size=4), elbo, rtol=1e-5)
    other = vae.elbo(x, label=(LABELS + 1) % 3, seed=3)
    assert np.abs(other - elbo).min() > 1e-3
    # One sample from an estimator of the same bound, image by image.
    likelihood = vae.log_likelihood(x, label=LABELS, samples=200)
    one_by_one = [
        vae.log_likelihood(x[:3], label=label, samples=200).nats[i]
        for i, label in enumerate(LABELS[:3])
    ]
    np.testing.assert_allclose(likelihood.nats[:3], one_by_one, rtol=1e-5)


def test_sample_weight_is_a_weight_of_images(make_images):
    vae, x = conditional(), make_images(6)
    weights = np.array([1.0, 0.0, 2.0, 0.5, 0.0, 3.0], "float32")
    terms = vae.loss_terms(x, ops.convert_to_tensor(LABELS), training=False)
    recon, kl = (ops.convert_to_numpy(term) for term in (terms.reconstruction, terms.kl))
    logs = evaluate(vae, x, LABELS, sample_weight=weights)
    assert logs["recon_loss"] == pytest.approx(np.average(recon, weights=weights), rel=1e-5)
    assert logs["kl_loss"] == pytest.approx(np.average(kl, weights=weights), rel=1e-4)

    trained = []
    for labels in (LABELS, np.where(weights > 0, LABELS, 1)):
        trained.append(conditional())
        fit(trained[-1], x, labels, sample_weight=weights, batch_size=6)
    for a, b in zip(*(vae.get_weights() for vae in trained), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)


# From settings


def dataset(train, test, class_names=None):
    def split(labels):
        labels = None if labels is None else np.array(labels)
        n = 4 if labels is None else len(labels)
        return Split(np.zeros((n, 8, 8, 1), "uint8"), labels)

    return ImageDataset("made", split(train), split([]), split(test), class_names, "here", "0")


def test_settings_build_a_model_of_the_classes_of_all_splits():
    config = Config(model="conditional", architecture="mlp", encoder_units=(4,))
    # A small training part need not hold every class that the test set has.
    assert build_model_for(config, dataset([0, 1, 0], [0, 1, 2])).num_classes == 3
    assert build_model_for(config, dataset([0, 1, 2], [0])).num_classes == 3
    names = tuple("abcde")
    assert build_model_for(config, dataset([0, 1], [0], names)).num_classes == 5
    with pytest.raises(DataError, match="`dataset` must have labels for a conditional model"):
        build_model_for(config, dataset(None, None))
