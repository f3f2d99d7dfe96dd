import itertools

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.plotting import plot_interpolation, plot_traversals


def _images(*shape):
    return np.random.default_rng(0).random(shape).astype(np.float32)


def _canvas(ax):
    (image,) = ax.images
    return np.asarray(image.get_array())


def _rows(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_the_originals_stand_at_both_ends_apart_from_what_lies_between():
    paths, first, second = _images(2, 3, 20, 20, 1), _images(2, 20, 20, 1), _images(2, 20, 20, 1)
    ax = plot_interpolation(paths, first=first, second=1 - second)
    canvas = _canvas(ax)
    apart = 4  # a part of an image instead of the 1 pixel of a separator
    lefts = [0, 20 + apart, 41 + apart, 62 + apart, 82 + 2 * apart]
    assert canvas.shape == (41, 102 + 2 * apart)
    for row, top in enumerate([0, 21]):
        tiles = [first[row], *paths[row], 1 - second[row]]
        for tile, left in zip(tiles, lefts, strict=True):
            np.testing.assert_array_equal(canvas[top : top + 20, left : left + 20], tile[..., 0])
    assert np.all(canvas[:, 20 : 20 + apart] == 1)
    places = sorted((text.xy[0], text.get_text()) for text in ax.texts)
    middles = [9.5, lefts[2] + 9.5, lefts[4] + 9.5]
    assert places == list(zip(middles, ["original", "decoded", "original"], strict=True))


def test_one_interpolation_is_one_row_and_an_original_may_be_missing():
    paths = _images(4, 8, 8, 1)
    alone = plot_interpolation(paths)
    assert _canvas(alone).shape == (8, 35) and not alone.texts
    ended = plot_interpolation(paths, second=paths[3])
    assert [text.get_text() for text in ended.texts] == ["decoded", "original"]
    np.testing.assert_array_equal(_canvas(ended)[:, -8:], paths[3, ..., 0])


def test_traversals_are_rows_of_dimensions_over_the_values_of_the_code():
    images = _images(2, 3, 28, 28, 1)
    ax = plot_traversals(images, low=-2.0, high=2.0)
    canvas = _canvas(ax)
    for row in range(2):
        for column in range(3):
            tile = canvas[29 * row : 29 * row + 28, 29 * column : 29 * column + 28]
            np.testing.assert_array_equal(tile, images[row, column, ..., 0])
    assert _rows(ax) == ["$z_{1}$", "$z_{2}$"]
    assert ax.get_yticks().tolist() == [13.5, 42.5]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["-2", "0", "2"]
    assert ax.get_xticks().tolist() == [13.5, 42.5, 71.5]
    assert ax.get_title() == ""


def test_traversals_with_kl_begin_with_the_largest():
    images = _images(3, 2, 8, 8, 1)
    ax = plot_traversals(images, kl=[0.5, 3.0, 1.25])
    assert _rows(ax) == ["$z_{2}$ (3.00 nats)", "$z_{3}$ (1.25 nats)", "$z_{1}$ (0.50 nats)"]
    np.testing.assert_array_equal(_canvas(ax)[:8, :8], images[1, 0, ..., 0])


def test_of_many_dimensions_sixteen_are_drawn_and_the_title_says_which():
    images, kl = _images(100, 2, 8, 8, 1), np.arange(100.0)
    first, largest = plot_traversals(images), plot_traversals(images, kl=kl)
    assert _rows(first) == [f"$z_{{{number}}}$" for number in range(1, 17)]
    assert first.get_title() == "the first 16 of 100 latent dimensions"
    assert _rows(largest)[::15] == ["$z_{100}$ (99.00 nats)", "$z_{85}$ (84.00 nats)"]
    assert largest.get_title() == "16 of 100 latent dimensions, those with the largest KL"
    assert first.figure.get_size_inches()[1] <= 10


def test_chosen_dimensions_keep_their_order_and_number():
    images = _images(20, 2, 8, 8, 3)
    ax = plot_traversals(images, dimensions=[7, 0, 12])
    assert _rows(ax) == ["$z_{8}$", "$z_{1}$", "$z_{13}$"]
    np.testing.assert_array_equal(_canvas(ax)[9:17, :8], images[0, 0])
    assert ax.get_title() == ""


@pytest.mark.parametrize("steps", [7, 21, 41])
def test_the_values_of_the_code_do_not_touch(steps):
    ax = plot_traversals(_images(2, steps, 8, 8, 1))
    ax.figure.draw_without_rendering()
    labels = ax.get_xticklabels()
    assert (labels[0].get_text(), labels[-1].get_text()) == ("-3", "3")
    boxes = [label.get_window_extent() for label in labels]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


PATH = np.zeros((3, 4, 4, 1))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_interpolation(PATH[0]), r"`images` must have the shape \(rows, steps"),
        (lambda: plot_interpolation(PATH, first=PATH), r"`first`.*\(4, 4, 1\).*\(3, 4, 4, 1\)"),
        (lambda: plot_interpolation(PATH[None], second=PATH[0]), r"`second`.*\(1, 4, 4, 1\)"),
        (lambda: plot_interpolation(PATH, first=PATH[0] + np.nan), "`first` must be finite"),
        (lambda: plot_traversals(PATH), r"`images` must have the shape \(latent_dim, steps"),
        (lambda: plot_traversals(PATH[None], low=3.0), "`low` must be less"),
        (lambda: plot_traversals(PATH[None], kl=[1.0, 2.0]), r"`kl`.*latent_dim = 1.*\(2,\)"),
        (lambda: plot_traversals(PATH[None], kl=[np.nan]), "`kl` must be finite"),
        (lambda: plot_traversals(PATH[None], dimensions=[1]), r"0 to 0. Received: dimensions=\[1"),
        (lambda: plot_traversals(PATH[None], dimensions=[]), "`dimensions` must be"),
    ],
)
def test_wrong_input_is_refused(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
