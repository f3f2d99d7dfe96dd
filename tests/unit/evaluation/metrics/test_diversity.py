import itertools
import math

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import mean_pairwise_distance


def _double_loop(images):
    return np.mean([np.sqrt(np.mean((x - y) ** 2)) for x, y in itertools.combinations(images, 2)])


def test_known_distances_of_three_grey_images():
    images = np.array([0.0, 0.2, 1.0])[:, None, None, None] * np.ones((3, 4, 5, 2))
    distance = mean_pairwise_distance(images)
    assert distance.value == pytest.approx((0.2 + 1.0 + 0.8) / 3)
    # Left out one at a time: 0.8, 1.0, 0.2; (n - 1) / n times the sum of squares about 2/3.
    expected = math.sqrt(2 / 3 * ((0.8 - 2 / 3) ** 2 + (1 / 3) ** 2 + (0.2 - 2 / 3) ** 2))
    assert distance.standard_error == pytest.approx(expected)


def test_it_matches_a_double_loop_and_does_not_depend_on_the_chunks(monkeypatch, make_images):
    from vae_keras.evaluation.metrics import diversity

    images = make_images(23, (6, 5, 3), dtype="float64")
    whole = mean_pairwise_distance(images)
    assert whole.value == pytest.approx(_double_loop(images), rel=1e-12)
    monkeypatch.setattr(diversity, "_CHUNK_VALUES", 4 * images[0].size)
    pieces = mean_pairwise_distance(images)
    assert pieces.value == pytest.approx(whole.value, rel=1e-12)
    assert pieces.standard_error == pytest.approx(whole.standard_error, rel=1e-9)


def test_the_jackknife_matches_leaving_out_each_image(make_images):
    images = make_images(12, dtype="float64")
    without = np.array([_double_loop(np.delete(images, i, axis=0)) for i in range(12)])
    expected = math.sqrt(11 / 12 * np.sum((without - without.mean()) ** 2))
    assert mean_pairwise_distance(images).standard_error == pytest.approx(expected, rel=1e-9)


def test_uint8_is_divided_by_255_and_equal_images_are_at_zero():
    images = np.stack([np.zeros((4, 4, 1), np.uint8), np.full((4, 4, 1), 255, np.uint8)])
    distance = mean_pairwise_distance(images)
    assert distance.value == pytest.approx(1.0)
    assert math.isnan(distance.standard_error)
    assert mean_pairwise_distance(images[[0, 0, 0]]).value == 0.0


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((1, 4, 4, 1)), "`images` must be at least 2 images. Received: 1"),
        (np.zeros((5001, 2, 2, 1)), "`images` must be at most 5000.*Received: 5001"),
        (np.full((3, 4, 4, 1), 1.5), r"`images` must lie in \[0, 1\]"),
        (np.full((3, 4, 4, 1), np.nan), "finite"),
        (np.zeros((3, 4, 4)), "`images` must have the shape"),
    ],
)
def test_wrong_images_are_refused(images, message):
    with pytest.raises(ArgumentError, match=message):
        mean_pairwise_distance(images)
