import hashlib
import itertools

import numpy as np
import pytest

from vae_keras.data.dataset import ImageDataset, Source, Split
from vae_keras.data.split import split_source
from vae_keras.errors import ArgumentError, DataError


def numbered(count: int, first: int = 0) -> Split:
    """Return images 1 x 2 x 1 that hold their own number in two bytes."""
    numbers = np.arange(first, first + count)
    images = np.stack([numbers // 256, numbers % 256], axis=-1).astype(np.uint8)
    return Split(images.reshape(count, 1, 2, 1), numbers % 10)


def numbers(split: Split) -> list[int]:
    high, low = split.images[:, 0, 0, 0].astype(int), split.images[:, 0, 1, 0]
    return (high * 256 + low).tolist()


def run(count: int, *, test: int | None = None, **arguments) -> ImageDataset:
    published = None if test is None else numbered(test, first=count)
    source = Source(numbered(count), published, "made up", tuple("0123456789"))
    defaults = {"train_size": None, "validation_size": 5000, "seed": 0}
    return split_source("digits", source, **(defaults | arguments))


@pytest.mark.parametrize("test", [None, 30])
@pytest.mark.parametrize("seed", [0, 1])
def test_three_disjoint_sets_hold_everything(test: int | None, seed: int):
    data = run(200, test=test, seed=seed)
    parts = [numbers(part) for part in (data.train, data.validation, data.test)]
    assert sorted(itertools.chain(*parts)) == list(range(200 + (test or 0)))
    for part in (data.train, data.validation, data.test):
        assert part.labels is not None
        assert part.labels.tolist() == [number % 10 for number in numbers(part)]


def test_published_test_set_is_kept_as_it_is():
    assert numbers(run(100, test=30, seed=5).test) == list(range(100, 130))


def test_a_fifth_is_the_test_set_where_none_is_published():
    first, second = run(1000, seed=1), run(1000, seed=2)
    assert len(first.test) == len(second.test) == 200
    assert numbers(first.test) != numbers(second.test)


def test_same_seed_same_sets():
    first, again, other = (run(500, test=9, seed=seed) for seed in (3, 3, 4))
    assert numbers(first.validation) == numbers(again.validation)
    assert numbers(first.train) == numbers(again.train)
    assert numbers(first.validation) != numbers(other.validation)


@pytest.mark.parametrize("test", [None, 9])
def test_train_size_takes_the_first_and_leaves_the_rest_alone(test: int | None):
    whole, small = run(500, test=test), run(500, test=test, train_size=17)
    assert numbers(whole.train) == sorted(numbers(whole.train))
    assert numbers(small.train) == numbers(whole.train)[:17]
    assert numbers(small.validation) == numbers(whole.validation)
    assert numbers(small.test) == numbers(whole.test)


@pytest.mark.parametrize(
    ("count", "asked", "expected"),
    [
        (1000, 200, 200),  # just five times as many
        (999, 200, 99),  # a tenth
        (1000, 5000, 100),
        (1000, 0, 0),
        (9, 5000, 1),  # at least one
        (9, 1, 1),
        (30, 7, 3),
    ],
)
def test_number_of_validation_images(count: int, asked: int, expected: int):
    data = run(count, test=4, validation_size=asked)
    assert len(data.validation) == expected
    assert len(data.train) == count - expected


def test_no_validation_is_a_split_without_images():
    data = run(50, test=4, validation_size=0)
    assert data.validation.images.shape == (0, 1, 2, 1)
    assert data.validation.labels is not None
    assert data.validation.labels.shape == (0,)
    assert numbers(data.train) == list(range(50))


def test_train_size_beyond_what_there_is():
    assert len(run(100, test=4, train_size=90).train) == 90
    with pytest.raises(ArgumentError, match=r"at most 90: .*100 images.*10 for.*train_size=91"):
        run(100, test=4, train_size=91)
    with pytest.raises(ArgumentError, match=r"at most 72.*a fifth for the test"):
        run(100, train_size=73)


@pytest.mark.parametrize(("count", "validation_size"), [(1, 0), (1, 5000), (2, 5000)])
def test_too_few_images(count: int, validation_size: int):
    with pytest.raises(DataError, match=f"made up must hold enough images.*Received: {count}"):
        run(count, validation_size=validation_size)


def test_fewest_images_that_do():
    data = run(3)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [1, 1, 1]


def test_unlabelled_images():
    source = Source(Split(numbered(20).images), None, "made up")
    data = split_source("folder", source, train_size=None, validation_size=2, seed=0)
    assert data.train.labels is data.validation.labels is data.test.labels is None


def test_checksum_is_of_the_data_not_of_the_split():
    train, test = numbered(100), numbered(4, first=100)
    assert train.labels is not None
    assert test.labels is not None
    raw = b"".join(a.tobytes() for a in (train.images, train.labels, test.images, test.labels))
    expected = hashlib.sha256(raw).hexdigest()
    assert run(100, test=4).checksum == expected
    assert run(100, test=4, seed=9, train_size=5).checksum == expected
    assert run(101, test=4).checksum != expected


def test_factors_stay_with_their_images():
    images = numbered(60)
    factors = np.stack([np.arange(60), np.arange(60) % 7], axis=-1)
    source = Source(
        Split(images.images, images.labels, factors), None, "made up", factor_names=("a", "b")
    )
    data = split_source("sprites", source, train_size=20, validation_size=9, seed=0)
    assert data.factor_names == ("a", "b")
    for part in (data.train, data.validation, data.test):
        assert part.factors is not None
        assert part.factors.tolist() == [[number, number % 7] for number in numbers(part)]
    plain = Source(images, None, "made up")
    without = split_source("sprites", plain, train_size=20, validation_size=9, seed=0)
    assert without.checksum != data.checksum
    assert without.train.factors is without.factor_names is None


def test_images_are_writable_copies():
    data = run(50, test=4)
    assert data.train.images.flags.writeable
    assert not np.shares_memory(data.train.images, data.validation.images)
