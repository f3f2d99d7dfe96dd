import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.plotting import (
    plot_reconstructions_of_models,
    plot_samples_with_neighbors,
    plot_uncertainty,
)


def _images(*shape):
    return np.random.default_rng(0).random(shape).astype(np.float32)


def _rows(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def _columns(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


def test_each_model_has_a_row_under_the_originals_with_its_error():
    images = 0.5 * _images(4, 8, 8, 1)
    models = np.stack([images, images + 0.1, images + 0.2])
    ax = plot_reconstructions_of_models(images, models, names=["a", "b", "c"], max_images=2)
    canvas = np.asarray(ax.images[0].get_array())
    tops = [0, 10, 19, 28]  # the first gap is the wider one
    assert canvas.shape == (36, 17)
    for top, tiles in zip(tops, [images, *models], strict=True):
        np.testing.assert_array_equal(canvas[top : top + 8, 9:], tiles[1, ..., 0])
    assert _rows(ax) == ["original", "a\nMSE 0.0000", "b\nMSE 0.0100", "c\nMSE 0.0400"]
    assert ax.get_yticks().tolist() == [top + 3.5 for top in tops]
    assert ax.get_xticks().size == 0


def test_the_error_of_a_model_is_of_all_images_and_not_clipped():
    images = np.zeros((3, 4, 4, 1), np.uint8)
    copies = np.array([0.0, 0.0, 3.0]).reshape(1, 3, 1, 1, 1) * np.ones((1, 3, 4, 4, 1))
    ax = plot_reconstructions_of_models(images, copies, names=["a"], max_images=1)
    assert _rows(ax)[1] == "a\nMSE 3.0000"


def test_long_names_of_models_are_written_on_several_lines_within_the_figure():
    name = "convolutional with dense layers and layer normalisation"
    ax = plot_reconstructions_of_models(_images(1, 8, 8, 1), _images(1, 1, 8, 8, 1), names=[name])
    ax.figure.draw_without_rendering()
    label = ax.get_yticklabels()[1]
    assert label.get_text().count("\n") == 3
    assert label.get_window_extent().x0 >= 0


def test_a_sample_stands_over_its_neighbour_with_their_distance_beneath():
    samples, neighbors = np.zeros((3, 4, 4, 1)), np.full((3, 4, 4, 1), 128, np.uint8)
    ax = plot_samples_with_neighbors(samples, neighbors)
    canvas = np.asarray(ax.images[0].get_array())
    assert np.all(canvas[:4, :4] == 0)
    np.testing.assert_allclose(canvas[5:, :4], 128 / 255)
    assert _rows(ax) == ["sample", "nearest\ntraining image"]
    assert _columns(ax) == ["0.502"] * 3
    assert [text.get_text() for text in ax.texts] == ["RMS distance"]
    given = plot_samples_with_neighbors(samples, neighbors, distances=[1, 2, 3], max_images=2)
    assert _columns(given) == ["1.000", "2.000"]


def test_the_numbers_of_narrow_columns_stand_upright():
    images = _images(20, 8, 8, 1)
    narrow = plot_samples_with_neighbors(images, images, max_images=20)
    assert {label.get_rotation() for label in narrow.get_xticklabels()} == {90.0}
    wide = plot_samples_with_neighbors(images, images)
    assert {label.get_rotation() for label in wide.get_xticklabels()} == {0.0}


@pytest.mark.parametrize("channels", [1, 3])
def test_the_map_shows_the_deviation_of_each_pixel_under_its_image(channels):
    images, deviations = _images(2, 8, 8, channels), 0.2 * _images(2, 8, 8, channels)
    ax = plot_uncertainty(images, deviations, reconstructions=1 - images)
    pictures, maps = ax.images
    canvas = np.asarray(pictures.get_array()).reshape(26, 17, channels)
    np.testing.assert_array_equal(canvas[:8, 9:], images[1])
    np.testing.assert_allclose(canvas[9:17, 9:], 1 - images[1])
    drawn = maps.get_array()
    rms = np.sqrt(np.mean(np.square(deviations), axis=-1))
    np.testing.assert_allclose(drawn[:, :8], rms[0], rtol=1e-5)
    np.testing.assert_allclose(drawn[:, 9:], rms[1], rtol=1e-5)
    assert drawn.mask[:, 8].all()  # the gap has no deviation
    assert maps.get_extent() == [-0.5, 16.5, 25.5, 17.5]
    assert maps.get_clim() == (0.0, pytest.approx(rms.max()))
    assert _rows(ax) == ["image", "reconstruction", "standard deviation\n(pixels are 0 to 1)"]
    assert ax.get_ylim() == (25.5, -0.5)


def test_the_colour_bar_belongs_to_the_axes_and_stands_beside_the_map():
    images = _images(5, 8, 8, 1)
    ax = plot_uncertainty(images, images)
    assert ax.figure.axes == [ax]
    (bar,) = ax.child_axes
    ax.figure.draw_without_rendering()
    axes, box = ax.get_window_extent(), bar.get_window_extent()
    assert box.x0 > axes.x1
    assert (box.y0, box.height) == pytest.approx((axes.y0, axes.height * 8 / 17), abs=1)
    assert bar.get_ylim() == (0.0, pytest.approx(images.max()))


def test_no_deviation_at_all_is_a_black_map():
    maps = plot_uncertainty(_images(1, 4, 4, 1), np.zeros((1, 4, 4, 1))).images[1]
    assert maps.get_clim() == (0.0, 1.0)


GOOD = np.zeros((2, 4, 4, 1))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_reconstructions_of_models(GOOD, GOOD, names=["a"]), r"\(models, n, height"),
        (
            lambda: plot_reconstructions_of_models(GOOD, GOOD[None, :1], names=["a"]),
            r"`reconstructions\[0\]` must have the shape of `images`",
        ),
        (
            lambda: plot_reconstructions_of_models(GOOD, GOOD[None], names=["a", "b"]),
            "`names`.*each of the 1 models.*2 entries",
        ),
        (
            lambda: plot_reconstructions_of_models(GOOD, GOOD[None], names=["a"], max_images=0),
            "`max_images`",
        ),
        (lambda: plot_samples_with_neighbors(GOOD, GOOD[:1]), "`neighbors` must have the shape"),
        (lambda: plot_samples_with_neighbors(GOOD, GOOD, distances=[1]), "`distances`.*n = 2"),
        (lambda: plot_samples_with_neighbors(GOOD, GOOD, max_images=0), "`max_images`"),
        (lambda: plot_uncertainty(GOOD, GOOD[..., 0]), "`deviations` must have the shape of"),
        (lambda: plot_uncertainty(GOOD, GOOD - 1), "`deviations` must not be negative.*-1"),
        (lambda: plot_uncertainty(GOOD, GOOD + np.inf), "`deviations` must be finite"),
        (lambda: plot_uncertainty(GOOD, GOOD, reconstructions=GOOD[:1]), "`reconstructions`"),
        (lambda: plot_uncertainty(GOOD[:0], GOOD[:0]), "`images`"),
    ],
)
def test_wrong_input_is_refused(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()


def test_the_distance_is_that_of_all_channels():
    samples, neighbors = np.zeros((1, 4, 4, 5)), np.zeros((1, 4, 4, 5))
    neighbors[..., 4] = 0.5  # which is not shown
    ax = plot_samples_with_neighbors(samples, neighbors)
    assert _columns(ax) == [f"{np.sqrt(0.25 / 5):.3f}"]
