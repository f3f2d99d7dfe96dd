"""The numbers of a model are those that the measures give on what the model gives."""

import math

import numpy as np
import pytest

from vae_keras import ConditionalVAE, evaluate, evaluation
from vae_keras.architectures import mlp
from vae_keras.catalog import COUNTS, METRICS, STANDARD_ERROR
from vae_keras.errors import ArgumentError
from vae_keras.evaluation import (
    aggregated_posterior_kl,
    knn_accuracy,
    linear_probe_accuracy,
    mean_squared_error,
    mutual_information,
    nearest_images,
    roc_auc,
)
from vae_keras.likelihoods import Bernoulli, Gaussian, SquaredError

N, TRAIN = 60, 90


@pytest.fixture
def data(make_images):
    """Test and training images of three classes that differ in brightness, as bytes."""

    def images(n, seed):
        labels = np.arange(n) % 3
        pixels = make_images(n, seed=seed) * 0.4 + 0.3 * labels[:, None, None, None]
        return np.round(pixels * 255).astype("uint8"), labels

    return (*images(N, 0), *images(TRAIN, 1))


def check_catalog(found):
    """Every metric is in the catalog, from which all tables take its label and digits."""
    assert {name.removesuffix(STANDARD_ERROR) for name in found} <= {*METRICS, *COUNTS}


def test_everything_at_once(tiny_vae, data):
    vae = tiny_vae(likelihood=Gaussian(scale=0.2))
    x, y, x_train, y_train = data
    said = []
    found = evaluate(
        vae,
        x,
        y,
        train_images=x_train,
        train_labels=y_train,
        anomalies=x_train[:20],
        samples=30,
        progress=said.append,
    )
    unit = x / 255.0
    mean, log_var = vae.encode_distribution(x)
    errors = mean_squared_error(unit, vae.reconstruct(x))
    assert found["mse"] == pytest.approx(errors.mean(), rel=1e-5)
    assert found["mse_standard_error"] == pytest.approx(errors.std(ddof=1) / math.sqrt(N), rel=1e-5)
    losses = vae.image_losses(x)
    assert found["elbo"] == pytest.approx(losses.elbo.mean(), rel=1e-5)
    assert found["loss"] == pytest.approx(vae.evaluate(x, verbose=0, return_dict=True)["loss"])
    train_codes = vae.encode(x_train)
    pair = (train_codes, y_train, mean, y)
    assert found["knn_accuracy"] == knn_accuracy(*pair)
    assert found["linear_probe_accuracy"] == linear_probe_accuracy(*pair)
    assert found["knn_accuracy_pixels"] == knn_accuracy(x_train, y_train, x, y)
    information = mutual_information(mean, log_var)
    assert found["mutual_information"] == pytest.approx(information.value, rel=1e-5)
    distance = aggregated_posterior_kl(mean, log_var)
    assert found["aggregated_posterior_kl"] == pytest.approx(distance.value, rel=1e-4, abs=1e-5)
    scores = np.concatenate([vae.anomaly_score(x), vae.anomaly_score(x_train[:20])])
    auc = roc_auc(scores, np.arange(N + 20) >= N)
    assert found["anomaly_roc_auc"] == auc.value
    assert found["anomaly_roc_auc_standard_error"] == auc.standard_error
    nearest = nearest_images(vae.sample(30, seed=0), x_train).distances
    assert found["nearest_train_distance"] == pytest.approx(nearest.mean(), rel=1e-5)
    of_class = errors[y == 1]
    assert found.by_class["mse"][1] == pytest.approx(of_class.mean(), rel=1e-5)
    assert found.by_class["count"] == [20, 20, 20]
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).mean(axis=0)
    np.testing.assert_allclose(found.by_dimension["kl"], kl, rtol=1e-4)
    assert found["active_units"] == sum(found.by_dimension["active"])
    assert {"frechet_distance", "sample_confidence", "classifier_accuracy"} < set(found)
    assert found["frechet_samples"] == 30
    assert all(isinstance(value, float | int) and math.isfinite(value) for value in found.values())
    assert len(said) >= 5
    check_catalog(found)
    assert not {"classifier_accuracy_of_samples", "ssim"} & set(found)  # of 8 x 8 images
    again = evaluate(
        vae, x, y, train_images=x_train, train_labels=y_train, anomalies=x_train[:20], samples=30
    )
    assert dict(again) == pytest.approx(dict(found), rel=1e-6)


def test_a_likelihood_as_wide_as_its_errors(tiny_vae, make_images):
    vae = tiny_vae(likelihood=Gaussian(scale=0.5))
    x = np.clip(
        vae.sample(2000, seed=0) + np.random.default_rng(0).normal(0, 0.1, (2000, 8, 8, 1)), 0, 1
    ).astype("float32")
    ratio = evaluate(vae, x, samples=0)["residual_variance_ratio"]
    codes = vae.encode_distribution(x)
    noise = np.random.default_rng(0).standard_normal(codes.mean.shape).astype("float32")
    drawn = vae.decode(codes.mean + np.exp(0.5 * codes.log_var) * noise)
    assert ratio == pytest.approx(np.mean((x - drawn) ** 2) / 0.25, rel=0.02)


