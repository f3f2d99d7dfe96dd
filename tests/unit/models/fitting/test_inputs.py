"""What weighs images and pixels, and targets other than the images: the right loss, or refused."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import VAE, Autoencoder, ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import OptimalGaussian, SquaredError

pytestmark = pytest.mark.backend

KINDS = {
    "vae": (VAE, {}),
    "conditional": (ConditionalVAE, {"num_classes": 3}),
    "autoencoder": (Autoencoder, {"variational": False}),
}
N = 7
LABELS = np.arange(N) % 3
WEIGHTS = np.array([1.0, 0.0, 3.0, 0.5, 2.0, 0.25, 1.0])
CLASSES = {0: 2.0, 1: 0.0}  # class 2 weighs 1


def build(kind="vae", likelihood=None, shape=(8, 8, 1), units=4, **settings):
    keras.utils.set_random_seed(0)
    cls, options = KINDS[kind]
    likelihood = likelihood or SquaredError()
    parts = mlp(shape, 2, likelihood, encoder_units=(units,), **options)
    model = cls(*parts, likelihood, seed=3, **settings)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    return model


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def labels_of(kind):
    return LABELS if kind == "conditional" else None


def losses(model, x, *, target=None, pixel_weights=None):
    """Return the loss of each image in a test step on all of them."""
    if isinstance(model, Autoencoder):
        squares = (x if target is None else target) - model.reconstruct(x)
        weights = np.ones_like(x) if pixel_weights is None else pixel_weights
        return np.average(squares**2, axis=(1, 2, 3), weights=np.broadcast_to(weights, x.shape))
    label = None if not model.num_classes else ops.convert_to_tensor(LABELS)
    given = {
        name: None if one is None else ops.convert_to_tensor(one)
        for name, one in (("target", target), ("pixel_weights", pixel_weights))
    }
    terms = model.loss_terms(ops.convert_to_tensor(x), label, **given, training=False)
    return ops.convert_to_numpy(terms.total).astype("float64")


def measured(model, *data, **arguments):
    arguments = {"verbose": 0, "return_dict": True, **arguments}
    return model.evaluate(*data, **arguments)["loss"]


class Batches(keras.utils.PyDataset):
    """One batch, as it is."""

    def __init__(self, *batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.batch


def test_weights_of_images_without_labels(kind, make_images):
    model, x, y = build(kind), make_images(N), labels_of(kind)
    expected = np.average(losses(model, x), weights=WEIGHTS)
    assert expected != pytest.approx(np.mean(losses(model, x)), rel=1e-3)
    forms = [WEIGHTS, WEIGHTS.reshape(-1, 1), WEIGHTS.tolist(), WEIGHTS.astype("float32")]
    for weights in forms:
        assert measured(model, x, y, sample_weight=weights) == pytest.approx(expected, rel=1e-6)
    for validation in ((x, y, WEIGHTS), [x, y, WEIGHTS]):
        history = model.fit(x, y, validation_data=validation, verbose=0).history
        assert history["val_loss"][0] == pytest.approx(expected, rel=1e-6)
    labels = np.zeros(N) if y is None else y
    assert measured(model, Batches(x, labels, WEIGHTS)) == pytest.approx(expected, rel=1e-6)
    assert measured(model, x, y, sample_weight=np.zeros(N)) == 0.0


def test_training_is_weighted_with_labels_and_without(make_images):
    x = make_images(N)
    model = build("autoencoder")
    expected = np.average(losses(model, x), weights=WEIGHTS)
    history = model.fit(x, sample_weight=WEIGHTS, batch_size=3, verbose=0).history
    assert history["loss"][0] == pytest.approx(expected, rel=1e-6)
    trained = []
    for labels in (None, LABELS, x):
        model = build()
        model.optimizer.learning_rate = 1e-3
        model.fit(x, labels, sample_weight=WEIGHTS, batch_size=3, epochs=2, verbose=0)
        trained.append(model.get_weights())
    for others in trained[1:]:
        for one, other in zip(trained[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


def test_weights_of_classes(kind, make_images):
    x, weights = make_images(N), np.array([CLASSES.get(one, 1.0) for one in LABELS])
    found = []
    for arguments in ({"class_weight": CLASSES}, {"sample_weight": weights}):
        model = build(kind)
        found.append(model.fit(x, LABELS, **arguments, batch_size=3, verbose=0).history["loss"])
    assert found[0] == found[1]


def test_the_last_images_validate(kind, make_images):
    x, y = make_images(N), labels_of(kind)
    rest = slice(4, None)
    expected = measured(build(kind), x[rest], None if y is None else y[rest])
    history = build(kind).fit(x, y, validation_split=0.4, verbose=0).history
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-6)
    history = build(kind).fit(x, y, validation_split=0.4, sample_weight=WEIGHTS, verbose=0).history
    expected = measured(
        build(kind), x[rest], None if y is None else y[rest], sample_weight=WEIGHTS[rest]
    )
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", ["vae", "autoencoder"], indirect=True)
def test_targets_are_reconstructed_and_images_encoded(kind, make_images):
    model, noisy, clean = build(kind), make_images(N), make_images(N, seed=1)
    expected = np.mean(losses(model, noisy, target=clean))
    assert expected != pytest.approx(np.mean(losses(model, noisy)), rel=1e-4)
    assert measured(model, noisy, clean) == pytest.approx(expected, rel=1e-6)
    bytes_, grey = (clean * 255).round().astype("uint8"), clean[..., 0]
    assert measured(model, noisy, bytes_) == pytest.approx(expected, rel=1e-4)
    assert measured(model, noisy[..., 0], grey) == pytest.approx(expected, rel=1e-6)
    assert measured(model, Batches(noisy, clean)) == pytest.approx(expected, rel=1e-6)
    assert measured(model, Batches(noisy, grey)) == pytest.approx(expected, rel=1e-6)
    history = model.fit(noisy, clean, validation_data=(noisy, clean), verbose=0).history
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-6)
    if kind == "autoencoder":
        assert history["loss"][0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.thorough
def test_a_denoising_model_learns_to_denoise(make_images):
    clean = np.repeat(make_images(2), 8, axis=0)
    noisy = np.clip(clean + np.random.default_rng(2).normal(0, 0.3, clean.shape), 0, 1)
    model = build("autoencoder", units=32)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(noisy, clean, epochs=100, verbose=0)
    assert np.mean((model.reconstruct(noisy) - clean) ** 2) < 0.3 * np.mean((noisy - clean) ** 2)


@pytest.mark.thorough
def test_a_target_that_is_the_image_changes_nothing(make_images):
    x = make_images(N)
    for settings in ({}, {"binarize": True}):
        whole = [
            build(**settings).fit(x, y, batch_size=3, epochs=2, verbose=0).history
            for y in (None, x, x.copy())
        ]
        assert whole[1] == whole[0]
        for name, values in whole[0].items():
            assert whole[2][name] == pytest.approx(values, rel=1e-6), name


@pytest.mark.parametrize(
    "shape", [(8, 8), pytest.param((8, 8, 1), marks=pytest.mark.thorough), (8, 8, 3)]
)
def test_weights_of_pixels(kind, shape, make_images):
    images = (*shape[:2], shape[2] if len(shape) == 3 else 1)
    model, x, y = build(kind, shape=images), make_images(N, images), labels_of(kind)
    seen = (np.random.default_rng(1).random((N, *shape)) < 0.6).astype("float32")
    seen[0] = 0.0  # nothing is seen, and the image weighs nothing
    whole = seen if len(shape) == 3 else seen[..., None]
    counted = slice(1, None)
    with np.errstate(invalid="ignore"):
        each = np.zeros(N)
        some = losses(model, x, pixel_weights=np.where(np.arange(N)[:, None, None, None], whole, 1))
        each[counted] = some[counted]
    expected = np.mean(each[counted])
    assert measured(model, x, y, sample_weight=seen) == pytest.approx(expected, rel=1e-6)
    labels = np.zeros(N) if y is None else y
    assert measured(model, Batches(x, labels, seen)) == pytest.approx(expected, rel=1e-6)
    everything = np.ones((N, *shape), "float32")
    assert measured(model, x, y, sample_weight=everything) == pytest.approx(
        measured(model, x, y), rel=1e-5
    )


def test_what_is_not_seen_has_no_effect_on_the_reconstruction(make_images):
    model, x = build(), make_images(N)
    seen = np.ones((N, 8, 8), bool)
    seen[:, 4:] = False
    target = np.where(seen[..., None], x, 0.5)
    logs = [
        model.evaluate(x, y, sample_weight=seen, verbose=0, return_dict=True)
        for y in (None, target)
    ]
    assert logs[0] == pytest.approx(logs[1], rel=1e-6)
    assert logs[0]["recon_loss"] < model.evaluate(x, verbose=0, return_dict=True)["recon_loss"]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(N - 1), rf"must be as many as the images, {N}\. Received: {N - 1} weights"),
        (np.full(N, -1.0), r"must be finite numbers >= 0\. Received: .* from -1\.0"),
        (np.full(N, np.nan), r"must be finite numbers >= 0\."),
        (np.full(N, "1"), r"must be finite numbers >= 0\."),
        (np.ones((N, 2)), rf"must have the shape \({N},\), or \({N}, 8, 8\)"),
        (np.ones((N, 8, 7)), r"Received: shape \(7, 8, 7\)"),
        (np.float64(2.0), r"Received: shape \(\)"),
    ],
)
def test_weights_that_are_none(weights, message, make_images):
    kind = list(KINDS)[np.size(weights) % len(KINDS)]  # in turn
    model, x, y = build(kind), make_images(N), labels_of(kind)
    for call in (
        lambda: model.fit(x, y, sample_weight=weights, verbose=0),
        lambda: model.evaluate(x, y, sample_weight=weights, verbose=0),
    ):
        with pytest.raises(DataError, match=f"`sample_weight` {message}|{message}"):
            call()
    with pytest.raises(DataError, match="the weights in `validation_data` must"):
        model.fit(x, y, validation_data=(x, y, weights), verbose=0)


def test_targets_that_are_none(make_images):
    x, model = make_images(N), build()
    for y, message in (
        (make_images(N, (8, 7, 1)), r"`y` must hold images of shape \(n, 8, 8, 1\)"),
        (make_images(N - 1), rf"`y` must be as many images as `x`, {N}"),
        (x * 3, r"`y` must lie in \[0\.0, 1\.0\]"),
        (np.eye(N), r"`y` must be one label for each image, shape \(n,\), or the images"),
    ):
        with pytest.raises(DataError, match=message):
            model.fit(x, y, verbose=0)
        with pytest.raises(DataError, match=message):
            model.evaluate(x, y, verbose=0)
    with pytest.raises(DataError, match=r"`y` must be labels, shape \(n,\), or the images"):
        model.evaluate(Batches(x, np.eye(N)), verbose=0)
    with pytest.raises(DataError, match="this model is conditioned on one of 3 classes"):
        build("conditional").fit(x, x.copy(), verbose=0)


def test_arguments_that_contradict_each_other(make_images):
    x, model = make_images(N), build()
    for arguments, message in (
        ({"class_weight": CLASSES}, "`class_weight` must come with labels `y`"),
        (
            {"y": LABELS, "class_weight": CLASSES, "sample_weight": WEIGHTS},
            "beside `sample_weight`",
        ),
        ({"y": LABELS, "class_weight": {0: -1.0}}, "must hold finite numbers >= 0"),
        ({"validation_split": 0.5, "validation_data": (x,)}, "beside `validation_data`"),
        ({"validation_split": 1.0}, "must leave images"),
        ({"validation_split": 0.01}, None),
    ):
        if message is None:
            model.fit(x, verbose=0, **arguments)
            continue
        with pytest.raises(ArgumentError, match=message):
            model.fit(x, verbose=0, **arguments)


def test_a_loss_that_is_no_sum_over_pixels_takes_no_weights_of_pixels(make_images):
    x, seen = make_images(N), np.ones((N, 8, 8))
    model = build(likelihood=OptimalGaussian(mode="analytic"))
    with pytest.raises(ArgumentError, match="the loss of OptimalGaussian is no sum over pixels"):
        model.fit(x, sample_weight=seen, verbose=0)
