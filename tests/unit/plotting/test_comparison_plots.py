import numpy as np
import pytest
from matplotlib.figure import Figure

from vae_keras.errors import ArgumentError
from vae_keras.plotting import plot_histories, plot_rate_distortion, plot_sweep
from vae_keras.plotting.style import PALETTE

WEIGHT = [4, 1, 1, 4, 0.5]
RATE = np.array([2.0, 5.0, 7.0, 4.0, 9.0])
DISTORTION = np.array([20.0, 16.0, 14.0, 22.0, 13.0])


def _texts(ax):
    return [text.get_text() for text in ax.texts]


def _legend(owner):
    return [text.get_text() for text in owner.get_texts()]


def _titles(figure):
    return {ax.get_title(loc="left"): ax for ax in figure.axes}


def _sums(ax):
    return [line for line in ax.lines if line.get_linewidth() == 0.8]


def test_seeds_are_small_points_and_their_means_large_ones_joined_by_the_setting():
    ax = plot_rate_distortion(RATE, DISTORTION, values=WEIGHT, setting="kl_weight")
    joined, seeds = (line for line in ax.lines if line.get_marker() == "o")
    assert joined.get_xydata().tolist() == [[9, 13], [6, 15], [3, 21]]
    assert joined.get_linestyle() == "-"
    assert sorted(seeds.get_xydata().tolist()) == [[2, 20], [4, 22], [5, 16], [7, 14]]
    assert seeds.get_markersize() < joined.get_markersize()
    places = {text.get_text(): tuple(text.xy) for text in ax.texts}
    assert places["kl_weight = 0.5"] == (9, 13)
    assert places["kl_weight = 1"] == (6, 15)
    assert places["kl_weight = 4"] == (3, 21)
    assert ax.get_xlabel() == "rate: KL (nats)"
    assert ax.get_ylabel() == "distortion: reconstruction loss (nats)"


def test_runs_without_a_setting_stand_alone():
    ax = plot_rate_distortion(RATE, DISTORTION)
    points = next(line for line in ax.lines if line.get_marker() == "o")
    assert points.get_xydata().tolist() == np.stack([RATE, DISTORTION], axis=1).tolist()
    assert points.get_linestyle() == "None"
    assert not any("=" in text for text in _texts(ax))


def test_names_are_joined_as_they_come():
    ax = plot_rate_distortion([3, 1, 2], [1, 2, 3], values=["c", "a", "b"])
    (line,) = (
        line for line in ax.lines if line.get_linestyle() == "-" and line.get_marker() == "o"
    )
    assert line.get_xdata().tolist() == [3, 1, 2]
    assert {"a", "b", "c"} <= set(_texts(ax))


def test_each_group_has_its_colour_and_is_in_the_legend():
    groups = np.array(["small", "small", "large", "large", "large"])
    ax = plot_rate_distortion(RATE, DISTORTION, values=WEIGHT, setting="kl_weight", groups=groups)
    lines = [line for line in ax.lines if line.get_label() in ("small", "large")]
    assert [line.get_color() for line in lines] == list(PALETTE[:2])
    assert [len(line.get_xdata()) for line in lines] == [2, 3]
    assert _legend(ax.get_legend()) == ["small", "large"]
    assert ax.get_legend().get_title().get_text() == "numbers: kl_weight"


def test_grey_lines_have_the_sum_that_is_written_at_them():
    ax = plot_rate_distortion(RATE, DISTORTION)
    limits = ax.get_xlim(), ax.get_ylim()
    lines = _sums(ax)
    numbers = [float(text) for text in _texts(ax) if text.replace(".", "").isdigit()]
    assert len(lines) == len(numbers) >= 3
    for line, number in zip(lines, numbers, strict=True):
        np.testing.assert_allclose(line.get_xydata().sum(axis=1), number)
        for axis, (low, high) in enumerate(limits):
            assert np.all(line.get_xydata()[:, axis] >= low - 1e-9)
            assert np.all(line.get_xydata()[:, axis] <= high + 1e-9)
    assert "grey: equal sum of both (nats)" in _texts(ax)


