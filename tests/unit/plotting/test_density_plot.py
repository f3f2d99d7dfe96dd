import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.contour import ContourSet
from matplotlib.patches import Circle

from vae_keras.errors import ArgumentError
from vae_keras.plotting import plot_latent_density
from vae_keras.plotting.style import PALETTE


def _two_heaps(n=2000):
    codes = np.random.default_rng(0).normal(0, 0.3, (2 * n, 2))
    codes[n:] += 2
    return codes, np.repeat([0, 1], n)


def _contours(ax):
    return [artist for artist in ax.collections if isinstance(artist, ContourSet)]


def test_the_density_is_high_at_the_codes_zero_in_holes_and_has_mass_one():
    codes, _ = _two_heaps()
    (picture,) = plot_latent_density(codes).images
    density, (left, right, bottom, top) = np.asarray(picture.get_array()), picture.get_extent()
    rows, columns = density.shape

    def at(x, y):
        row, column = (y - bottom) / (top - bottom) * rows, (x - left) / (right - left) * columns
        return density[int(row), int(column)]

    assert picture.origin == "lower"
    assert density.sum() * (right - left) * (top - bottom) / density.size == pytest.approx(
        1, abs=1e-4
    )
    # Half of a Gaussian of standard deviation 0.3; smoothing takes a little of its height.
    assert at(0, 0) == pytest.approx(0.5 / (2 * np.pi * 0.3**2), rel=0.25)
    assert at(2, 2) > 100 * at(1, 1)
    assert at(-1, 2) < 1e-6
    assert picture.get_clim()[0] == 0.0


def test_the_contour_of_a_class_holds_half_of_its_codes():
    codes, labels = _two_heaps()
    ax = plot_latent_density(codes, labels, ["a", "b"])
    for contour, label in zip(_contours(ax), [0, 1], strict=True):
        assert to_hex(contour.get_edgecolor()[0]) == PALETTE[label]
        (path,) = contour.get_paths()
        assert path.contains_points(codes[labels == label]).mean() == pytest.approx(0.5, abs=0.06)
        assert path.contains_points(codes[labels != label]).mean() < 0.01
    legend = ax.get_legend()
    assert legend.get_title().get_text() == "half of each class"
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]
    assert [to_hex(line.get_color()) for line in legend.legend_handles] == list(PALETTE[:2])


def test_the_prior_is_two_circles_that_are_always_on_the_axes():
    ax = plot_latent_density(0.01 * _two_heaps()[0])
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    assert [(circle.center, circle.radius) for circle in circles] == [((0, 0), 1), ((0, 0), 2)]
    assert not any(circle.get_fill() for circle in circles)
    assert [text.get_text() for text in ax.texts] == ["1 std", "2 std of the prior"]
    assert ax.get_xlim()[0] < -2 and ax.get_xlim()[1] > 2
    assert ax.get_aspect() == 1.0


def test_dimensions_are_chosen_and_named():
    codes = np.zeros((100, 5))
    codes[:, 3] = np.random.default_rng(0).normal(5, 0.1, 100)
    ax = plot_latent_density(codes, dimensions=(3, 1))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$z_{4}$", "$z_{2}$")
    assert ax.get_xlim()[1] > 5 > ax.get_ylim()[1]


def test_codes_far_wider_than_the_prior_and_single_codes_are_drawn():
    codes, labels = _two_heaps(500)
    wide = plot_latent_density(codes * [20, 3], labels, [f"vehicle of the kind {i}" for i in "ab"])
    assert [text.get_text() for text in wide.texts] == ["", "2 std of the prior"]
    single = plot_latent_density(np.array([[0.5, 0.5]]), [0])
    single.figure.draw_without_rendering()
    assert len(_contours(single)) == 1


def test_the_colour_bar_belongs_to_the_axes_and_names_its_unit():
    ax = plot_latent_density(_two_heaps(50)[0])
    assert ax.figure.axes == [ax]
    (bar,) = ax.child_axes
    assert bar.get_xlabel() == "share of the codes per unit of area"


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_latent_density(np.zeros((5, 1))), r"`codes`.*codes.shape=\(5, 1\)"),
        (lambda: plot_latent_density(np.full((2, 2), np.nan)), "`codes` must be finite"),
        (lambda: plot_latent_density(np.eye(2), [0]), "`labels`"),
        (lambda: plot_latent_density(np.eye(2), [0, 5], ["a"]), "`class_names`"),
        (lambda: plot_latent_density(np.eye(2), dimensions=(0, 3)), "`dimensions`"),
    ],
)
def test_wrong_input_is_refused(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
