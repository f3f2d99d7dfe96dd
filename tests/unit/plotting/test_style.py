import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from vae_keras import plotting
from vae_keras.plotting.style import PALETTE, new_axes, style

IMAGES = np.zeros((4, 6, 6, 1))
DRAW = {
    "grid": lambda ax: plotting.plot_image_grid(IMAGES, titles=list("abcd"), ax=ax),
    "samples": lambda ax: plotting.plot_samples(IMAGES, ax=ax),
    "one_per_class": lambda ax: plotting.plot_one_per_class(IMAGES, [0, 1, 1, 0], ax=ax),
    "reconstructions": lambda ax: plotting.plot_reconstructions(
        IMAGES, IMAGES, labels=[0, 1, 1, 0], ax=ax
    ),
    "scatter": lambda ax: plotting.plot_latent_scatter(np.eye(3), [0, 1, 2], ax=ax),
    "embedding": lambda ax: plotting.plot_embedding(np.eye(2), [0, 1], ax=ax),
    "density": lambda ax: plotting.plot_latent_density(np.eye(9)[:, :2], [0, 1, 1] * 3, ax=ax),
    "interpolation": lambda ax: plotting.plot_interpolation(
        IMAGES, first=IMAGES[0], second=IMAGES[1], ax=ax
    ),
    "traversals": lambda ax: plotting.plot_traversals(IMAGES[None], kl=[1.0], ax=ax),
    "uncertainty": lambda ax: plotting.plot_uncertainty(IMAGES, IMAGES, ax=ax),
    "kl": lambda ax: plotting.plot_kl_by_dimension([1, 2], active=np.array([True, False]), ax=ax),
    "rate_distortion": lambda ax: plotting.plot_rate_distortion(
        [1, 2], [4, 3], values=[2, 1], setting="kl_weight", groups=["a", "a"], ax=ax
    ),
    "neighbors": lambda ax: plotting.plot_samples_with_neighbors(IMAGES, IMAGES, ax=ax),
    "by_class": lambda ax: plotting.plot_by_class([1, 2], standard_error=[0.1, 0.2], ax=ax),
    "anomaly_scores": lambda ax: plotting.plot_anomaly_scores(
        np.arange(9), np.arange(9) > 5, auc=1.0, ax=ax
    ),
    "roc": lambda ax: plotting.plot_roc([1, 2, 3], np.array([False, False, True]), ax=ax),
    "most_anomalous": lambda ax: plotting.plot_most_anomalous(IMAGES, [1, 2, 3, 4], ax=ax),
    "models": lambda ax: plotting.plot_reconstructions_of_models(
        IMAGES, IMAGES[None], names=["a"], ax=ax
    ),
    "decoded": lambda ax: plotting.plot_decoded_grid(IMAGES.reshape(2, 2, 6, 6, 1), ax=ax),
}


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_plots_draw_on_the_given_axes_or_make_their_own(draw):
    figure = Figure()
    ax = figure.add_subplot()
    assert draw(ax) is ax
    assert figure.axes == [ax]
    assert ax.has_data()
    other = draw(None)
    assert other is not ax
    assert isinstance(other.figure, Figure)


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_no_text_of_a_plot_leaves_its_figure(draw):
    ax = draw(None)
    ax.figure.draw_without_rendering()
    box, page = ax.get_tightbbox(), ax.figure.bbox
    assert page.x0 - 1 <= box.x0 and box.x1 <= page.x1 + 1
    assert page.y0 - 1 <= box.y0 and box.y1 <= page.y1 + 1
    assert ax.figure.get_size_inches()[0] <= 8


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_plots_leave_the_global_settings_alone(draw):
    # From the defaults, as an earlier plot's leak would hide that of this one.
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        before = dict(matplotlib.rcParams)
        draw(None).figure.draw_without_rendering()
        assert dict(matplotlib.rcParams) == before


HISTORY = {"val_loss": [2.0, 1.0]}
DRAW_FIGURE = {
    "history": lambda figure: plotting.plot_history(HISTORY, figure=figure),
    "histories": lambda figure: plotting.plot_histories([HISTORY], names=["a"], figure=figure),
    "sweep": lambda figure: plotting.plot_sweep(
        [1, 2], {"MSE": [[1, 2], [3, 4]]}, setting="latent_dim", figure=figure
    ),
}


@pytest.mark.parametrize("draw", DRAW_FIGURE.values(), ids=DRAW_FIGURE)
def test_plots_of_panels_draw_on_the_given_figure_and_leave_the_settings_alone(draw):
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        before = dict(matplotlib.rcParams)
        figure = Figure()
        assert draw(figure) is figure
        figure.draw_without_rendering()
        assert figure.axes[0].has_data()
        part = figure.subfigures(2)[1]
        assert draw(part) is part
        assert isinstance(draw(None), Figure)
        assert dict(matplotlib.rcParams) == before


def test_style_holds_inside_and_ends_after_an_error():
    with matplotlib.rc_context({"axes.titlesize": 20.0}):
        with pytest.raises(KeyError), style():
            assert matplotlib.rcParams["axes.titlesize"] == 11.0
            raise KeyError
        assert matplotlib.rcParams["axes.titlesize"] == 20.0


def test_new_axes_has_the_size_asked_for():
    assert new_axes(None, (3.0, 2.0)).figure.get_size_inches().tolist() == [3.0, 2.0]


def test_plots_start_no_backend_and_no_pyplot():
    code = (
        "import sys, numpy as np, vae_keras.plotting as p\n"
        "assert 'matplotlib' not in sys.modules\n"
        "p.plot_samples(np.zeros((2, 4, 4, 1)))\n"
        "p.plot_history({'loss': [1.0]})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert 'keras' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.mark.parametrize("matrix", DEFICIENCIES.values(), ids=DEFICIENCIES)
def test_ten_colours_stay_apart_for_every_reader(matrix):
    from matplotlib.colors import to_rgb
    from skimage.color import deltaE_ciede2000, rgb2lab

    rgb = np.array([to_rgb(color) for color in PALETTE])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.asarray(matrix).T, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055))
    differences = deltaE_ciede2000(lab[:, None], lab[None])
    assert len(PALETTE) == 10
    # Matplotlib's default ten come as near as 1.3.
    assert differences[np.triu_indices(10, 1)].min() > 11


def test_a_notebook_shows_a_figure_as_png():
    figure = new_axes(None, (2.0, 1.0)).figure
    assert figure._repr_png_().startswith(b"\x89PNG")