def test_texts_at_crowded_points_hide_neither_each_other_nor_the_points():
    value = np.array([0.1, 0.5, 1, 2, 4, 10])
    x, y = 25 / (1 + value), 12 + 3 * value**0.6
    ax = plot_rate_distortion(x, y, values=value.tolist(), setting="kl_weight")
    ax.figure.draw_without_rendering()
    # Without their lines, which belong to an annotation's extent.
    boxes = [
        super(type(text), text).get_window_extent()
        for text in ax.texts
        if text.get_text().startswith("kl_weight")
    ]
    assert len(boxes) == 6
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    points = ax.transData.transform(np.stack([x, y], axis=1))
    assert not any(box.contains(*point) for box in boxes for point in points)


def test_a_sweep_has_a_panel_for_each_metric_with_means_spread_and_seeds():
    table = np.array([[1.0, 3.0], [4.0, 6.0], [5.0, 9.0]])
    figure = plot_sweep([2, 10, 50], {"MSE": table, "KL (nats)": [7, 8, 9]}, setting="latent_dim")
    panels = _titles(figure)
    assert list(panels) == ["MSE", "KL (nats)"]
    ax = panels["MSE"]
    assert [bar.get_height() for bar in ax.patches] == [2.0, 5.0, 7.0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "10", "50"]
    assert ax.get_xlabel() == "latent_dim"
    assert _texts(ax) == ["2.00", "5.00", "7.00"]
    (spread,) = (artist for artist in ax.collections if len(artist.get_segments()) == 3)
    half = np.sqrt(2)  # standard deviation of two numbers that are 2 apart, with n - 1
    np.testing.assert_allclose(spread.get_segments()[0][:, 1], [2 - half, 2 + half])
    np.testing.assert_allclose(spread.get_segments()[2][:, 1], [7 - 2 * half, 7 + 2 * half])
    (dots,) = (line for line in ax.lines if line.get_marker() == "o")
    assert dots.get_ydata().tolist() == table.ravel().tolist()
    np.testing.assert_allclose(np.round(dots.get_xdata()), [0, 0, 1, 1, 2, 2])
    one_seed = panels["KL (nats)"]
    assert [bar.get_height() for bar in one_seed.patches] == [7, 8, 9]
    assert not one_seed.lines and not one_seed.collections


def test_bars_begin_at_zero_and_negative_ones_have_their_number_below():
    ax = plot_sweep(["a", "b"], {"ELBO (nats)": [-200.0, -210.0]}, setting="x").axes[0]
    low, high = ax.get_ylim()
    assert high == 0 and low < -210
    assert [text.get_va() for text in ax.texts] == ["top", "top"]
    positive = plot_sweep(["a", "b"], {"MSE": [0.2, 0.3]}, setting="x").axes[0]
    assert positive.get_ylim()[0] == 0


@pytest.mark.parametrize("names", [["2", "10", "50"], ["optimal_gaussian"] * 8])
@pytest.mark.parametrize("metrics", [1, 2, 3, 4, 5])
def test_nothing_in_a_sweep_overlaps_or_is_cut_off(names, metrics):
    results = {f"metric {i}": 0.02345 * (1 + np.arange(len(names))) for i in range(metrics)}
    figure = plot_sweep(names, results, setting="likelihood")
    figure.draw_without_rendering()
    assert len(figure.axes) == metrics
    for ax in figure.axes:
        box = ax.get_tightbbox()
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1
        numbers = [text.get_window_extent() for text in ax.texts]
        assert not any(a.overlaps(b) for i, a in enumerate(numbers) for b in numbers[:i])
        assert max(box.y1 for box in numbers) <= ax.get_window_extent().y1 + 1


def _run(epochs, shift=0.0):
    epoch = np.arange(1, epochs + 1)
    return {"val_loss": 24 + shift + 1 / epoch, "val_kl_loss": 6 - shift - 1 / epoch}


