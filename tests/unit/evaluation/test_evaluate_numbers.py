"""Each number of an evaluation, made again from the model by the measure that it is named after."""

import math

import numpy as np
import pytest

from vae_keras import evaluate
from vae_keras.evaluation import (
    classifier_accuracy,
    copied_share,
    frechet_distance,
    knn_accuracy,
    knn_accuracy_of_split,
    linear_probe_accuracy,
    mean_absolute_error,
    mean_pairwise_distance,
    mean_squared_error,
    nearest_images,
    peak_signal_to_noise_ratio,
    sample_class_entropy,
    standard_error,
    structural_similarity,
    train_classifier,
)
from vae_keras.evaluation.samples import usual_samples
from vae_keras.likelihoods import Gaussian

SHAPE = (12, 12, 1)


@pytest.fixture
def data(make_images):
    """Test and training images of three classes that differ in brightness, as bytes."""

    def images(n, seed):
        labels = np.arange(n) % 3
        pixels = make_images(n, SHAPE, seed=seed) * 0.4 + 0.3 * labels[:, None, None, None]
        return np.round(pixels * 255).astype("uint8"), labels

    return (*images(30, 0), *images(45, 1))


def test_every_number_is_its_measure_of_what_the_model_gives(tiny_vae, data):
    vae = tiny_vae(SHAPE, likelihood=Gaussian(scale=0.2))
    x, y, x_train, y_train = data
    given = {"train_images": x_train, "train_labels": y_train}
    found = evaluate(vae, x, y, **given, samples=12, seed=3)
    draws = [vae.sample(12, seed=3 + draw) for draw in range(3)]
    copies, codes = vae.reconstruct(x), vae.encode(x)
    losses = vae.image_losses(x, seed=3)
    measures = {
        "recon_loss": losses.recon_loss,
        "kl_loss": losses.kl_loss,
        "elbo": losses.elbo,
        "mse": mean_squared_error(x, copies),
        "mae": mean_absolute_error(x, copies),
        "psnr": peak_signal_to_noise_ratio(x, copies),
        "ssim": structural_similarity(x, copies),
    }
    for name, values in measures.items():
        np.testing.assert_allclose(found.arrays[name], values, rtol=1e-4, err_msg=name)
        assert found[f"{name}_standard_error"] == pytest.approx(standard_error(values), rel=1e-4)
        if name in ("recon_loss", "kl_loss"):  # the test step draws its own codes
            continue
        assert found[name] == pytest.approx(np.mean(values), rel=1e-4)
    stepped = vae.evaluate(x, verbose=0, return_dict=True)
    for name in ("loss", "recon_loss", "kl_loss"):
        assert found[name] == pytest.approx(stepped[name], rel=1e-5)
    assert "kl_weight" not in found

    unit = x / 255.0
    assert found["mse_of_mean_image"] == pytest.approx(np.var(unit, axis=0).mean(), rel=1e-5)
    learned = mean_squared_error(x_train, vae.reconstruct(x_train)).mean()
    assert found["mse_train"] == pytest.approx(learned, rel=1e-5)
    assert found["latent_dim"] == 2

    known = (vae.encode(x_train), y_train, codes, y)
    shares = {
        "knn_accuracy": (knn_accuracy(*known), 30),
        "linear_probe_accuracy": (linear_probe_accuracy(*known), 30),
        "knn_accuracy_of_split": (knn_accuracy_of_split(codes, y), 9),
        "knn_accuracy_pixels": (knn_accuracy(x_train, y_train, x, y), 30),
    }
    judge = train_classifier(x_train, y_train, seed=3)
    for name, images in (("", x), ("_of_reconstructions", copies)):
        share = classifier_accuracy(judge.probabilities(np.clip(images, 0, 255)), y)
        shares[f"classifier_accuracy{name}"] = share, 30
    near, near_of_test = nearest_images(draws[0], x_train), None
    order = np.random.default_rng(3).permutation(30)
    near_of_test = nearest_images(x[order[:12]], x_train)
    shares["copied_share"] = copied_share(near.distances, near_of_test.distances), 12
    for name, (share, n) in shares.items():
        assert found[name] == pytest.approx(share, abs=1e-6), name
        error = math.sqrt(share * (1 - share) / n)
        assert found[f"{name}_standard_error"] == pytest.approx(error, abs=1e-6), name

    assert found["nearest_train_distance"] == pytest.approx(near.distances.mean(), rel=1e-5)
    of_test = near_of_test.distances.mean()
    assert found["nearest_train_distance_of_test"] == pytest.approx(of_test, rel=1e-5)
    for name, images in (("sample_diversity", draws[0]), ("test_diversity", x[order[:12]])):
        distance = mean_pairwise_distance(images)
        assert found[name] == pytest.approx(distance.value, rel=1e-4)
        assert found[f"{name}_standard_error"] == pytest.approx(distance.standard_error, rel=1e-3)

    judged = np.concatenate([judge.probabilities(draw) for draw in draws])
    confidence = judged.max(axis=1)
    assert found["sample_confidence"] == pytest.approx(confidence.mean(), rel=1e-4)
    error = found["sample_confidence_standard_error"]
    assert error == pytest.approx(standard_error(confidence), rel=1e-3)
    assert found["sample_class_entropy"] == pytest.approx(sample_class_entropy(judged), rel=1e-4)

    features = judge.features(x)
    order = np.random.default_rng(3).permutation(30)
    held_out, reference = features[order[:12]], features[order[12:]]
    distances = [frechet_distance(judge.features(draw), reference) for draw in draws]
    assert found["frechet_distance"] == pytest.approx(np.mean(distances), rel=1e-3)
    error = found["frechet_distance_standard_error"]
    assert error == pytest.approx(standard_error(distances), rel=1e-2)
    real = frechet_distance(held_out, reference)
    assert found["frechet_distance_of_test"] == pytest.approx(real, rel=1e-3)
    assert (found["frechet_samples"], found["samples"]) == (12, 12)

    arrays = found.arrays
    np.testing.assert_array_equal(arrays["labels"], y)
    np.testing.assert_allclose(arrays["z_mean"], codes, rtol=1e-5)
    np.testing.assert_array_equal(arrays["samples"], np.round(draws[0][:10] * 255).astype("uint8"))
    np.testing.assert_array_equal(arrays["nearest_train"], x_train[near.indices[:10]])
    np.testing.assert_allclose(arrays["nearest_train_distances"], near.distances[:10], rtol=1e-5)

    assert found.by_class["classes"] == [0, 1, 2]
    assert found.by_class["count"] == [10, 10, 10]
    for name in ("recon_loss", "kl_loss", "elbo", "mse", "ssim"):
        of_class = [measures[name][y == label] for label in range(3)]
        means = [values.mean() for values in of_class]
        np.testing.assert_allclose(found.by_class[name], means, rtol=1e-4)
        errors = [standard_error(values) for values in of_class]
        np.testing.assert_allclose(found.by_class[f"{name}_standard_error"], errors, rtol=1e-3)
    np.testing.assert_allclose(found.by_dimension["variance"], codes.var(axis=0), rtol=1e-4)
    assert found.by_dimension["active"] == (codes.var(axis=0) > 0.01).tolist()


