import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.plotting import decoded_grid_codes, plot_decoded_grid


def test_grid_codes_rise_to_the_acrossand_fall_downwards():
    codes = decoded_grid_codes(3, 5, -2.0, 2.0)
    assert codes.shape == (3, 5, 2) and codes.dtype == np.float32
    np.testing.assert_allclose(codes[0, 0], [-2, 2])
    np.testing.assert_allclose(codes[0, -1], [2, 2])
    np.testing.assert_allclose(codes[-1, 0], [-2, -2])
    np.testing.assert_allclose(codes[1, :, 0], [-2, -1, 0, 1, 2])
    np.testing.assert_allclose(codes[:, 2, 1], [2, 0, -2])
    assert decoded_grid_codes().shape == (15, 15, 2)


@pytest.mark.parametrize(("rows", "columns", "channels"), [(3, 5, 1), (4, 2, 3)])
@pytest.mark.parametrize(("height", "width", "gap"), [(6, 4, 1), (24, 20, 0)])
def test_decoded_grid_shows_each_image_at_its_code(rows, columns, channels, height, width, gap):
    low, high = -1.5, 2.0
    codes = decoded_grid_codes(rows, columns, low, high)
    images = np.random.default_rng(0).random((rows, columns, height, width, channels))
    ax = plot_decoded_grid(images, low=low, high=high)
    (picture,) = ax.images
    down, across = height + gap, width + gap
    shape = (rows * down - gap, columns * across - gap, channels)
    canvas = np.asarray(picture.get_array()).reshape(shape)
    left, right, bottom, top = picture.get_extent()
    assert picture.origin == "upper" and bottom < top
    assert ax.get_ylim() == (bottom, top)  # z_2 rises upwards
    for row in range(rows):
        for column in range(columns):
            z_1, z_2 = codes[row, column]
            x = (z_1 - left) / (right - left) * canvas.shape[1]
            y = (top - z_2) / (top - bottom) * canvas.shape[0]
            assert (x, y) == pytest.approx(
                (across * column + width / 2, down * row + height / 2), abs=1e-3
            )
            tile = canvas[down * row :, across * column :][:height, :width]
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

    wide = plot_decoded_grid(np.zeros((2, 6, 40, 20, 1)))
    wide.figure.draw_without_rendering()
    box = wide.get_window_extent()
    assert box.width / box.height == pytest.approx(6 * 20 / (2 * 40), rel=1e-3)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
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
