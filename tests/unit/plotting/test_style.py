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
def test_plots_leave_the_global_settings_alone(draw):
    # From the defaults, as an earlier plot's leak would hide that of this one.
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        before = dict(matplotlib.rcParams)
        draw(None).figure.draw_without_rendering()
        assert dict(matplotlib.rcParams) == before


def test_history_leaves_the_global_settings_alone():
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        before = dict(matplotlib.rcParams)
        plotting.plot_history({"loss": [2.0, 1.0]}).draw_without_rendering()
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
