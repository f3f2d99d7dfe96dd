import numpy as np
import pytest

from vae_keras import Config
from vae_keras.data import ImageDataset, Split, load_dataset, without_classes
from vae_keras.errors import ArgumentError, DataError
from vae_keras.runs.build import load_data


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def test_classes_leave_every_split_and_are_anomalies_of_the_test(digits):
    left = without_classes(digits, ["3", "7"])
    for part in (left.train, left.validation, left.test):
        assert set(part.labels) == set(range(10)) - {3, 7}
        assert len(part.images) == len(part.labels)
    odd = np.isin(digits.test.labels, [3, 7])
    np.testing.assert_array_equal(left.anomalies.images, digits.test.images[odd])
    np.testing.assert_array_equal(left.anomalies.labels, digits.test.labels[odd])
    np.testing.assert_array_equal(left.test.images, digits.test.images[~odd])
    assert digits.anomalies is None


def named(images, labels, names):
    part = Split(images, labels)
    return ImageDataset("own", part, part, part, names, "here", "0")


def test_a_name_goes_before_a_number(make_images):
    data = named(make_images(4), np.array([0, 1, 2, 2]), ("2", "cat", "dog"))
    assert set(without_classes(data, ["2"]).test.labels) == {1, 2}
    assert set(without_classes(data, ["dog"]).test.labels) == {0, 1}
    assert set(without_classes(data, ["1"]).test.labels) == {0, 2}


def test_factors_stay_with_their_images():
    split = Split(np.zeros((3, 2, 2, 1), "uint8"), np.array([0, 1, 0]), np.array([[5], [6], [7]]))
    data = ImageDataset("own", split, split, split, None, "here", "0")
    np.testing.assert_array_equal(without_classes(data, ["1"]).train.factors, [[5], [7]])
    np.testing.assert_array_equal(split.take(slice(1, 3)).factors, [[6], [7]])


def test_bad_classes(digits, make_images):
    with pytest.raises(ArgumentError, match=r"`exclude_classes` must be one of 0, 1.*'ten'"):
        without_classes(digits, ["ten"])
    with pytest.raises(ArgumentError, match=r"`exclude_classes` must leave images to the train"):
        without_classes(digits, [str(number) for number in range(10)])
    with pytest.raises(DataError, match=r"`exclude_classes` must go with images that have labels"):
        without_classes(named(make_images(4), None, None), ["1"])
    with pytest.raises(ArgumentError, match=r"`exclude_classes` must not be set for a condition"):
        Config(model="conditional", exclude_classes=("1",))
    with pytest.raises(ArgumentError, match=r"`exclude_classes` must be names or numbers"):
        Config(exclude_classes="1")


def test_settings_leave_as_many_training_images_as_they_ask_for():
    config = Config(dataset="digits", exclude_classes=("1",), train_size=50)
    data = load_data(config)
    assert len(data.train) == 50 and 1 not in data.train.labels
    assert set(data.anomalies.labels) == {1}
    with pytest.raises(ArgumentError, match=r"`train_size` must be at most \d+, the training im"):
        load_data(config.replace(train_size=1290))
