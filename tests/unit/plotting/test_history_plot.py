import numpy as np
import pytest
from matplotlib.figure import Figure

from vae_keras.errors import ArgumentError
from vae_keras.plotting import plot_history
from vae_keras.plotting.history import TRAIN_COLOR, VALIDATION_COLOR


def _history(epochs=12, warmup=4):
    epoch = np.arange(1, epochs + 1)
    history = {
        "recon_loss": 230 + 40 / epoch,
        "kl_loss": 12 - 3 / epoch,
        "kl_weight": np.minimum(epoch / warmup, 1.0),
    }
    history["loss"] = history["recon_loss"] + history["kl_weight"] * history["kl_loss"]
    history |= {f"val_{name}": values + 1 for name, values in history.items()}
    history["val_kl_weight"] = np.ones(epochs)
    history["val_loss"] = 250 + np.abs(epoch - 9.0)
    history["learning_rate"] = np.where(epoch < 8, 1e-3, 5e-4)
    return {name: values.tolist() for name, values in history.items()}


def _panels(figure):
    return {ax.get_title(loc="left"): ax for ax in figure.axes if ax.get_title(loc="left")}


def _line(ax, label):
    (line,) = (line for line in ax.lines if line.get_label() == label)
    return line


def _legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_four_panels_hold_training_beside_validation():
    history = _history()
    panels = _panels(plot_history(history))
    names = dict(
        zip(
            ["Loss", "Reconstruction loss", "KL divergence", "KL weight"],
            ["loss", "recon_loss", "kl_loss", "kl_weight"],
            strict=True,
        )
    )
    assert list(panels) == list(names)
    for title, name in names.items():
        train, validation = (_line(panels[title], label) for label in ("training", "validation"))
        assert train.get_xdata().tolist() == list(range(1, 13))
        assert train.get_ydata().tolist() == history[name]
        assert validation.get_ydata().tolist() == history[f"val_{name}"]
        assert train.get_color() == TRAIN_COLOR
        assert validation.get_color() == VALIDATION_COLOR
        assert panels[title].get_xlabel() == "epoch"


def test_learning_rate_is_a_step_on_a_logarithmic_axis_beside_the_kl_weight():
    figure = plot_history(_history())
    (twin,) = (ax for ax in figure.axes if ax.get_ylabel() == "learning rate")
    assert twin.get_yscale() == "log"
    assert twin.lines[0].get_drawstyle() == "steps-mid"
    assert [label.get_text() for label in twin.get_yticklabels()] == ["0.0005", "0.001"]
    assert twin.get_position().bounds == _panels(figure)["KL weight"].get_position().bounds


def test_learning_rate_has_its_own_panel_where_there_is_no_kl_weight():
    panels = _panels(plot_history({"loss": [2.0, 1.0], "learning_rate": [0.1, 0.1]}))
    assert list(panels) == ["Loss", "Learning rate"]


def test_a_reconstruction_that_is_all_of_the_loss_is_drawn_once():
    same = {"loss": [2.0, 1.0], "recon_loss": [2.0, 1.0], "val_loss": [3.0, 2.0]}
    assert list(_panels(plot_history({**same, "val_recon_loss": [3.0, 2.0]}))) == ["Loss"]
    decayed = {**same, "val_recon_loss": [2.9, 1.9]}
    assert list(_panels(plot_history(decayed))) == ["Loss", "Reconstruction loss"]
    assert list(_panels(plot_history({"recon_loss": [2.0, 1.0]}))) == ["Reconstruction loss"]


def test_end_of_warmup_and_best_epoch_are_marked():
    figure = plot_history(_history(warmup=4))
    assert _legend(figure)[-2:] == [
        "end of KL warm-up (epoch 4)",
        "best validation loss: 250 (epoch 9)",
    ]
    for ax in _panels(figure).values():
        assert [4, 4] in [list(line.get_xdata()) for line in ax.lines]
    (star,) = (line for line in _panels(figure)["Loss"].lines if line.get_marker() == "*")
    assert (list(star.get_xdata()), list(star.get_ydata())) == ([9], [250])


def test_a_warmup_that_is_not_there_or_not_over_has_no_end():
    for warmup in (1, 30):
        assert not any("warm-up" in text for text in _legend(plot_history(_history(warmup=warmup))))


def test_the_best_epoch_is_looked_for_after_the_warmup():
    history = _history(warmup=4) | {"val_loss": [1.0] + [250.0] * 5 + [240.0] + [250.0] * 5}
    assert _legend(plot_history(history))[-1] == "best validation loss: 240 (epoch 7)"


