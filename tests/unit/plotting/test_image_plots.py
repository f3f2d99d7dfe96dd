import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vae_keras.errors import ArgumentError
from vae_keras.plotting import (
    plot_image_grid,
    plot_one_per_class,
    plot_reconstructions,
    plot_samples,
    plot_samples_by_class,
)
from vae_keras.plotting._canvas import draw_canvas

FASHION = [
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
]


def _images(*shape):
    return np.random.default_rng(0).random(shape).astype(np.float32)


def _canvas(ax):
    (image,) = ax.images
    return np.asarray(image.get_array())


def _texts(ax):
    return [text.get_text() for text in ax.texts]


def test_grid_places_images_row_after_row_and_leaves_the_rest_white():
    images = 0.5 * _images(5, 6, 4, 1)
    canvas = _canvas(plot_image_grid(images, columns=3))
    assert canvas.shape == (2 * 6 + 1, 3 * 4 + 2)
    for i, (top, left) in enumerate([(0, 0), (0, 5), (0, 10), (7, 0), (7, 5)]):
        np.testing.assert_array_equal(canvas[top : top + 6, left : left + 4], images[i, ..., 0])
    assert np.all(canvas[7:, 10:] == 1) and np.all(canvas[6] == 1) and np.all(canvas[:, 4] == 1)


def test_grid_draws_colour_and_bytes():
    images = np.random.default_rng(0).integers(0, 256, (4, 5, 5, 3), dtype=np.uint8)
    canvas = _canvas(plot_image_grid(images))
    assert canvas.shape == (11, 11, 3)
    np.testing.assert_allclose(canvas[6:, :5], images[2] / 255, atol=1e-6)


def test_grey_scale_is_fixed_whatever_the_images_hold():
    (image,) = plot_image_grid(np.full((2, 4, 4, 1), 0.4)).images
    assert image.get_clim() == (0.0, 1.0)
    assert image.get_cmap().name == "gray"
    assert _canvas(plot_image_grid(np.array([-0.5, 1.5]).reshape(2, 1, 1, 1))).tolist() == [
        [0, 1, 1]
    ]


def test_samples_make_a_square():
    assert _canvas(plot_samples(_images(64, 3, 3, 1))).shape == (31, 31)
    assert _canvas(plot_samples(_images(7, 3, 3, 1))).shape == (11, 11)


def test_titles_stand_over_their_images():
    ax = plot_image_grid(_images(3, 8, 8, 1), columns=2, titles=["a", "b", "c"])
    places = {text.get_text(): text.xy for text in ax.texts}
    assert places["a"][0] == places["c"][0] == 3.5
    assert places["b"][0] == 12.5
    assert places["a"][1] == -0.5 < places["c"][1]


def test_one_per_class_takes_the_first_of_each():
    images, labels = _images(6, 4, 4, 1), np.array([7, 2, 7, 0, 2, 0])
    ax = plot_one_per_class(images, labels, FASHION)
    assert _texts(ax) == ["T-shirt/top", "Pullover", "Sneaker"]
    canvas = _canvas(ax)
    for column, index in enumerate([3, 1, 0]):
        np.testing.assert_array_equal(canvas[:, 5 * column : 5 * column + 4], images[index, ..., 0])
    assert _texts(plot_one_per_class(images, labels)) == ["0", "2", "7"]


def test_samples_stand_in_the_columns_of_their_classes():
    images = _images(2, 3, 5, 4, 1)
    ax = plot_samples_by_class(images, ["Bag", "Coat", "Dress"])
    canvas = _canvas(ax)
    assert canvas.shape == (2 * 5 + 1, 3 * 4 + 2)
    for row in range(2):
        for column in range(3):
            tile = canvas[6 * row : 6 * row + 5, 5 * column : 5 * column + 4]
            np.testing.assert_array_equal(tile, images[row, column, ..., 0])
    assert [(text.get_text(), text.xy) for text in ax.texts] == [
        ("Bag", (1.5, 1.0)),
        ("Coat", (6.5, 1.0)),
        ("Dress", (11.5, 1.0)),
    ]
    assert _texts(plot_samples_by_class(images)) == ["0", "1", "2"]


def test_reconstructions_stand_under_their_images_with_the_error_beneath():
    images = _images(3, 4, 4, 1)
    copies = images.copy()
    copies[1] = np.where(images[1] > 0.5, images[1] - 0.5, images[1] + 0.5)
    ax = plot_reconstructions(images, copies, labels=[0, 1, 2])
    canvas = _canvas(ax)
    np.testing.assert_array_equal(canvas[:4, 5:9], images[1, ..., 0])
    np.testing.assert_array_equal(canvas[5:, 5:9], copies[1, ..., 0])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["original", "reconstruction"]
    assert ax.get_yticks().tolist() == [1.5, 6.5]
    errors = [label.get_text() for label in ax.get_xticklabels()]
    assert errors == ["0.0000", "0.2500", "0.0000"]
    assert ax.get_xticks().tolist() == [1.5, 6.5, 11.5]
    assert _texts(ax) == ["MSE", "0", "1", "2"]


def test_reconstructions_draw_the_first_few_and_measure_what_is_not_clipped():
    images = np.zeros((12, 4, 4, 1), np.uint8)
    ax = plot_reconstructions(images, np.full((12, 4, 4, 1), 2.0), max_images=3)
    assert _canvas(ax).shape == (9, 14)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["4.0000"] * 3