def test_a_class_of_one_image_has_no_standard_error(tiny_vae, data):
    x, _, _, _ = data
    found = evaluate(tiny_vae(SHAPE), x[:5], [0, 0, 1, 1, 7], samples=0)
    assert found.by_class["classes"] == [0, 1, 7]
    assert found.by_class["mse_standard_error"][2] is None
    assert found.by_class["mse_standard_error"][0] > 0


def test_codes_are_split_only_where_each_class_fits_in_both_parts(tiny_vae, data):
    x, _, _, _ = data
    vae = tiny_vae(SHAPE)

    def is_split(labels):
        return "knn_accuracy_of_split" in evaluate(vae, x[: len(labels)], labels, samples=0)

    assert is_split([0, 0, 0, 0, 1, 1, 1, 1])  # 3 scored, 5 known
    assert not is_split([0, 0, 0, 0, 1, 1, 1])  # 4 known, fewer than the neighbours
    assert not is_split([0, 0, 0, 0, 0, 0, 0, 1])  # one of a class
    assert not is_split([0] * 10)  # one class
    assert not is_split([0, 0, 0, 1, 1, 2, 2, 3, 3])  # 3 scored of 4 classes


def test_training_images_without_labels_give_neighbours_but_no_classifier(tiny_vae, data):
    x, y, x_train, _ = data
    found = evaluate(tiny_vae(SHAPE), x, y, train_images=x_train, samples=4)
    assert {"mse_train", "nearest_train_distance", "copied_share", "frechet_distance"} - set(
        found
    ) == {"frechet_distance"}
    assert not [
        name for name in found if name.startswith(("classifier", "linear", "knn_accuracy_p"))
    ]


def test_one_sample_has_no_diversity(tiny_vae, data):
    x, _, x_train, _ = data
    found = evaluate(tiny_vae(SHAPE), x, train_images=x_train, samples=1)
    assert not [name for name in found if "diversity" in name]
    assert found["samples"] == 1
    assert found["nearest_train_distance"] > 0


@pytest.mark.thorough
def test_progress_tells_what_takes_long(tiny_vae, data):
    x, y, x_train, y_train = data
    said = []
    given = {"train_images": x_train, "train_labels": y_train, "anomalies": x_train[:3]}
    evaluate(tiny_vae(SHAPE), x, y, **given, samples=12, progress=said.append)
    assert said == [
        "losses and reconstructions",
        "k-nearest neighbours and a linear probe on codes",
        "k-nearest neighbours on pixels",
        "anomalies",
        "3 x 12 samples",
        "nearest training images of the samples",
        "a classifier that judges the samples",
    ]


def test_test_images_without_labels_give_neighbours_but_no_classifier(tiny_vae, data):
    x, _, x_train, y_train = data
    given = {"train_images": x_train, "train_labels": y_train, "samples": 4}
    found = evaluate(tiny_vae(SHAPE), x, **given)
    assert found["nearest_train_distance"] > 0
    assert not [name for name in found if "accuracy" in name or "frechet" in name]


def test_fewer_samples_of_large_images():
    shapes = [(28, 28, 1), (100, 100, 3), (256, 256, 3), (512, 512, 3), (4096, 4096, 3)]
    assert [usual_samples(shape) for shape in shapes] == [1000, 1000, 170, 42, 10]
