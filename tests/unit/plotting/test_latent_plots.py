import numpy as np
import pytest
from matplotlib.colors import to_rgba

from vae_keras.errors import ArgumentError
from vae_keras.plotting import plot_embedding, plot_latent_scatter
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
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$z_{1}$", "$z_{2}$")
    assert ax.get_aspect() == 1.0
    assert ax.get_legend() is None


def test_scatter_of_many_points_is_a_bitmap_and_of_many_classes_has_as_many_colours():
    codes = np.random.default_rng(0).normal(size=(3000, 2))
    (points,) = plot_latent_scatter(codes, np.arange(3000) % 30).collections
    assert points.get_rasterized()
    assert len(np.unique(points.get_facecolors(), axis=0)) == 30
    assert not plot_latent_scatter(codes[:10]).collections[0].get_rasterized()


def test_scatter_draws_the_chosen_dimensions_and_names_them():
    codes = np.random.default_rng(0).normal(size=(1, 12))
    ax = plot_latent_scatter(codes, dimensions=(10, 2))
    assert ax.collections[0].get_offsets().tolist() == [[codes[0, 10], codes[0, 2]]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$z_{11}$", "$z_{3}$")


def test_embedding_is_a_scatter_without_ticks():
    points, labels = np.array([[40.0, -3.0], [1.0, 2.0]]), [1, 0]
    ax = plot_embedding(points, labels, ["a", "b"], method="UMAP")
    (drawn,) = ax.collections
    assert sorted(np.asarray(drawn.get_offsets()).tolist()) == [[1.0, 2.0], [40.0, -3.0]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("UMAP 1", "UMAP 2")
    assert ax.get_xticks().size == ax.get_yticks().size == 0
    assert ax.get_aspect() == 1.0
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert plot_embedding(points).get_xlabel() == "t-SNE 1"


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_latent_scatter(np.zeros((5, 1))), r"`codes`.*Received: codes.shape=\(5, 1\)"),
        (lambda: plot_latent_scatter(np.zeros(5)), "`codes`"),
        (lambda: plot_latent_scatter(np.zeros((0, 2)), []), "`codes`"),
        (lambda: plot_latent_scatter(np.full((2, 2), np.nan)), "`codes` must be finite"),
        (lambda: plot_latent_scatter(np.eye(2), [0]), r"`labels`.*Received: labels.shape=\(1,\)"),
        (lambda: plot_latent_scatter(np.eye(2), dimensions=(0, 2)), r"0 to 1. Received.*\(0, 2\)"),
        (lambda: plot_latent_scatter(np.eye(2), dimensions=(1, 1)), "`dimensions` must be diff"),
        (lambda: plot_latent_scatter(np.eye(3), dimensions=(0, 1, 2)), "`dimensions` must be two"),
        (lambda: plot_embedding(np.zeros((5, 3))), r"`points`.*\(n, 2\)"),
        (lambda: plot_embedding(np.zeros((5, 2)), [1]), "each of the 5 entries of `points`"),
        (lambda: plot_latent_scatter(np.eye(2), [0, 5], ["a"]), "`class_names`.*Received: 1 names"),
    ],
)
def test_wrong_input_is_refused(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
