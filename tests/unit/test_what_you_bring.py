"""Each row of docs/guide/what_you_bring.md is a function here, under the row's first cell."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from one_batch import Batches
from PIL import Image

from vae_keras import ConditionalVAE, load_dataset
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import SquaredError

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "what_you_bring.md"
BYTES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype="uint8")
FLOATS = (BYTES / 255).astype("float32")
BITS = BYTES[..., :1] > 127
LABELS = np.array([0, 1, 2, 0, 1, 2])
ROWS = {}

pytestmark = [
    # What Keras says of data sets.
    pytest.mark.filterwarnings("ignore:Your input ran out of data"),
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
]


def row(text):
    """Enter a function as the test of the row that begins with `text`."""

    def enter(function):
        assert text not in ROWS
        ROWS[text] = function
        return function

    return enter


@pytest.fixture
def vae(tiny_vae):
    return tiny_vae((8, 8, 3), learning_rate=0.0)


@pytest.fixture
def grey(tiny_vae):
    return tiny_vae((8, 8, 1), learning_rate=0.0)


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes images to a folder, under names with sub-folders."""

    def write(images):
        for name, image in images.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path)
        return tmp_path

    return write


def names_in_page():
    lines = PAGE.read_text().splitlines()
    cells = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")]
    return [cell for cell in cells if cell not in ("you bring", "---")]


def test_every_row_is_a_test():
    assert names_in_page() == list(ROWS)


@pytest.mark.parametrize("name", names_in_page())
def test_row(name, request):
    function = ROWS[name]
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    function(*(request.getfixturevalue(one) for one in names))


def loss(model, *arguments, **more):
    """Train for an epoch at rate 0; return the loss of an evaluation."""
    model.fit(*arguments, epochs=1, batch_size=6, verbose=0, **more)
    return model.evaluate(*arguments, batch_size=6, verbose=0, return_dict=True, **more)["loss"]


def same(model, given, usual):
    assert loss(model, given) == pytest.approx(loss(model, usual), rel=1e-5)
    np.testing.assert_allclose(model.encode(given), model.encode(usual), atol=1e-5)


def refused(model, given, message, error=DataError):
    for call in (model.fit, model.evaluate, model.encode, model.reconstruct):
        options = {"verbose": 0} if call in (model.fit, model.evaluate) else {}
        with pytest.raises(error, match=message):
            call(given, **options)


@row("uint8, 0 to 255")
def bytes_(vae):
    same(vae, BYTES, FLOATS)


@row("float32 or float64 in [0, 1]")
def floats(vae):
    same(vae, FLOATS.astype("float64"), FLOATS)


@row("grey images without a channel axis")
def without_channels(grey):
    same(grey, BYTES[..., 0], BYTES[..., :1])


@row("int64 from 0 to 255")
def wide_integers(vae):
    same(vae, BYTES.astype("int64"), BYTES)


@row("integers 0 and 1 alone, any type")
def zeros_and_ones(tiny_vae):
    usual = loss(tiny_vae(learning_rate=0.0), BITS.astype("float32"))
    for dtype in ("uint8", "int64"):
        model = tiny_vae(learning_rate=0.0)
        assert loss(model, BITS.astype(dtype)) == pytest.approx(usual, rel=1e-5)
        assert model.get_config()["highest_integer"] == 1


@row("booleans")
def booleans(grey):
    same(grey, BITS, BITS.astype("float32"))


@row("floats from 0 to 255")
def unscaled(vae):
    refused(vae, 255 * FLOATS, "divide by 255, or keep uint8")


@row("floats from -1 to 1")
def signed(vae):
    refused(vae, 2 * FLOATS - 1, r"a likelihood with `data_range=\(-1, 1\)`")


@row("floats that overshoot by up to 5 %")
def overshoot(vae):
    with pytest.warns(UserWarning, match="is clipped"):
        found = loss(vae, 1.04 * FLOATS)
    assert found == pytest.approx(loss(vae, np.minimum(1.04 * FLOATS, 1)), rel=1e-5)


@row("NaN or infinity")
def not_finite(vae):
    bad = FLOATS.copy()
    bad[1, 0, 0, 0], bad[2, 0, 0, 0] = np.nan, np.inf
    refused(vae, bad, "must be finite.*2 of 6 images")


@row("integers below 0 or above 255")
def other_integers(vae):
    refused(vae, BYTES.astype("int32") - 5, "integers from 0 to 255.*values from -5 to")
    refused(vae, BYTES.astype("int32") + 45, "integers from 0 to 255.*to 300")


