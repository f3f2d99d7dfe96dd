import numpy as np
import pytest
from matplotlib.colors import to_rgba

from vae_keras.errors import ArgumentError
from vae_keras.plotting import decoded_grid_codes, plot_decoded_grid, plot_latent_scatter
from vae_keras.plotting.style import PALETTE


def test_scatter_draws_every_code_in_the_colour_of_its_class():
    codes = np.random.default_rng(0).normal(size=(50, 3))
    labels = np.arange(50) % 3
    (points,) = plot_latent_scatter(codes, labels, ["a", "b", "c"]).collections
    drawn = np.asarray(points.get_offsets())
    assert not np.array_equal(drawn, codes[:, :2])  # shuffled
    for place, color in zip(drawn, points.get_facecolors(), strict=True):
        (index,) = np.flatnonzero((codes[:, :2] == place).all(axis=1))
        assert tuple(color[:3]) == to_rgba(PALETTE[labels[index]])[:3]
        assert color[3] < 1


def test_scatter_is_shuffled_in_the_same_way_each_time():
    codes = np.random.default_rng(0).normal(size=(50, 2))
    first, second = (plot_latent_scatter(codes).collections[0].get_offsets() for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_scatter_legend_is_opaque_outside_and_names_the_classes_that_are_drawn():
    ax = plot_latent_scatter(np.eye(4)[:, :2], [3, 1, 1, 3], ["a", "b", "c", "d"])
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["b", "d"]
    assert [handle.get_color() for handle in legend.legend_handles] == [
        to_rgba(PALETTE[1]),
        to_rgba(PALETTE[3]),
    ]
    assert all(handle.get_alpha() is None for handle in legend.legend_handles)
    ax.figure.draw_without_rendering()
    assert legend.get_window_extent().x0 >= ax.get_window_extent().x1
    assert legend.get_window_extent().x1 <= ax.figure.bbox.x1


def test_scatter_names_the_axes_and_gives_them_one_scale():
    ax = plot_latent_scatter(np.array([[0.0, 0.0], [9.0, 1.0]]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$z_1$", "$z_2$")
    assert ax.get_aspect() == 1.0
    assert ax.get_legend() is None


def test_scatter_of_many_points_is_a_bitmap_and_of_many_classes_has_as_many_colours():
    codes = np.random.default_rng(0).normal(size=(3000, 2))
    (points,) = plot_latent_scatter(codes, np.arange(3000) % 30).collections
    assert points.get_rasterized()
    assert len(np.unique(points.get_facecolors(), axis=0)) == 30
    assert not plot_latent_scatter(codes[:10]).collections[0].get_rasterized()


def test_grid_codes_rise_to_the_right_and_fall_downwards():
    codes = decoded_grid_codes(3, 5, -2.0, 2.0)
    assert codes.shape == (3, 5, 2) and codes.dtype == np.float32
    np.testing.assert_allclose(codes[0, 0], [-2, 2])
    np.testing.assert_allclose(codes[0, -1], [2, 2])
    np.testing.assert_allclose(codes[-1, 0], [-2, -2])
    np.testing.assert_allclose(codes[1, :, 0], [-2, -1, 0, 1, 2])
    np.testing.assert_allclose(codes[:, 2, 1], [2, 0, -2])
    assert decoded_grid_codes().shape == (15, 15, 2)


@pytest.mark.parametrize(("rows", "columns", "channels"), [(3, 5, 1), (4, 2, 3)])
def test_decoded_grid_shows_each_image_at_its_code(rows, columns, channels):
    low, high = -1.5, 2.0
    codes = decoded_grid_codes(rows, columns, low, high)
    images = np.random.default_rng(0).random((rows, columns, 6, 4, channels))
    ax = plot_decoded_grid(images, low=low, high=high)
    (picture,) = ax.images
    canvas = np.asarray(picture.get_array()).reshape(rows * 6, columns * 4, channels)
    left, right, bottom, top = picture.get_extent()
    assert picture.origin == "upper" and bottom < top
    assert ax.get_ylim() == (bottom, top)  # z_2 rises upwards
    for row in range(rows):
        for column in range(columns):
            z_1, z_2 = codes[row, column]
            x = (z_1 - left) / (right - left) * canvas.shape[1]
            y = (top - z_2) / (top - bottom) * canvas.shape[0]
            assert (x, y) == pytest.approx((4 * column + 2, 6 * row + 3), abs=1e-4)
            tile = canvas[6 * row : 6 * row + 6, 4 * column : 4 * column + 4]
            np.testing.assert_array_equal(tile, images[row, column])


def test_decoded_grid_is_in_latent_units_with_square_pixels():
    ax = plot_decoded_grid(np.zeros((15, 15, 28, 28, 1)))
    ax.figure.draw_without_rendering()
    left, right = ax.get_xlim()
    shown = [
        label.get_text().replace("\N{MINUS SIGN}", "-")
        for tick, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
        if left <= tick <= right
    ]
    assert shown == ["-3", "-2", "-1", "0", "1", "2", "3"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$z_1$", "$z_2$")
    assert ax.images[0].get_clim() == (0.0, 1.0)

    wide = plot_decoded_grid(np.zeros((2, 6, 8, 4, 1)))
    wide.figure.draw_without_rendering()
    box = wide.get_window_extent()
    assert box.width / box.height == pytest.approx(6 * 4 / (2 * 8), rel=1e-3)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_latent_scatter(np.zeros((5, 1))), r"`codes`.*Received: codes.shape=\(5, 1\)"),
        (lambda: plot_latent_scatter(np.zeros(5)), "`codes`"),
        (lambda: plot_latent_scatter(np.zeros((0, 2)), []), "`codes`"),
        (lambda: plot_latent_scatter(np.full((2, 2), np.nan)), "`codes` must be finite"),
        (lambda: plot_latent_scatter(np.eye(2), [0]), r"`labels`.*Received: labels.shape=\(1,\)"),
        (lambda: plot_latent_scatter(np.eye(2), [0, 5], ["a"]), "`class_names`.*Received: 1 names"),
        (lambda: decoded_grid_codes(1, 5), "`rows` and `columns`.*Received: rows=1, columns=5"),
        (lambda: decoded_grid_codes(low=3.0, high=3.0), "`low` must be less than `high`"),
        (lambda: plot_decoded_grid(np.zeros((4, 8, 8, 1))), "`images`.*rows, columns"),
        (lambda: plot_decoded_grid(np.zeros((1, 4, 8, 8, 1))), "`images`.*at least 2 rows"),
        (lambda: plot_decoded_grid(np.zeros((2, 2, 4, 4, 1)), low=4.0), "`low`.*Received: low=4.0"),
    ],
)
def test_wrong_input_is_refused(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