def test_the_divergence_of_all_codes_is_left_out_where_it_cannot_be_told(tiny_vae, make_images):
    vae, x = tiny_vae(), make_images(40)
    assert "aggregated_posterior_kl" in evaluate(vae, x, samples=0)
    for name, factor in (("z_mean", 50.0), ("z_log_var", 0.0)):  # each code in a place of its own
        layer = vae.encoder.get_layer(name)
        layer.set_weights([factor * weights for weights in layer.get_weights()])
    found = evaluate(vae, x, samples=0)
    assert found["mutual_information"] > math.log(40) - 2
    assert "aggregated_posterior_kl" not in found


def test_images_alone(tiny_vae, make_images):
    found = evaluate(tiny_vae(), make_images(1), samples=0)
    assert "mse" in found and "mse_standard_error" not in found
    assert not [name for name in found if "accuracy" in name or "sample" in name]
    assert found.by_class == {}


@pytest.mark.thorough
def test_fewer_images_than_neighbors_or_samples(tiny_vae, data):
    x, y, x_train, y_train = data
    given = {"train_images": x_train[:3], "train_labels": y_train[:3], "samples": 20}
    found = evaluate(tiny_vae(), x[:6], y[:6], **given)
    assert found["frechet_samples"] == 3
    assert 0 <= found["knn_accuracy"] <= 1
    assert "knn_accuracy_of_split" not in found


@pytest.mark.thorough
def test_a_conditional_model(make_images, data):
    x, y, x_train, y_train = data
    likelihood = SquaredError()
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(8,), num_classes=3)
    vae = ConditionalVAE(*parts, likelihood)
    vae.compile("sgd")
    odd = 255 - x[:20]
    found = evaluate(
        vae, x, y, train_images=x_train, train_labels=y_train, anomalies=odd, samples=10
    )
    scores = [
        np.min([vae.anomaly_score(images, label=label) for label in range(3)], axis=0)
        for images in (x, odd)
    ]
    expected = roc_auc(np.concatenate(scores), np.arange(80) >= 60)
    assert found["anomaly_roc_auc"] == pytest.approx(expected.value)
    assert 0 <= found["classifier_accuracy_of_samples"] <= 1
    check_catalog(found)
    assert not [name for name in found if name.startswith(("knn_accuracy_of", "linear"))]
    with pytest.raises(ArgumentError, match=r"`labels` must be given for a conditional model"):
        evaluate(vae, x)


@pytest.mark.thorough
def test_forms_of_images_and_labels_agree(tiny_vae, data):
    x, y, x_train, y_train = data
    known = {"train_images": x_train, "train_labels": y_train, "samples": 0}
    expected = evaluate(tiny_vae(), x, y, **known)
    for form in ((x[..., 0], y), (x, y[:, None]), (x / np.float32(255), y)):
        assert evaluate(tiny_vae(), *form, **known) == pytest.approx(expected, rel=1e-4), form[
            0
        ].shape


@pytest.mark.thorough
def test_a_model_of_binary_draws_is_measured_on_one_draw(tiny_vae, data):
    x, y, *_ = data
    vae = tiny_vae(likelihood=Bernoulli(), binarize=True)
    found = evaluate(vae, x, y, train_images=x, train_labels=y, samples=12, seed=4)
    drawn = vae.binarized(x, np.random.default_rng(4)).astype("float32")
    assert set(np.unique(drawn)) == {0, 1}
    copies = vae.reconstruct(drawn)
    assert found["mse"] == pytest.approx(mean_squared_error(drawn, copies).mean(), rel=1e-5)
    losses = vae.evaluate(drawn, verbose=0, return_dict=True)
    assert found["recon_loss"] == pytest.approx(losses["recon_loss"], rel=1e-6)


@pytest.mark.thorough
def test_a_sampler_takes_the_place_of_the_prior(tiny_vae, data):
    x, y, x_train, y_train = data
    asked = []

    def sampler(n, seed):
        asked.append((n, seed))
        return x_train[:n] / np.float32(255)

    given = {"train_images": x_train, "train_labels": y_train}
    found = evaluate(tiny_vae(), x, y, **given, samples=12, sampler=sampler, seed=5)
    assert asked == [(12, 5), (12, 6), (12, 7)]
    assert found["nearest_train_distance"] == pytest.approx(0, abs=1e-6)
    assert found["copied_share"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.zeros(3, int)}, r"`labels` must have one label for each of the 60 `images`"),
        ({"train_labels": np.zeros(3, int)}, r"`train_labels` must have one label for each of the"),
        ({"samples": -1}, r"`samples` must be an integer of at least 0. Received: samples=-1"),
        ({"samples": 2.5}, r"`samples` must be an integer of at least 0. Received: samples=2.5"),
        ({"seed": -1}, r"`seed` must be an integer of at least 0"),
    ],
)
def test_bad_arguments(change, message, tiny_vae, data):
    x, y, x_train, y_train = data
    given = {"labels": y, "train_images": x_train, "train_labels": y_train, "samples": 0}
    with pytest.raises(ArgumentError, match=message):
        evaluation.evaluate(tiny_vae(), x, **{**given, **change})