def test_histories_are_curves_over_each_other_with_one_legend():
    runs = [_run(5), _run(8, 1.0)]
    figure = plot_histories(runs, names=["small", "large"])
    panels = _titles(figure)
    assert list(panels) == ["Loss", "KL divergence"]  # the reconstruction is in no run
    for title, name, label in (
        ("Loss", "val_loss", "validation"),  # in nats or not: that depends on the model
        ("KL divergence", "val_kl_loss", "validation (nats)"),
    ):
        lines = panels[title].lines
        assert [line.get_color() for line in lines] == list(PALETTE[:2])
        for line, run in zip(lines, runs, strict=True):
            assert line.get_ydata().tolist() == run[name].tolist()
        assert panels[title].get_ylabel() == label
        assert panels[title].get_xlim() == (0.5, 8.5)
    (legend,) = figure.legends
    assert _legend(legend) == ["small", "large"]


def test_a_run_without_the_metric_keeps_its_colour_elsewhere():
    runs = [{"loss": [3.0, 2.0]}, {"loss": [2.0, 1.0], "kl_weight": [0.5, 1.0]}]
    figure = plot_histories(runs, names=["a", "b"], metrics=["loss", "kl_weight", "accuracy"])
    panels = _titles(figure)
    assert list(panels) == ["Loss", "KL weight"]
    assert [line.get_color() for line in panels["KL weight"].lines] == [PALETTE[1]]
    assert panels["KL weight"].get_ylabel() == "training"


def test_a_huge_first_value_of_one_run_is_marked_and_does_not_squash_the_rest():
    run = _run(8)
    run["val_loss"][0] = 5e5
    figure = plot_histories([run, {"val_loss": np.linspace(24, 25, 8)}], names=["a", "b"])
    ax = _titles(figure)["Loss"]
    assert ax.get_ylim()[1] < 40
    assert ax.get_title(loc="right") == "▲ up to 5e+05"
    (triangle,) = (line for line in ax.lines if line.get_marker() == "^")
    assert triangle.get_color() == PALETTE[0]


@pytest.mark.parametrize("runs", [1, 10])
def test_a_legend_of_long_names_stays_in_the_figure_and_off_the_panels(runs):
    names = [f"kl_weight = {index}, convolutional with dense layers" for index in range(runs)]
    figure = plot_histories([_run(40)] * runs, names=names)
    figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= legend.x0 and legend.x1 <= figure.bbox.x1
    for ax in figure.axes:
        assert ax.get_tightbbox().y1 <= legend.y0
        assert ax.get_window_extent().height > 100


def test_the_number_of_seeds_may_be_one_and_the_figure_given():
    figure = Figure()
    assert plot_sweep([1], {"MSE": [[0.5]]}, setting="x", figure=figure) is figure
    assert [bar.get_height() for bar in figure.axes[0].patches] == [0.5]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_rate_distortion([], []), "`rate`"),
        (lambda: plot_rate_distortion([1, 2], [1]), "`distortion`.*runs = 2"),
        (lambda: plot_rate_distortion([1], [np.nan]), "`distortion` must be finite"),
        (lambda: plot_rate_distortion([1], [1], values=[1, 2]), "`values`.*2 entries"),
        (lambda: plot_rate_distortion([1], [1], groups=["a", "b"]), "`groups`.*2 entries"),
        (
            lambda: plot_rate_distortion(np.arange(11), np.arange(11), groups=range(11)),
            "`groups` must be at most 10.*11",
        ),
        (lambda: plot_sweep([], {"a": []}, setting="x"), "`values` and `results`.*0 values"),
        (lambda: plot_sweep([1], {}, setting="x"), "0 results"),
        (lambda: plot_sweep([1], {"a": [1, 2]}, setting="x"), r"`results\['a'\]`.*values = 1"),
        (lambda: plot_sweep([1], {"a": [np.nan]}, setting="x"), "must be finite"),
        (lambda: plot_sweep([1], {"a": [[[1]]]}, setting="x"), r"`results\['a'\]`"),
        (lambda: plot_histories([], names=[]), "`histories` must be 1 to 10.*0 runs"),
        (lambda: plot_histories([_run(2)] * 11, names=["a"] * 11), "11 runs"),
        (lambda: plot_histories([_run(2)], names=["a", "b"]), "`names`.*2 entries"),
        (lambda: plot_histories([{"a": []}], names=["a"]), "`history` must hold"),
        (
            lambda: plot_histories([_run(2)], names=["a"], metrics=["loss"]),
            "`metrics`.*val_kl_loss, val_loss.*Received: metrics=",
        ),
    ],
)
def test_wrong_input_is_refused(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
