"""What every model of images has, whichever it is."""

import keras
import numpy as np
import pytest

from vae_keras import VAE, Autoencoder, ConditionalVAE, load
from vae_keras.architectures import mlp
from vae_keras.data import Preparation
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import SquaredError
from vae_keras.models import ImageModel, labels_for
from vae_keras.models.inference.batches import EVALUATION_BATCH_SIZE, in_batches, usual_batch_size

pytestmark = pytest.mark.backend

LABELS = np.array([0, 1, 2, 1])
KINDS = {
    "vae": (VAE, {}),
    "conditional": (ConditionalVAE, {"num_classes": 3}),
    "autoencoder": (Autoencoder, {"variational": False}),
}


@pytest.fixture(params=KINDS)
def model(request):
    """One model of each kind, and the labels that it takes."""
    keras.utils.set_random_seed(0)
    kind, options = KINDS[request.param]
    likelihood = SquaredError()
    built = kind(*mlp((8, 8, 1), 2, likelihood, encoder_units=(4,), **options), likelihood, seed=3)
    built.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    return built


def test_its_sizes_are_those_of_its_parts(model):
    assert model.image_shape == (8, 8, 1)
    assert model.latent_dim == 2
    assert model.num_classes == (3 if isinstance(model, ConditionalVAE) else 0)
    assert model.is_variational == hasattr(model, "prior") == isinstance(model, VAE)
    assert model.seed == model.get_config()["seed"] == 3


def test_what_was_done_to_the_images_is_saved_with_it(model, tmp_path):
    assert model.preparation == Preparation()
    assert "preparation" not in model.get_config()
    model.preparation = Preparation("pad", "#102030")
    model.save(tmp_path / "model.keras")
    assert load(tmp_path / "model.keras").preparation == Preparation("pad", "#102030")
    config = {**model.get_config(), "preparation": {"crop": "pad", "size": 3}}
    with pytest.raises(ArgumentError, match="`preparation` must hold `crop` and `background`"):
        type(model).from_config(config)


def test_one_recipe_for_fit_and_evaluate(model):
    """The order of their steps stands in one place, not in the order of base classes."""
    own = [one for one in type(model).__mro__ if one.__module__.startswith("vae_keras.")]
    for name in ("fit", "evaluate"):
        assert [one for one in own if name in vars(one)] == [ImageModel]


def test_labels_are_those_that_it_takes(model):
    conditional = isinstance(model, ConditionalVAE)
    assert labels_for(model, None) is None
    for part in (None, slice(2)):
        labels = labels_for(model, LABELS, part)
        if conditional:
            np.testing.assert_array_equal(labels, LABELS[part or slice(None)])
        else:
            assert labels is None


def test_its_configuration_builds_it_again(model, make_images):
    again = type(model).from_config(model.get_config())
    assert type(again) is type(model)
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    x, label = make_images(4), labels_for(model, LABELS)
    np.testing.assert_array_equal(
        again.reconstruct(x, label=label), model.reconstruct(x, label=label)
    )


@pytest.mark.thorough
def test_forms_of_validation_data_agree(model, make_images):
    x, y = make_images(4), labels_for(model, LABELS)
    model.optimizer.learning_rate = 0.0  # so that each validation is of the same weights
    expected = model.evaluate(x, y, verbose=0, return_dict=True)
    weights = np.ones(4, "float32")
    forms = [(x, LABELS), [x, LABELS], (x, LABELS, weights), (x[..., 0], LABELS)]
    if y is None:
        forms += [x, (x,), (x, x), (x, None)]
    for validation in forms:
        history = model.fit(x, y, validation_data=validation, verbose=0).history
        measured = {name: history[f"val_{name}"][0] for name in expected}
        assert measured == pytest.approx(expected, rel=1e-6)
    weights = np.array([1.0, 0.0, 3.0, 0.5], "float32")
    weighted = model.evaluate(x, LABELS, sample_weight=weights, verbose=0, return_dict=True)
    history = model.fit(x, y, validation_data=(x, LABELS, weights), verbose=0).history
    assert history["val_loss"][0] == pytest.approx(weighted["loss"], rel=1e-6)
    assert weighted["loss"] != expected["loss"]
    with pytest.raises(DataError, match="`validation_data` must lie in"):
        model.fit(x, y, validation_data=(x * 2, LABELS), verbose=0)


