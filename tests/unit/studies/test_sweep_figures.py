import numpy as np
import pytest

from vae_keras import Config, RunDirectory
from vae_keras.studies.finished import RunImages
from vae_keras.studies.sweep.figures import (
    rate_distortion_figure,
    reconstructions_figure,
    sweep_figure,
)
from vae_keras.studies.sweep.table import SweepResult, by_setting


@pytest.fixture(autouse=True)
def closed():
    yield
    from matplotlib import pyplot

    assert pyplot.get_fignums() == []


def results(vary, numbers=("mse", "kl_loss", "recon_loss"), failed=()):
    """Return a run for each of `vary`, whose numbers are their place in it and some more."""
    runs = []
    for place, settings in enumerate(vary):
        metrics = {"test": {name: place + more for more, name in enumerate(numbers)}}
        config = Config(seed=settings.get("seed", 0))
        bad = place in failed
        runs.append(
            SweepResult(settings, config, RunDirectory("x"), None if bad else metrics, "x" * bad)
        )
    return by_setting(runs)


WEIGHTS = [{"kl_weight": w, "seed": s} for w in (0.1, 1.0, 4.0) for s in (0, 1)]


def bars(ax):
    return [bar.get_height() for container in ax.containers[:1] for bar in container]


def test_bars_are_means_over_the_seeds():
    figure = sweep_figure(results(WEIGHTS))
    mse, kl = figure.axes
    assert mse.get_title(loc="left") == "MSE per pixel"
    assert kl.get_title(loc="left") == "KL divergence (nats)"
    assert mse.get_xlabel() == "kl_weight"
    assert [text.get_text() for text in mse.get_xticklabels()] == ["0.1", "1", "4"]
    assert bars(mse) == [0.5, 2.5, 4.5]
    assert bars(kl) == [1.5, 3.5, 5.5]


def test_only_seeds_that_every_setting_has_are_drawn():
    figure = sweep_figure(results(WEIGHTS, failed=[3]))
    assert bars(figure.axes[0]) == [0, 2, 4]
    figure = sweep_figure(results(WEIGHTS, failed=[2, 3]))  # a setting without a run
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["0.1", "4"]


def test_several_settings_are_values_of_one_axis():
    vary = [
        {"latent_dim": z, "architecture": a, "seed": 0} for z in (2, 10) for a in ("mlp", "conv")
    ]
    ax = sweep_figure(results(vary)).axes[0]
    assert ax.get_xlabel() == "latent_dim, architecture"
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert names == ["2, mlp", "2, conv", "10, mlp", "10, conv"]


def test_a_number_that_a_setting_lacks_has_no_panel():
    first = results(WEIGHTS[:1])
    second = results(WEIGHTS[2:3], numbers=("mse",))
    figure = sweep_figure([*first, *second])
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["MSE per pixel"]
    assert sweep_figure(results(WEIGHTS[:1], numbers=("loss",))) is None
    assert sweep_figure(results(WEIGHTS[:1], failed=[0])) is None


def test_rate_and_distortion():
    ax = rate_distortion_figure(results(WEIGHTS)).axes[0]
    curve = next(line for line in ax.lines if line.get_markersize() == 8)
    np.testing.assert_allclose(curve.get_xdata(), [1.5, 3.5, 5.5])
    np.testing.assert_allclose(curve.get_ydata(), [2.5, 4.5, 6.5])
    texts = {text.get_text() for text in ax.texts}
    assert {"kl_weight = 0.1", "kl_weight = 1", "kl_weight = 4"} <= texts


def test_a_curve_for_each_value_of_the_second_setting():
    vary = [{"kl_weight": w, "architecture": a} for w in (0.5, 1.0) for a in ("mlp", "conv")]
    ax = rate_distortion_figure(results(vary)).axes[0]
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["architecture=mlp", "architecture=conv"]


def test_no_rate_and_distortion():
    assert rate_distortion_figure(results(WEIGHTS[:2])) is None  # one setting
    assert rate_distortion_figure(results(WEIGHTS, numbers=("mse", "recon_loss"))) is None
    many = [{"kl_weight": w, "latent_dim": z} for w in (0.1, 1.0) for z in range(1, 12)]
    assert rate_distortion_figure(results(many)) is None  # more curves than colours


def test_reconstructions_of_the_same_images():
    images = np.random.default_rng(0).random((4, 8, 8, 1))
    seen = {
        "kl_weight=1": RunImages(images, images, "a", None),
        "kl_weight=4": RunImages(images, 1 - images, "a", None),
    }
    ax = reconstructions_figure(seen).axes[0]
    rows = [text.get_text() for text in ax.get_yticklabels()]
    assert [row.split("\n")[0] for row in rows] == ["original", *seen]
    assert reconstructions_figure({}) is None
    other = {**seen, "c": RunImages(images, images, "b", None)}
    assert reconstructions_figure(other) is None
