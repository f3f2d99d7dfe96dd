import itertools

import numpy as np
import pytest
from matplotlib.colors import to_hex

from vae_keras.errors import ArgumentError
from vae_keras.plotting import (
    plot_anomaly_scores,
    plot_by_class,
    plot_kl_by_dimension,
    plot_most_anomalous,
    plot_roc,
)
from vae_keras.plotting.anomaly import ANOMALOUS_COLOR, NORMAL_COLOR
from vae_keras.plotting.kl import INACTIVE_COLOR
from vae_keras.plotting.style import PALETTE


def _bars(ax):
    return sorted(ax.patches, key=lambda bar: bar.get_x() + bar.get_width() / 2)


def _legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def _ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_kl_falls_from_left_to_right_with_the_numbers_of_its_dimensions_beneath():
    ax = plot_kl_by_dimension([0.5, 0.0, 2.0], active=np.array([True, False, True]))
    assert [bar.get_height() for bar in _bars(ax)] == [2.0, 0.5, 0.0]
    assert _ticks(ax.xaxis) == ["3", "1", "2"]
    colors = [to_hex(bar.get_facecolor()) for bar in _bars(ax)]
    assert colors == [PALETTE[0], PALETTE[0], to_hex(INACTIVE_COLOR)]
    assert _legend(ax) == ["active (2)", "inactive (1)"]
    assert ax.get_title() == "2.50 nats in 3 latent dimensions"
    assert ax.get_ylabel() == "KL (nats)"
    text_colors = [to_hex(label.get_color()) for label in ax.get_xticklabels()]
    assert text_colors[0] == text_colors[1] != text_colors[2]


def test_kl_without_activity_has_one_colour_and_no_legend():
    ax = plot_kl_by_dimension([0.0, 1.0])
    assert {to_hex(bar.get_facecolor()) for bar in ax.patches} == {PALETTE[0]}
    assert ax.get_legend() is None


@pytest.mark.parametrize("latent_dim", [1, 10, 32, 48])
def test_numbers_of_dimensions_do_not_overlap(latent_dim):
    ax = plot_kl_by_dimension(np.arange(latent_dim, 0, -1))
    ax.figure.draw_without_rendering()
    assert _ticks(ax.xaxis) == [str(number) for number in range(1, latent_dim + 1)]
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))


def test_where_not_all_numbers_fit_none_is_written():
    ax = plot_kl_by_dimension(np.arange(100))
    ax.figure.draw_without_rendering()
    assert len(ax.patches) == 100
    assert len(ax.get_xticks()) < 20
    assert ax.get_xlabel() == "latent dimensions in the order of their KL"


def test_classes_are_sorted_with_the_largest_on_top():
    ax = plot_by_class([1.0, 3.0, 2.0], class_names=["a", "b", "c"], name="loss (nats)")
    bars = sorted(ax.patches, key=lambda bar: bar.get_y())
    assert [bar.get_width() for bar in bars] == [1.0, 2.0, 3.0]
    assert _ticks(ax.yaxis) == ["a", "c", "b"]
    assert [text.get_text() for text in ax.texts] == ["1.00", "2.00", "3.00"]
    assert ax.get_xlabel() == "loss (nats)"
    assert _legend(ax) == ["mean of the classes: 2.00"]
    (line,) = ax.lines
    assert list(line.get_xdata()) == [2.0, 2.0]
    assert _ticks(plot_by_class([1.0, 3.0]).yaxis) == ["0", "1"]


def test_standard_errors_are_bars_on_both_sides():
    ax = plot_by_class([4.0, 2.0], standard_error=[1.0, 0.5])
    segments = ax.collections[0].get_segments()
    assert [segment[:, 0].tolist() for segment in segments] == [[1.5, 2.5], [3.0, 5.0]]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_numbers_at_the_bars_stay_clear_of_the_names(sign):
    names = [f"automobile transport vehicle {index}" for index in range(3)]
    ax = plot_by_class(sign * np.array([200.0, 300.0, 500.0]), class_names=names)
    ax.figure.draw_without_rendering()
    inside = ax.get_window_extent()
    for text in ax.texts:
        box = text.get_window_extent()
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1


def _scores():
    generator = np.random.default_rng(0)
    scores = np.concatenate([generator.normal(0, 1, 900), generator.normal(3, 1, 100)])
    return scores, np.arange(1000) >= 900