def test_a_huge_first_value_is_marked_and_does_not_squash_the_rest():
    history = _history()
    history["loss"][0] = 5e5
    ax = _panels(plot_history(history))["Loss"]
    low, high = ax.get_ylim()
    later = history["loss"][1:] + history["val_loss"]
    assert low < min(later) and max(later) < high < 2 * max(later)
    (triangle,) = (line for line in ax.lines if line.get_marker() == "^")
    assert (triangle.get_xdata().tolist(), triangle.get_ydata().tolist()) == ([1], [high])
    assert ax.get_title(loc="right") == "▲ up to 5e+05"


def test_values_on_the_axis_are_not_marked():
    ax = _panels(plot_history({"loss": [5.0, 4.0, 3.0, 2.0, 1.0]}))["Loss"]
    assert ax.get_title(loc="right") == ""
    assert not any(line.get_marker() in "^v" for line in ax.lines if line.get_marker())
    low, high = ax.get_ylim()
    assert low < 1 and high > 5


def test_one_epoch_is_drawn_as_points_on_an_integer_axis():
    figure = plot_history({name: values[:1] for name, values in _history().items()})
    figure.draw_without_rendering()
    for ax in _panels(figure).values():
        assert _line(ax, "training").get_marker() == "o"
        left, right = ax.get_xlim()
        assert [tick for tick in ax.get_xticks() if left <= tick <= right] == [1]


@pytest.mark.parametrize("epochs", [2, 3, 7, 40, 200])
def test_epochs_are_integers_and_nothing_is_cut_off(epochs):
    figure = plot_history(_history(epochs))
    figure.draw_without_rendering()
    for ax in figure.axes:
        assert all(float(tick).is_integer() for tick in ax.get_xticks())
        box = ax.get_tightbbox()
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1


def test_missing_and_empty_numbers_leave_their_panel_out():
    nan = float("nan")
    history = {"loss": [3.0, nan, 1.0], "val_loss": [nan] * 3, "accuracy": [0.0, 1.0, 1.0]}
    figure = plot_history(history)
    assert list(_panels(figure)) == ["Loss"]
    assert _legend(figure) == ["training"]
    three = {name: _history()[name] for name in ("loss", "recon_loss", "kl_loss")}
    assert len(plot_history(three).axes) == 3


def test_infinite_values_do_not_break_the_axis():
    ax = _panels(plot_history({"loss": [float("inf"), 3.0, 2.0, 1.0]}))["Loss"]
    assert np.isfinite(ax.get_ylim()).all()


def test_history_draws_on_the_given_figure():
    figure = Figure(figsize=(3, 3))
    assert plot_history({"val_loss": [1.0, 0.5]}, figure=figure) is figure
    assert list(_panels(figure)) == ["Loss"]
    assert _legend(figure) == ["validation", "best validation loss: 0.5 (epoch 2)"]


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({}, "`history`.*Received: {}"),
        ({"loss": []}, "`history` must hold lists"),
        ({"loss": 1.0}, "`history` must hold lists"),
        ({"loss": [1.0, 2.0], "val_loss": [1.0]}, r"all of one length.*val_loss.shape=\(1,\)"),
        ({"accuracy": [1.0]}, "at least one of loss.*Received: accuracy"),
        ({"loss": [float("nan")]}, "at least one of loss.*Received: loss"),
    ],
)
def test_wrong_histories_are_refused(history, message):
    with pytest.raises(ArgumentError, match=message):
        plot_history(history)


def test_the_weight_panel_shows_the_whole_warm_up():
    # Three epochs of forty below the final weight are not outliers but the schedule itself.
    weight = [0.0, 1 / 3, 2 / 3] + [1.0] * 37
    figure = plot_history({"loss": [1.0] * 40, "kl_weight": weight, "val_kl_weight": [1.0] * 40})
    panel = next(ax for ax in figure.axes if ax.get_title(loc="left") == "KL weight")
    low, high = panel.get_ylim()
    assert low <= 0 < 1 <= high
    assert panel.get_title(loc="right") == ""


def test_a_warm_up_that_was_cut_short_has_no_best_epoch():
    history = {
        "val_loss": [3.0, 2.0, 1.0],
        "kl_weight": [0.0, 1.0, 2.0],
        "val_kl_weight": [4.0, 4.0, 4.0],
    }
    texts = [text.get_text() for text in plot_history(history).legends[0].get_texts()]
    assert not any("best" in text for text in texts)
    finished = {**history, "kl_weight": [0.0, 2.0, 4.0]}
    texts = [text.get_text() for text in plot_history(finished).legends[0].get_texts()]
    assert any("best" in text and "epoch 3" in text for text in texts)
