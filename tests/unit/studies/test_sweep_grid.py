import itertools
import os
import re

import pytest

from vae_keras import preset
from vae_keras.config.config import Config
from vae_keras.errors import ArgumentError
from vae_keras.studies.sweep.grid import SweepPoint, sweep_points


def test_every_combination_the_last_setting_fastest():
    base = preset("mlp_512_256", epochs=3)
    points = sweep_points(base, {"kl_weight": (0.1, 4), "seed": (0, 1, 2)})
    wanted = list(itertools.product((0.1, 4), (0, 1, 2)))
    assert [tuple(point.settings.values()) for point in points] == wanted
    for point, (weight, seed) in zip(points, wanted, strict=True):
        assert point.config == base.replace(kl_weight=weight, seed=seed)
    assert points[3].label == "kl_weight=4 seed=0"
    assert points[3].name == "kl_weight=4,seed=0"


def test_another_architecture_has_its_own_defaults():
    mlp, conv = sweep_points(preset("default"), {"architecture": ("mlp", "conv")})
    assert mlp.config.architecture_options == {}
    assert conv.config == preset("default")


def test_overrides_hold_whatever_the_member_is():
    base = preset("default", encoder_units=(64,))
    points = sweep_points(
        base, {"architecture": ("mlp", "conv")}, overrides={"encoder_units": (64,)}
    )
    assert [point.config.encoder_units for point in points] == [(64,), (64,)]
    assert points[0].config.filters is None


def test_each_preset_keeps_its_own_settings_but_for_the_overrides():
    points = sweep_points(
        preset("default"), {"preset": ("mlp_400", "conv")}, overrides={"epochs": 2}
    )
    assert [point.config for point in points] == [
        preset("mlp_400", epochs=2),
        preset("conv", epochs=2),
    ]


def test_another_member_drops_options():
    base = preset("mlp_400")  # with likelihood_options
    points = sweep_points(base, {"likelihood": ("squared_error", "bernoulli")})
    assert [point.config.likelihood_options for point in points] == [
        ("data_range=[-1,1]",),
        (),
    ]


def test_paths_of_data_are_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (point,) = sweep_points(preset("default", data="photos"), {"seed": (1,)})
    assert point.config.data == str(tmp_path / "photos")
    points = sweep_points(preset("default"), {"data": ("a.npz", "~/b.npz")})
    assert points[0].config.data == str(tmp_path / "a.npz")
    assert points[1].config.data == os.path.expanduser("~/b.npz")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"encoder_units": (512, 256), "seed": 1}, "encoder_units=512-256,seed=1"),
        ({"encoder_units": None}, "encoder_units=unset"),
        ({"normalization": "none"}, "normalization=none"),
        ({"likelihood_options": ("scale=0.1",)}, "likelihood_options=scale=0.1"),
        ({"learning_rate": 1e-5}, "learning_rate=1e-05"),
    ],
)
def test_names_of_directories(settings, name):
    assert SweepPoint(settings, Config()).name == name


def test_names_of_directories_that_any_system_takes():
    paths = ["/a/b.npz", "/a_b.npz", "é" * 300, "a:b", "x\ny", "CON?*", "a|b"]
    names = [SweepPoint({"data": path}, Config()).name for path in paths]
    assert len(set(names)) == len(paths)
    for name in names:
        assert re.fullmatch(r"data=[\w.,=+-]+", name)
        assert len(name.encode()) < 255


BAD = {
    "nothing": ({}, {}, "`vary` must hold at least one setting"),
    "unknown": ({"kl_wieght": (1,)}, {}, "Did you mean 'kl_weight'"),
    "unknown override": ({"seed": (1,)}, {"epoch": 1}, "Did you mean 'epochs'"),
    "no list": ({"seed": 3}, {}, "a list of values for each setting. Received: seed=3"),
    "a word": ({"model": "vae"}, {}, "a list of values for each setting. Received: model='vae'"),
    "empty list": ({"seed": ()}, {}, r"a list of values for each setting. Received: seed=\(\)"),
    "twice": ({"kl_weight": (1, 4, 1.0)}, {}, "each value once. Received: kl_weight=1 twice"),
    "set too": ({"seed": (0, 1)}, {"seed": 1}, "also set for all runs. Received: seed"),
    "backend": ({"backend": ("jax", "torch")}, {}, "must not hold `backend`"),
    "refused": ({"kl_weight": (1, -1)}, {}, "`kl_weight` must be .* Received: kl_weight=-1"),
    "member": ({"architecture": ("mlp", "cnv")}, {}, "`architecture` must be .*'conv'"),
    "preset": ({"preset": ("conv", "convv")}, {}, "`preset` must be one of .*'conv'"),
    "together": (
        {"model": ("vae", "autoencoder"), "kl_weight": (1, 4)},
        {},
        "`kl_weight` must not be set for an autoencoder",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_makes_no_sense_is_said(case):
    vary, overrides, expected = BAD[case]
    with pytest.raises(ArgumentError, match=expected) as caught:
        sweep_points(preset("default"), vary, overrides=overrides)
    assert "\n" not in str(caught.value)


def test_a_changed_base_is_not_dropped_in_silence():
    with pytest.raises(ArgumentError, match="`base` must be an unchanged preset if `preset`"):
        sweep_points(preset("default", epochs=1), {"preset": ("conv", "mlp_400")})


def test_names_that_differ_in_capitals_only():
    with pytest.raises(ArgumentError, match="`vary` must give each run another name"):
        sweep_points(preset("default", dataset="array"), {"activation": ("relu", "ReLU")})
