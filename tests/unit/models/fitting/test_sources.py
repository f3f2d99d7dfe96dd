"""Images from wherever users have them: the loss of the array, or refused by name at once."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import VAE, Autoencoder, ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError, DataError
from vae_keras.evaluation import evaluate as metrics_of
from vae_keras.likelihoods import Bernoulli, SquaredError

pytestmark = [
    pytest.mark.backend,
    # What Keras says of data sets.
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
    pytest.mark.filterwarnings("ignore:Your input ran out of data"),
]

BACKEND = keras.backend.backend()
KINDS = {
    "vae": (VAE, {}),
    "conditional": (ConditionalVAE, {"num_classes": 3}),
    "autoencoder": (Autoencoder, {"variational": False}),
}
N = 8  # as many as the images are wide: what broadcasts where it must not
LABELS = np.arange(N) % 3


def build(kind="vae", highest=None, **compiled):
    keras.utils.set_random_seed(0)
    cls, options = KINDS[kind]
    parts = mlp((8, 8, 1), 2, SquaredError(), encoder_units=(4,), **options)
    model = cls(*parts, SquaredError(), seed=3, highest_integer=highest)
    model.compile(keras.optimizers.SGD(0.0), **(compiled or {"run_eagerly": True}))
    return model


class Batches(keras.utils.PyDataset):
    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 2

    def __getitem__(self, index):
        part = slice(index * N // 2, (index + 1) * N // 2)
        return tuple(one[part] for one in self.arrays)


def generator(*arrays):
    batches = Batches(*arrays)
    return (batches[index] for index in range(2))


def tf_data(*arrays):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(arrays).batch(N // 2)


def loader(*arrays):
    torch = pytest.importorskip("torch")
    tensors = [torch.from_numpy(np.array(one)) for one in arrays]
    data = torch.utils.data.TensorDataset(*tensors)
    return torch.utils.data.DataLoader(data, batch_size=N // 2)


SOURCES = {"PyDataset": Batches, "generator": generator}
if BACKEND == "tensorflow":
    SOURCES["tf.data"] = tf_data
if BACKEND == "torch":
    SOURCES["DataLoader"] = loader
every_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)

# One of them always, the others where all tests run.
some_sources = pytest.mark.parametrize(
    "source",
    [
        pytest.param(source, id=name, marks=pytest.mark.thorough if number else ())
        for number, (name, source) in enumerate(SOURCES.items())
    ],
)


def data_of(kind, source, x):
    return source(x, LABELS) if kind == "conditional" else source(x)


def measured(model, *data, **arguments):
    arguments = {"verbose": 0, "return_dict": True, "batch_size": N // 2, **arguments}
    if not isinstance(data[0], np.ndarray):
        del arguments["batch_size"]
    return model.evaluate(*data, **arguments)["loss"]


every_kind = pytest.mark.parametrize(
    "kind", [pytest.param(one, marks=() if one == "vae" else pytest.mark.thorough) for one in KINDS]
)


@every_source
@every_kind
def test_the_losses_of_an_array(kind, source, make_images):
    x = make_images(N)
    labels = (LABELS,) if kind == "conditional" else ()
    expected = measured(build(kind), x, *labels)
    for images in (x, x[..., 0], x.astype("float64")):
        data = data_of(kind, source, images)
        assert measured(build(kind), data) == pytest.approx(expected, rel=1e-6)
    history = (
        build(kind)
        .fit(x, *labels, validation_data=data_of(kind, source, x[..., 0]), verbose=0)
        .history
    )
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-6)


WRONG = {
    "size": (lambda x: x[:, :7], r"must hold images of shape \(n, 8, 8, 1\)"),
    "colour": (lambda x: np.repeat(x, 3, axis=-1), r"must hold images of shape \(n, 8, 8, 1\)"),
    "integers": (lambda x: (x * 256).astype("int32"), r"must be integers from 0 to 255"),
    "complex": (lambda x: x.astype("complex64"), r"must be integers from 0 to 255, or float"),
    "0 to 255": (lambda x: x * np.float32(255), r"must lie in .* \(divide by 255, or keep uint8"),
    "-1 to 1": (lambda x: x * 2 - 1, r"must lie in .* \(a likelihood with `data_range=\(-1, 1\)`"),
    "NaN": (lambda x: np.where(x > 0.9, np.float32(np.nan), x), "must .*finite"),
}


def pairs_of_each():
    """Yield each case with each source, and the kinds of model in turn."""
    for number, case in enumerate(WRONG):
        for offset, source in enumerate(SOURCES):
            kind = list(KINDS)[(number + offset) % len(KINDS)]
            first = offset == number % len(SOURCES)
            marks = () if first else pytest.mark.thorough
            yield pytest.param(case, kind, SOURCES[source], id=f"{case}-{source}", marks=marks)


@pytest.mark.parametrize(("case", "kind", "source"), list(pairs_of_each()))
def test_what_does_not_fit_ends_training_at_once(case, kind, source, make_images):
    change, message = WRONG[case]
    model, x = build(kind), make_images(N)
    labels = (LABELS,) if kind == "conditional" else ()
    bad = change(x)
    begun = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: begun.append(batch)
    )
    with pytest.raises(DataError, match=f"`x` {message}"):
        model.fit(data_of(kind, source, bad), callbacks=[count], verbose=0)
    assert len(begun) <= 1
    with pytest.raises(DataError, match=f"`x` {message}"):
        model.evaluate(data_of(kind, source, bad), verbose=0)
    with pytest.raises(DataError, match=f"`(x|validation_data)` {message}"):
        model.fit(x, *labels, validation_data=data_of(kind, source, bad), verbose=0)
    for method in (model.train_on_batch, model.test_on_batch):
        with pytest.raises(DataError, match=f"`x` {message}"):
            method(bad, *labels)
    if kind != "conditional":
        for method in (model.predict, model.predict_on_batch):
            with pytest.raises(DataError, match=f"`x` {message}"):
                method(bad)


@pytest.mark.thorough
@every_source
def test_what_shows_later_ends_training_with_the_epoch(source, make_images):
    x = make_images(N)
    x[-1] *= 255
    with pytest.raises(DataError, match=r"`x` must lie in .* Received: 1 images beyond it"):
        build().fit(source(x), epochs=3, verbose=0)
    if BACKEND != "torch":
        with pytest.raises(DataError, match="Received: 1 images beyond it"):
            build(steps_per_execution=2).fit(source(x), epochs=3, verbose=0)


def times_told(caught):
    return sum("is clipped" in str(one.message) for one in caught)


@every_source
def test_a_slight_overshoot_is_clipped_and_told_once(source, make_images):
    x = make_images(N)
    far = x * np.float32(1.04)
    expected = measured(build(), np.clip(far, 0, 1))
    with pytest.warns(UserWarning, match=r"`x` reaches a little beyond .* is clipped") as caught:
        assert measured(build(), source(far)) == pytest.approx(expected, rel=1e-6)
    assert times_told(caught) == 1
    with pytest.warns(UserWarning, match="is clipped"):
        assert measured(build(), far) == pytest.approx(expected, rel=1e-6)
    data = source(far)
    if source is not generator:
        with pytest.warns(UserWarning, match="is clipped") as caught:
            build().fit(data, epochs=3, verbose=0)
        assert times_told(caught) == 1


def test_tensors_and_lists_are_arrays(make_images):
    x = make_images(N)
    expected = measured(build(), x)
    for form in (ops.convert_to_tensor(x), list(x), ops.convert_to_tensor(x[..., 0])):
        assert build().evaluate(form, batch_size=N // 2, verbose=0, return_dict=True)[
            "loss"
        ] == pytest.approx(expected, rel=1e-6)
        with pytest.raises(DataError, match="`x` must lie in"):
            build().fit(form * 255 if not isinstance(form, list) else [a * 255 for a in form])


@every_kind
def test_forms_that_are_none(kind, make_images):
    model, x = build(kind), make_images(N)
    for form in ([x, LABELS], (x, LABELS), {"image": x}, [x, x]):
        for method in (model.fit, model.evaluate):
            with pytest.raises(DataError, match="`x` must be one array of images, or a data set"):
                method(form, verbose=0)


def test_a_model_that_is_not_compiled(make_images):
    parts = mlp((8, 8, 1), 2, Bernoulli(), encoder_units=(4,))
    model, x = VAE(*parts, Bernoulli()), make_images(N)
    for method in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ArgumentError, match="`compile` must be called first"):
            method(x)


@every_kind
def test_predict_reconstructs(kind, make_images):
    model, x = build(kind), make_images(N)
    label = LABELS if kind == "conditional" else None
    expected = model.reconstruct(x, label=label)
    if label is None:
        forms = [x, x[..., 0], Batches(x), Batches(x, LABELS)]
    else:
        forms = [[x, label], (x[..., 0], label), Batches(x, label)]
    for form in forms:
        np.testing.assert_allclose(model.predict(form, verbose=0), expected, atol=1e-6)
    first = x if label is None else [x, label]
    np.testing.assert_allclose(
        ops.convert_to_numpy(model.predict_on_batch(first)), expected, atol=1e-6
    )
    if label is not None:
        with pytest.raises(DataError, match=r"`x` must be `\[images, labels\]`"):
            model.predict(x, verbose=0)
        with pytest.raises(ArgumentError, match="`label` must lie in 0 to 2"):
            model.predict([x, label + 1], verbose=0)


def test_a_batch_is_trained_and_tested_with_its_weights(make_images):
    x, weights = make_images(N), np.linspace(0.0, 1.0, N)
    expected = measured(build(), x, sample_weight=weights, batch_size=N)
    logs = build().test_on_batch(x, sample_weight=weights, return_dict=True)
    assert float(logs["loss"]) == pytest.approx(expected, rel=1e-6)
    model = build("autoencoder")
    squares = np.mean((x - model.reconstruct(x)) ** 2, axis=(1, 2, 3))
    logs = model.train_on_batch(x, sample_weight=weights, return_dict=True)
    assert float(logs["loss"]) == pytest.approx(np.average(squares, weights=weights), rel=1e-5)
    logs = build("autoencoder").train_on_batch(x, LABELS, class_weight={0: 0.0}, return_dict=True)
    assert float(logs["loss"]) == pytest.approx(np.mean(squares[LABELS > 0]), rel=1e-5)


@pytest.mark.parametrize("compiled", [{"run_eagerly": True}, {"run_eagerly": False}])
def test_the_kl_weight_has_one_owner(compiled, make_images):
    x, model = make_images(N), build(**compiled)
    before = model.evaluate(x, verbose=0, return_dict=True)
    model.fit(x, verbose=0)
    model.kl_weight = 3.0
    after = model.evaluate(x, verbose=0, return_dict=True)
    assert after["kl_scaled"] == pytest.approx(3 * before["kl_scaled"], rel=1e-5)
    assert after["kl_weight"] == 3.0
    assert model.fit(x, validation_data=(x,), verbose=0).history["kl_weight"] == [3.0]
    assert model.get_config()["kl_weight"] == 3.0
    with pytest.raises(ArgumentError, match="`kl_weight` must be"):
        model.kl_weight = -1.0

    def change(epoch, logs):
        model.kl_weight = 2.0

    changing = keras.callbacks.LambdaCallback(on_epoch_begin=change)
    with pytest.raises(ArgumentError, match="`kl_weight` must not be set while `fit` runs"):
        model.fit(x, callbacks=[changing], verbose=0)
    model.kl_weight = 2.0  # and after it, it may
    assert model.kl_weight == 2.0


def black_and_white(n=N):
    """Return images of 0 and 1, one of them black."""
    x = (np.random.default_rng(4).random((n, 8, 8, 1)) < 0.3).astype("uint8")
    x[0] = 0
    return x


@every_kind
def test_integers_0_and_1_are_black_and_white(kind, tmp_path):
    x = black_and_white()
    labels = (LABELS,) if kind == "conditional" else ()
    label = LABELS if kind == "conditional" else None
    expected = build(kind).fit(x.astype("float32"), *labels, verbose=0).history["loss"]
    for images in (x, x.astype("int64"), x.astype(bool), x[..., 0]):
        model = build(kind)
        history = model.fit(images, *labels, validation_data=(images, *labels), verbose=0).history
        assert history["loss"] == pytest.approx(expected, rel=1e-6)
        assert model.highest_integer == (None if images.dtype == bool else 1)
    images = x.astype("float32")
    assert measured(model, x, *labels) == pytest.approx(measured(model, images, *labels))
    np.testing.assert_allclose(
        model.encode(x, label=label), model.encode(images, label=label), atol=1e-6
    )
    for given in (x, Batches(x)):
        if kind != "conditional":
            np.testing.assert_allclose(
                model.predict(given, verbose=0), model.predict(images, verbose=0), atol=1e-6
            )
    # What the training images were decides: a black image is black, and levels of 255 do not fit.
    black = model.encode(x[:1], label=None if label is None else label[:1])
    np.testing.assert_allclose(black, model.encode(images[:1], label=None if label is None else 0))
    with pytest.raises(DataError, match=r"from 0 to 1, as those that the model was trained on"):
        model.fit(x * 255, *labels, verbose=0)
    with pytest.raises(DataError, match=r"`x` must be integers from 0 to 1\. Received: 7 images"):
        model.evaluate(data_of(kind, Batches, x * 255), verbose=0)
    if kind == "vae":
        found, wanted = (metrics_of(model, one, seed=0) for one in (x, images))
        assert {**found} == pytest.approx({**wanted}, rel=1e-5, nan_ok=True)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.highest_integer == 1
    np.testing.assert_allclose(
        again.encode(x, label=label), model.encode(images, label=label), atol=1e-6
    )


def test_bytes_stay_bytes_whatever_is_given_later(make_images, tmp_path):
    model, levels = build(), make_images(N, dtype="uint8")
    dark = black_and_white()
    model.fit(levels, verbose=0)
    assert model.highest_integer == 255
    with pytest.warns(UserWarning, match="`x` holds the integers 0 and 1 alone"):
        codes = model.encode(dark)
    np.testing.assert_allclose(codes, model.encode(dark / np.float32(255)), atol=1e-6)
    assert "highest_integer" not in model.get_config()
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="`x` holds the integers 0 and 1 alone"):
        model.fit(dark, verbose=0)
    assert model.highest_integer == 255  # as it was trained
    model = build(highest=255)
    with pytest.warns(UserWarning, match="`x` holds the integers 0 and 1 alone"):
        model.fit(dark, verbose=0)
    assert model.highest_integer == 255


@some_sources
def test_data_sets_of_integers_0_and_1_are_told(source):
    x = black_and_white()
    images = x.astype("float32")
    with pytest.warns(UserWarning, match="`x` holds the integers 0 and 1 alone"):
        build().fit(source(x), verbose=0)
    with pytest.warns(UserWarning, match="`x` holds the integers 0 and 1 alone"):
        assert measured(build(), source(x)) == pytest.approx(
            measured(build(), images / np.float32(255)), rel=1e-6
        )
    for given in (x, x.astype("int32")):
        assert measured(build(highest=1), source(given)) == pytest.approx(
            measured(build(), images), rel=1e-6
        )


@some_sources
def test_integers_of_any_size_are_levels(source, make_images):
    x = make_images(N, dtype="uint8")
    expected = measured(build(), x)
    for given in (x.astype("int64"), source(x.astype("int32"))):
        assert measured(build(), given) == pytest.approx(expected, rel=1e-6)


def test_what_is_no_highest_integer():
    with pytest.raises(ArgumentError, match="`highest_integer` must be 255"):
        build(highest=2)