def _columns_of_reconstructions(names):
    images = _images(10, 28, 28, 1)
    return plot_reconstructions(images, images, labels=np.arange(10), class_names=names)


def _columns_of_samples(names):
    return plot_samples_by_class(_images(2, 10, 28, 28, 1), names)


@pytest.mark.parametrize("draw", [_columns_of_reconstructions, _columns_of_samples])
@pytest.mark.parametrize("names", [FASHION, ["automobiletransport", "bird"] * 5])
def test_class_names_neither_overlap_nor_leave_the_figure(names, draw):
    ax = draw(names)
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    page = ax.figure.bbox
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in ax.texts]
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)
    assert all(page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)
    if names is FASHION:
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    else:
        # Slanted boxes overlap where their texts do not; parallel lines of text a line apart.
        ends = [text for text in ax.texts if text.get_text() in names]
        assert {text.get_rotation() for text in ends} == {40.0}
    assert all(text.get_fontsize() >= 9 for text in ax.texts)


def test_a_title_added_to_the_figure_finds_its_room():
    ax = plot_one_per_class(_images(10, 28, 28, 1), np.arange(10), FASHION)
    title = ax.figure.suptitle("Test images")
    ax.figure.draw_without_rendering()
    names = [text.get_window_extent() for text in ax.texts]
    assert title.get_window_extent().y0 > max(box.y1 for box in names)
    assert title.get_window_extent().y1 <= ax.figure.bbox.y1


def test_titles_fit_into_the_gap_between_the_rows():
    ax = plot_one_per_class(_images(10, 28, 28, 1), np.arange(10), FASHION)
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    rows = [text.get_window_extent(canvas.get_renderer()) for text in ax.texts]
    bottom_of_first_row = ax.transData.transform((0, 27.5))[1]
    assert max(box.y1 for box in rows[5:]) < bottom_of_first_row
    assert not any(a.overlaps(b) for i, a in enumerate(rows) for b in rows[:i])


GOOD = np.zeros((2, 4, 4, 1))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_image_grid(GOOD[:0]), r"`images`.*Received: images.shape=\(0, 4, 4, 1\)"),
        (lambda: plot_image_grid(GOOD[0]), "`images` must have the shape"),
        (
            lambda: plot_image_grid(GOOD.astype(int)),
            "`images` must be float or uint8. Received: .*int",
        ),
        (lambda: plot_image_grid(GOOD + np.nan), "`images` must be finite"),
        (lambda: plot_image_grid(GOOD, columns=0), "`columns`.*Received: columns=0"),
        (lambda: plot_image_grid(GOOD, titles=["a"]), "`titles`.*Received: 1 titles"),
        (lambda: plot_one_per_class(GOOD, [0]), r"`labels`.*Received: labels.shape=\(1,\)"),
        (lambda: plot_one_per_class(GOOD, [0.0, 1.0]), "`labels` must be integers"),
        (lambda: plot_one_per_class(GOOD, [0, 2], ["a", "b"]), "`class_names`.*Received: 2 names"),
        (lambda: plot_one_per_class(GOOD[:0], []), "`images`"),
        (lambda: plot_samples_by_class(GOOD), r"shape \(rows, classes, height"),
        (lambda: plot_samples_by_class(GOOD[None], ["a"]), "each of the 2 classes.*1 names"),
        (lambda: plot_reconstructions(GOOD, GOOD[:1]), "`reconstructions`.*Received: "),
        (lambda: plot_reconstructions(GOOD[:0], GOOD[:0]), "`images`"),
        (lambda: plot_reconstructions(GOOD, GOOD + np.inf), "`reconstructions` must be finite"),
        (lambda: plot_reconstructions(GOOD, GOOD, labels=[1]), "`labels`"),
        (lambda: plot_reconstructions(GOOD, GOOD, max_images=0), "`max_images`"),
    ],
)
def test_wrong_input_is_refused(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()


def test_given_axes_keep_the_size_of_their_figure():
    figure = Figure(figsize=(5, 4))
    upper, lower = figure.subplots(2)
    images = _images(10, 28, 28, 1)
    plot_reconstructions(images, images, labels=np.arange(10), class_names=FASHION, ax=upper)
    plot_samples_by_class(images[None], FASHION, ax=lower)
    assert figure.get_size_inches().tolist() == [5, 4]


def test_a_canvas_of_more_pixels_than_a_page_is_shrunk_in_its_place():
    canvas = np.zeros((2405, 2401, 3), "float32")
    canvas[:, 1200:] = 1.0
    image = draw_canvas(Figure().add_subplot(), canvas)
    shown = image.get_array()
    assert shown.shape == (1202, 1200, 3)
    assert (shown[:, :600] == 0).all() and (shown[:, 600:] == 1).all()
    assert image.get_extent() == pytest.approx([-0.5, 2399.5, 2403.5, -0.5])


@pytest.mark.parametrize("channels", [2, 4, 13])
def test_other_channels_are_drawn_as_a_mean_or_the_first_three(channels):
    images = np.random.default_rng(0).random((1, 4, 4, channels))
    shown = images[..., :3] if channels > 3 else images.mean(axis=-1, keepdims=True)
    canvas = plot_image_grid(images).images[0].get_array()
    np.testing.assert_allclose(np.squeeze(canvas), np.squeeze(shown[0]), atol=1e-6)
