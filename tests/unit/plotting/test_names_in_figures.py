"""Names of the user's that matplotlib would take for more than a name."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.cbook import is_math_text

from vae_keras.plotting import (
    plot_by_class,
    plot_histories,
    plot_latent_scatter,
    plot_one_per_class,
    plot_samples_by_class,
)
from vae_keras.plotting._checks import figure_text

NAMES = ["$\\bad{$", "a$b$c", "_hidden", "x" * 255]
SHOWN = ["$\\bad{$", "a$b$c", "_hidden", "x" * 29 + "…" + "x" * 10]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", "plain"),
        ("$x$", r"\$x\$"),
        ("two\nlines", "two\\nlines"),
        ("x" * 80, "x" * 80),
        ("x" * 90 + ".png", "x" * 69 + "…" + "x" * 6 + ".png"),
        (3, "3"),
    ],
)
def test_figure_text(name, expected):
    assert figure_text(name) == expected


def drawn_texts(ax):
    """Draw the figure; return its texts as they are shown, but for formulas."""
    ax.figure.canvas.draw()
    texts = [text.get_text() for text in ax.figure.findobj(plt.Text)]
    return [text.replace(r"\$", "$") for text in texts if not is_math_text(text)]


def test_names_of_classes():
    labels = np.arange(8) % 4
    images = np.zeros((8, 4, 4, 1))
    codes = np.random.default_rng(0).normal(size=(8, 2))
    for ax in (
        plot_by_class(np.arange(4.0), class_names=NAMES, name="loss"),
        plot_latent_scatter(codes, labels, class_names=NAMES),
        plot_one_per_class(images, labels, NAMES),
        plot_samples_by_class(images.reshape(2, 4, 4, 4, 1), NAMES),
    ):
        texts = drawn_texts(ax)
        for name in SHOWN:
            assert name in texts
        plt.close(ax.figure)


def test_names_of_runs():
    axes = plot_histories([{"loss": [1.0, 2.0]}] * 2, names=["$\\bad{$", "_b"], metrics=["loss"])
    figure = getattr(axes, "figure", axes)
    figure.canvas.draw()
    plt.close("all")


def test_hundreds_of_classes_have_no_legend():
    labels = np.arange(300)
    codes = np.random.default_rng(0).normal(size=(300, 2))
    ax = plot_latent_scatter(codes, labels)
    assert ax.get_legend() is None
    plt.close(ax.figure)