@pytest.mark.parametrize("model", ["vae", "autoencoder"], indirect=True)
def test_a_model_of_images_alone_refuses_labels(model, make_images):
    x, codes = make_images(4), np.zeros((4, 2))
    calls = [
        lambda: model.encode(x, label=LABELS),
        lambda: model.decode(codes, label=1),
        lambda: model.reconstruct(x, label=0),
        lambda: model.interpolate(x[0], x[1], label=0),
        lambda: model.traverse(x[0], label=0),
        lambda: model.traverse(label=0),
    ]
    if isinstance(model, VAE):
        calls += [
            lambda: model.sample(4, label=0),
            lambda: model.elbo(x, label=0),
            lambda: model.log_likelihood(x, label=0, samples=2),
            lambda: model.encode_distribution(x, label=0),
        ]
    for call in calls:
        with pytest.raises(ArgumentError, match=r"`label` must not be given: .*Cond") as caught:
            call()
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras exports it with PyTorch/XLA")
@pytest.mark.parametrize("model", KINDS, indirect=True)
def test_keras_exports_the_reconstruction(model, make_images, tmp_path):
    tf = pytest.importorskip("tensorflow")
    x, label = make_images(4), labels_for(model, LABELS)
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "saved"))
    given = [x] if label is None else [[x, label.astype("int32")]]
    expected = model.reconstruct(x, label=label)
    np.testing.assert_allclose(np.asarray(served.serve(*given)), expected, atol=1e-5)
    with pytest.raises(ArgumentError, match="`input_signature` must not be given"):
        model.export(tmp_path / "again", input_signature=[tf.TensorSpec((None, 8, 8, 1))])


@pytest.mark.thorough
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="through tf2onnx")
@pytest.mark.filterwarnings(
    "ignore:In the future `np.object`:FutureWarning"
)  # tf2onnx looks for it
@pytest.mark.parametrize("model", KINDS, indirect=True)
def test_keras_exports_to_onnx(model, make_images, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    x, label = make_images(4), labels_for(model, LABELS)
    model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    arrays = [x] if label is None else [x, label.astype("int32")]
    names = [one.name for one in session.get_inputs()]
    found = session.run(None, dict(zip(names, arrays, strict=True)))[0]
    np.testing.assert_allclose(found, model.reconstruct(x, label=label), atol=1e-5)


def test_inference_goes_by_batches(model, make_images):
    x, label = make_images(4), labels_for(model, LABELS)
    whole = model.reconstruct(x, label=label)
    for batch_size in (1, 3, 4, 100):
        parts = model.reconstruct(x, label=label, batch_size=batch_size)
        np.testing.assert_allclose(parts, whole, atol=1e-6)
    for batch_size in (0, -1, 2.0, "3"):
        with pytest.raises(ArgumentError, match="`batch_size` must be a positive integer"):
            model.encode(x, label=label, batch_size=batch_size)


def test_large_images_go_in_smaller_batches():
    """The values of a batch are bounded, at least one image is taken."""
    sizes = [28, 64, 128, 256, 512, 4096]
    found = [usual_batch_size(500, (size, size, 3)) for size in sizes]
    assert found == [500, 500, 170, 42, 10, 1]


def test_arrays_are_cut_alike_and_none_is_handed_on():
    seen = []

    def record(first, second, third):
        seen.append((len(first), second, len(third)))
        return first, third

    a, b = np.arange(7), np.arange(14).reshape(7, 2)
    joined = in_batches(record, a, None, b, batch_size=3)
    np.testing.assert_array_equal(joined[0], a)
    np.testing.assert_array_equal(joined[1], b)
    assert seen == [(3, None, 3), (3, None, 3), (1, None, 1)]
    seen.clear()
    in_batches(
        record, np.zeros(EVALUATION_BATCH_SIZE + 1), None, np.zeros(EVALUATION_BATCH_SIZE + 1)
    )
    assert [n for n, _, _ in seen] == [EVALUATION_BATCH_SIZE, 1]


def test_a_file_from_before_priors_and_objectives_has_the_defaults(tiny_vae, make_images):
    vae = tiny_vae()
    config = {name: value for name, value in vae.get_config().items()}
    for name in ("prior", "objective", "binarize"):
        del config[name]
    again = VAE.from_config(config)
    assert type(again.prior) is type(vae.prior)
    assert type(again.objective) is type(vae.objective)
    assert again.binarize is False
    again.set_weights(vae.get_weights())
    x = make_images(3)
    np.testing.assert_array_equal(again.reconstruct(x), vae.reconstruct(x))


def test_labels_that_are_not_used_are_still_one_for_each_image(tiny_vae, make_images):
    vae, images = tiny_vae(), make_images()
    for call in (
        lambda: vae.fit(images, np.zeros(len(images) - 1), verbose=0),
        lambda: vae.fit(images, validation_data=(images, np.zeros(3)), verbose=0),
        lambda: vae.evaluate(images, np.zeros(3), verbose=0),
    ):
        with pytest.raises(DataError, match=r"must be as many as the images, 10\. Received: "):
            call()