def test_each_kind_of_score_is_a_histogram_of_area_one():
    scores, is_anomaly = _scores()
    ax = plot_anomaly_scores(scores, is_anomaly, auc=0.98765, name="score (nats)")
    assert ax.get_title() == "ROC-AUC 0.988"
    assert ax.get_xlabel() == "score (nats)\n(10 beyond the axis)"
    assert _legend(ax) == ["normal (900)", "anomalous (100)"]
    filled = [patch for patch in ax.patches if patch.get_fill()]
    assert [to_hex(patch.get_facecolor()) for patch in filled] == [NORMAL_COLOR, ANOMALOUS_COLOR]
    for patch, kind in zip(filled, (~is_anomaly, is_anomaly), strict=True):
        values, edges, _ = patch.get_data()
        inside = np.mean((scores[kind] >= edges[0]) & (scores[kind] <= edges[-1]))
        assert np.sum(values * np.diff(edges)) == pytest.approx(inside)
        assert inside > 0.94


def test_an_extreme_score_does_not_squash_the_rest():
    scores, is_anomaly = _scores()
    scores[-1] = 1e6
    ax = plot_anomaly_scores(scores, is_anomaly)
    assert ax.get_xlim()[1] < 10
    assert ax.get_title() == ""


def test_equal_scores_are_drawn():
    ax = plot_anomaly_scores(np.full(4, 2.0), np.array([True, False, True, False]))
    assert ax.get_xlim()[0] < 2 < ax.get_xlim()[1]
    assert ax.get_xlabel() == "anomaly score (nats)"


def test_roc_goes_through_the_rates_of_each_threshold():
    ax = plot_roc([4.0, 3.0, 2.0, 1.0], np.array([True, False, True, False]))
    chance, curve = ax.lines
    assert chance.get_xydata().tolist() == [[0, 0], [1, 1]]
    points = set(zip(curve.get_xdata(), curve.get_ydata(), strict=True))
    assert points == {(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)}
    assert ax.get_title() == "ROC-AUC 0.750"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("false-positive rate", "true-positive rate")


def test_the_highest_scores_come_first_over_their_images():
    images = np.random.default_rng(0).random((7, 4, 4, 1))
    ax = plot_most_anomalous(images, [5, 1, 250, 3.25, 4, 0, 2], n=3)
    assert [text.get_text() for text in ax.texts] == ["250.0", "5.00", "4.00"]
    canvas = np.asarray(ax.images[0].get_array())
    for column, index in enumerate([2, 0, 4]):
        np.testing.assert_array_equal(canvas[:, 5 * column : 5 * column + 4], images[index, ..., 0])
    assert len(plot_most_anomalous(images, np.arange(7)).texts) == 7


TRUE_FALSE = np.array([True, False])
IMAGES = np.zeros((2, 4, 4, 1))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_kl_by_dimension([]), r"`kl` must have the shape \(latent_dim,\)"),
        (lambda: plot_kl_by_dimension([[1.0]]), "`kl`"),
        (lambda: plot_kl_by_dimension([np.inf]), "`kl` must be finite"),
        (lambda: plot_kl_by_dimension(["a"]), "`kl` must be numbers"),
        (lambda: plot_kl_by_dimension([1.0], active=[1]), "`active` must be a boolean.*int64"),
        (lambda: plot_kl_by_dimension([1.0], active=TRUE_FALSE), "each of the 1 dimensions"),
        (lambda: plot_by_class([]), "`mean`"),
        (lambda: plot_by_class([1.0], standard_error=[1.0, 2.0]), "`standard_error`.*classes = 1"),
        (lambda: plot_by_class([1.0], standard_error=[-1.0]), "must not be negative"),
        (lambda: plot_by_class([1.0], class_names=["a", "b"]), "`class_names`.*2 entries"),
        (lambda: plot_anomaly_scores([1, 2], [0, 1]), "`is_anomaly` must be a boolean.*int64"),
        (lambda: plot_anomaly_scores([1, 2], [True, True]), "2 true"),
        (lambda: plot_roc([1, 2, 3], TRUE_FALSE), "each of the 3 scores"),
        (lambda: plot_roc([1, np.nan], TRUE_FALSE), "`scores` must be finite"),
        (lambda: plot_most_anomalous(IMAGES, [1]), r"`scores`.*n = 2"),
        (lambda: plot_most_anomalous(IMAGES, [1, 2], n=0), "`n` must be a positive integer"),
        (lambda: plot_most_anomalous(IMAGES[0], [1, 2]), "`images`"),
    ],
)
def test_wrong_input_is_refused(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
