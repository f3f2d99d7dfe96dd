import numpy as np
import pytest

from vae_keras.config.config import Config
from vae_keras.data import ImageDataset, Split, binarized
from vae_keras.errors import DataError
from vae_keras.runs.build import load_data


def dataset(*, dtype="uint8", seed=0, scale=1.0, **counts):
    generator = np.random.default_rng(seed)

    def split(n):
        images = generator.integers(0, 256, (n, 6, 5, 1)).astype("uint8")
        if dtype != "uint8":
            images = (scale * images / 255).astype(dtype)
        return Split(images, np.arange(n), np.zeros((n, 2), "int64"))

    sizes = {"train": 40, "validation": 30, "test": 20, **counts}
    parts = {name: split(n) for name, n in sizes.items()}
    return ImageDataset(
        "made", **parts, class_names=("a", "b"), source="here", checksum="0", factor_names=("c",)
    )


def test_each_pixel_is_black_or_white_with_its_grey_value_as_the_probability():
    # One grey image again and again, so that the means over its draws are its pixels.
    grey = np.random.default_rng(1).integers(0, 256, (6, 5, 1)).astype("uint8")
    grey.flat[:2] = 0, 255
    images = np.broadcast_to(grey, (4000, 6, 5, 1)).copy()
    given = dataset()
    parts = {name: Split(images) for name in ("train", "validation", "test")}
    drawn = binarized(ImageDataset(**{**vars(given), **parts}), train=True)
    share = grey / 255.0
    error = np.sqrt(share * (1 - share) / 4000)
    for part in (drawn.train, drawn.validation, drawn.test):
        assert part.images.dtype == np.uint8
        assert set(np.unique(part.images)) == {0, 255}
        mean = part.images.mean(axis=0) / 255.0
        assert np.all(np.abs(mean - share) <= 4 * error)
    # Each part has a draw of its own.
    assert np.mean(drawn.train.images == drawn.test.images) < 0.95
    assert np.mean(drawn.validation.images == drawn.test.images) < 0.95


def test_the_draw_is_the_same_each_time():
    first, again = (binarized(dataset(), train=True) for _ in range(2))
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(first, name).images, getattr(again, name).images)


def test_the_draw_does_not_depend_on_the_seed_of_a_run():
    settings = {"dataset": "digits", "validation_size": 100, "binarize": "static"}
    first, other = (load_data(Config(**settings, seed=seed)) for seed in (0, 1))
    grey, other_grey = (
        load_data(Config(**{**settings, "binarize": "none"}, seed=seed)) for seed in (0, 1)
    )
    # Digits are split by the seed; the place of a pixel decides what is drawn there.
    for part in ("train", "validation", "test"):
        for run, images in ((first, grey), (other, other_grey)):
            levels = getattr(images, part).images
            threshold = np.random.default_rng(
                {"train": 0, "validation": 1, "test": 2}[part]
            ).random(levels.shape, dtype="float32")
            expected = np.where(threshold * 255 < levels, 255, 0)
            np.testing.assert_array_equal(getattr(run, part).images, expected)


def test_dynamic_settings_leave_the_training_images_grey():
    settings = Config(dataset="digits", validation_size=100, binarize="dynamic")
    data, grey = load_data(settings), load_data(settings.replace(binarize="none"))
    np.testing.assert_array_equal(data.train.images, grey.train.images)
    for part in (data.validation, data.test):
        assert set(np.unique(part.images)) == {0, 255}
    static = load_data(settings.replace(binarize="static"))
    assert set(np.unique(static.train.images)) == {0, 255}
    np.testing.assert_array_equal(static.test.images, data.test.images)


def test_all_but_the_images_stays():
    given = dataset()
    drawn = binarized(given, train=False)
    assert drawn.train is given.train
    assert drawn.name == "made, binarised"
    for name in ("class_names", "source", "checksum", "factor_names"):
        assert getattr(drawn, name) == getattr(given, name)
    np.testing.assert_array_equal(drawn.test.labels, given.test.labels)
    np.testing.assert_array_equal(drawn.test.factors, given.test.factors)
    assert set(np.unique(given.test.images)) - {0, 255}  # a copy


def test_binary_images_stay_as_they_are():
    once = binarized(dataset(), train=True)
    twice = binarized(once, train=True)
    np.testing.assert_array_equal(once.train.images, twice.train.images)


def test_floats_are_drawn_as_bytes_are():
    given = dataset()
    expected = binarized(given, train=True)
    drawn = binarized(dataset(dtype="float32"), train=True)
    for name in ("train", "validation", "test"):
        images = getattr(drawn, name).images
        assert images.dtype == np.uint8
        # But for rounding where a threshold is next to a level.
        assert np.mean(images == getattr(expected, name).images) > 0.999


@pytest.mark.parametrize(("scale", "found"), [(255.0, "255"), (-1.0, "-1")])
def test_floats_of_another_range_are_data_errors(scale, found):
    with pytest.raises(DataError, match=rf"`binarize` must .*\[0, 1\]. Received: .*{found}"):
        binarized(dataset(dtype="float32", scale=scale), train=True)


def test_an_empty_validation_set_stays_empty():
    drawn = binarized(dataset(validation=0), train=True)
    assert len(drawn.validation) == 0
    assert drawn.validation.images.shape == (0, 6, 5, 1)