@row("channels first, `(n, 3, 8, 8)`")
def channels_first(vae):
    refused(vae, np.moveaxis(BYTES, -1, 1), "channels")


@row("images along the last axis, `(8, 8, n)`")
def images_last(grey):
    refused(grey, np.moveaxis(BYTES[..., 0], 0, -1), "last axis")


@row("RGBA for a model of RGB")
def with_alpha(vae):
    refused(vae, np.concatenate([BYTES, BYTES[..., :1]], axis=-1), "RGBA: `x")


@row("images of another size")
def another_size(vae):
    refused(vae, BYTES[:, :7], r"shape \(n, 8, 8, 3\).*\(6, 7, 8, 3\)")


@row("no images")
def none(vae):
    refused(vae, BYTES[:0], "at least one image")


def loss_of(model, data):
    model.fit(data, epochs=1, verbose=0)
    return model.evaluate(data, verbose=0, return_dict=True)["loss"]


@row("`tf.data.Dataset` of images, or of pairs")
def tf_data(vae):
    tf = pytest.importorskip("tensorflow")
    usual = loss(vae, FLOATS)
    for arrays in (BYTES, (BYTES, LABELS)):
        data = tf.data.Dataset.from_tensor_slices(arrays).batch(6)
        assert loss_of(vae, data) == pytest.approx(usual, rel=1e-5)


@row("a `PyDataset` or a generator of batches")
def batches(vae):
    usual = loss(vae, FLOATS)
    assert loss_of(vae, Batches(BYTES, LABELS)) == pytest.approx(usual, rel=1e-5)
    vae.fit(((one,) for one in [BYTES]), verbose=0)
    found = vae.evaluate(((one,) for one in [BYTES]), verbose=0, return_dict=True)["loss"]
    assert found == pytest.approx(usual, rel=1e-5)


@row("batches of floats from 0 to 255")
def unscaled_batches(vae):
    with pytest.raises((DataError, ArgumentError), match=r"must lie in \[0.0, 1.0\].*divide by"):
        vae.fit(Batches(255 * FLOATS, LABELS), verbose=0)


@row("batches of another shape")
def other_batches(vae):
    with pytest.raises(DataError, match=r"shape \(n, 8, 8, 3\)"):
        vae.fit(Batches(BYTES[:, :7], LABELS), verbose=0)


@pytest.fixture
def conditional():
    keras.utils.set_random_seed(0)
    likelihood = SquaredError()
    parts = mlp((8, 8, 3), 2, likelihood, encoder_units=(4,), num_classes=3)
    model = ConditionalVAE(*parts, likelihood, seed=0)
    eager = keras.backend.backend() == "tensorflow"
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=eager)
    return model


@row("labels `(n,)`, `(n, 1)` or one-hot, for a conditional model")
def labels(conditional):
    usual = loss(conditional, FLOATS, LABELS)
    for given in (LABELS[:, np.newaxis], np.eye(3)[LABELS], LABELS.astype("uint8")):
        assert loss(conditional, FLOATS, given) == pytest.approx(usual, rel=1e-6)
        assert loss_of(conditional, Batches(FLOATS, given)) == pytest.approx(usual, rel=1e-6)
        codes = conditional.encode(FLOATS, label=given)
        np.testing.assert_array_equal(codes, conditional.encode(FLOATS, label=LABELS))


@row("a label that is no class")
def no_class(conditional):
    with pytest.raises((DataError, ArgumentError), match=r"3|`y`"):
        conditional.fit(FLOATS, LABELS + 1, verbose=0)


@row("images as `y`")
def targets(vae):
    found = vae.evaluate(FLOATS, 1 - FLOATS, batch_size=6, verbose=0, return_dict=True)
    usual = vae.evaluate(FLOATS, batch_size=6, verbose=0, return_dict=True)
    assert found["kl_loss"] == pytest.approx(usual["kl_loss"])
    assert found["recon_loss"] != pytest.approx(usual["recon_loss"], rel=1e-3)


@row("`sample_weight` of another length, or negative")
def bad_weights(vae):
    for weights in (np.ones(5), -np.ones(6)):
        with pytest.raises((DataError, ArgumentError), match="`sample_weight`"):
            vae.fit(FLOATS, sample_weight=weights, verbose=0)


@row("`sample_weight` of zeros and ones")
def weights(vae):
    weights = np.array([1, 0, 0, 0, 0, 0])
    found = vae.evaluate(FLOATS, sample_weight=weights, batch_size=6, verbose=0, return_dict=True)
    usual = vae.evaluate(FLOATS[:1], batch_size=6, verbose=0, return_dict=True)
    assert found["kl_loss"] == pytest.approx(usual["kl_loss"], rel=1e-5)


@row("a folder of images, one sub-folder a class")
def classes(folder):
    names = [f"{kind}/{number}.png" for kind in ("cat", "dog") for number in range(8)]
    data = load_dataset("folder", folder({name: Image.new("L", (8, 8)) for name in names}))
    assert data.class_names == ("cat", "dog")
    assert data.image_shape == (8, 8, 1)


@row("`train`, `val` and `test` folders")
def sets(folder):
    counts = {"train": 5, "val": 3, "test": 2}
    images = {
        f"{name}/cat/{number}.png": Image.new("L", (8, 8))
        for name, count in counts.items()
        for number in range(count)
    }
    data = load_dataset("folder", folder(images))
    assert [len(one) for one in (data.train, data.validation, data.test)] == [5, 3, 2]


def two_sizes():
    """Sixteen images of two sizes: black, with a white middle of 8 x 8."""
    images = {}
    for number in range(16):
        size = (8, 8) if number % 2 else (16, 8)
        images[f"{number:02}.png"] = image = Image.new("L", size)
        image.paste(255, ((size[0] - 8) // 2, 0, (size[0] + 8) // 2, 8))
    return images


@row("images of several sizes")
def several_sizes(folder):
    with pytest.raises(DataError, match=r"image[-_]size"):
        load_dataset("folder", folder(two_sizes()))


@row("the same, with `image_size=8`")
def cropped(folder):
    data = load_dataset("folder", folder(two_sizes()), image_size=8)
    assert data.image_shape == (8, 8, 1)
    assert data.train.images.min() == 255  # only the middle is left


def first_image(folder, image, suffix="png", **options):
    images = {f"{number}.{suffix}": image for number in range(8)}
    path = folder({})
    for name, one in images.items():
        one.save(path / name, **options)
    return load_dataset("folder", path).train.images[0]


@row("a photo with an Exif orientation")
def turned(folder):
    image = Image.new("L", (16, 8))
    image.paste(255, (0, 0, 8, 8))  # white at the left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: white is on top
    pixels = first_image(folder, image, "jpg", exif=exif, quality=100)
    assert pixels.shape == (16, 8, 1)
    assert pixels[:7].min() > 200 and pixels[9:].max() < 50


@row("a transparent image")
def transparent(folder):
    pixels = first_image(folder, Image.new("RGBA", (8, 8), (0, 0, 0, 0)))
    assert (pixels == 255).all()


@row("grey of 16 bits")
def sixteen_bits(folder):
    values = np.full((8, 8), 128 * 257, "uint16")
    values[0] = 65535
    pixels = first_image(folder, Image.fromarray(values))
    assert (pixels[0] == 255).all() and (pixels[1:] == 128).all()


@row("`.npz` with `x_train`, `y_train`")
def npz(tmp_path):
    images = np.repeat(BYTES, 4, axis=0)
    np.savez(tmp_path / "a.npz", x_train=images, y_train=np.repeat(LABELS, 4))
    data = load_dataset("array", tmp_path / "a.npz")
    assert data.image_shape == (8, 8, 3)
    assert sorted(set(data.train.labels.tolist())) == [0, 1, 2]


@row("`.npz` of MedMNIST")
def medmnist(tmp_path):
    arrays = {}
    for name, count in (("train", 5), ("val", 3), ("test", 2)):
        arrays[f"{name}_images"] = BYTES[:count]
        arrays[f"{name}_labels"] = LABELS[:count, np.newaxis]
    np.savez(tmp_path / "m.npz", **arrays)
    data = load_dataset("array", tmp_path / "m.npz")
    assert [len(one) for one in (data.train, data.validation, data.test)] == [5, 3, 2]
    assert data.train.labels.shape == (5,)


@row("`.npy`")
def npy(tmp_path):
    np.save(tmp_path / "a.npy", np.repeat(BYTES, 4, axis=0))
    data = load_dataset("array", tmp_path / "a.npy")
    assert data.image_shape == (8, 8, 3)
    assert re.search("array", data.name)
