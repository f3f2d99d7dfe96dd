import re
import shlex
from pathlib import Path

import pytest

from vae_keras import build_model, preset
from vae_keras.cli.arguments import parse_command
from vae_keras.cli.study_commands import Compare, Sweep
from vae_keras.config.config import read_config
from vae_keras.config.presets import check_members
from vae_keras.studies.sweep.grid import sweep_points

PAGE = Path(__file__).parents[3] / "docs" / "how_to" / "studies_commands.md"
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
# Studies that are wanted, by the settings they vary.
STUDIES = [
    {"kl_weight": (0.1, 1.0, 4.0), "seed": (0, 1, 2)},
    {"latent_dim": (2, 10, 50, 100)},
    {"latent_dim": (2, 8, 64, 128)},
    {"preset": ("mlp_512_256", "conv"), "seed": (0, 1, 2)},
    {"model": ("autoencoder", "vae")},
    {"encoder_units": ((512, 512), (256, 256)), "seed": (0, 1, 2)},
    {"normalization": ("none", "batch"), "seed": (0, 1, 2)},
]


def planned(arguments, monkeypatch):
    """Return what a sweep would vary and the settings of its runs, without making them."""
    seen = {}

    def points(base, vary, *, overrides):
        seen.update(vary=vary, points=sweep_points(base, vary, overrides=overrides))
        raise InterruptedError

    monkeypatch.setattr("vae_keras.cli.study_commands.sweep_points", points)
    with pytest.raises(InterruptedError):
        parse_command("sweep", list(arguments)).run()
    return seen["vary"], [point.config for point in seen["points"]]


def test_the_page_has_every_study(monkeypatch):
    varied = []
    for line in COMMANDS:
        name, *arguments = shlex.split(line)[1:]
        if name == "sweep":
            varied.append(planned(arguments, monkeypatch)[0])
    assert all(study in varied for study in STUDIES)


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_page_make_sense(line, monkeypatch):
    program, name, *arguments = shlex.split(line)
    assert program == "vae-keras"
    if name != "sweep":
        command = parse_command(name, arguments)
        if name == "train":
            check_members(command.settings)
        return
    _, configs = planned(arguments, monkeypatch)
    assert len(configs) > 1
    for config in configs:
        if config.seed == 0:
            assert build_model(config, (28, 28, 1)).latent_dim == config.latent_dim


def test_flags_that_are_typed_hold_in_every_preset(monkeypatch):
    arguments = [
        *["--dataset", "digits", "--epochs=1", "--encoder_units", "8"],
        *["--vary", "preset=mlp_400,autoencoder,mlp_400_conv", "--vary=latent-dim=3"],
        *["--output", "x"],
    ]
    _, configs = planned(arguments, monkeypatch)
    typed = {"dataset": "digits", "epochs": 1, "encoder_units": (8,), "latent_dim": 3}
    names = ("mlp_400", "autoencoder", "mlp_400_conv")
    assert configs == [preset(name, **typed) for name in names]


def test_a_flag_with_the_value_of_the_preset_is_typed_too(monkeypatch):
    default = str(preset("default").epochs)
    arguments = ["--epochs", default, "--vary", "preset=conv,mlp_400", "--output", "x"]
    _, configs = planned(arguments, monkeypatch)
    assert [config.epochs for config in configs] == [int(default)] * 2


def test_typed_members_and_a_config(tmp_path, monkeypatch):
    from vae_keras import RunDirectory

    run = RunDirectory(tmp_path)
    run.write_config(preset("mlp_400", latent_dim=7))
    arguments = [
        *["--config", str(run.config), "--likelihood", "bernoulli"],
        *["--vary", "seed=1,2", "--output", "x"],
    ]
    _, configs = planned(arguments, monkeypatch)
    expected = read_config(run.config).replace(likelihood="bernoulli")
    assert configs == [expected.replace(seed=1), expected.replace(seed=2)]
    assert expected.likelihood_options == ()


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (["--epochs", "3", "--epochs", "4"], ("epochs",)),
        (["--latent-dim=3", "--batch_size", "2"], ("latent_dim", "batch_size")),
        (["--preset", "conv", "--vary", "seed=1", "--output", "epochs"], ("preset",)),
        (["--no-deterministic", "--vary", "seed=1"], ("deterministic",)),
        ([], ()),
    ],
)
def test_settings_that_are_typed(arguments, typed):
    assert parse_command("sweep", [*arguments, "--output", "x"]).typed == typed


def test_settings_typed_beside_a_config(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{}")
    assert parse_command("sweep", ["--config", str(path), "--output", "x"]).typed == ()


def test_fields():
    sweep = parse_command(
        "sweep", ["--vary", "seed=1", "latent_dim=2", "--output", "x", "--vary", "epochs=1"]
    )
    assert isinstance(sweep, Sweep)
    assert sweep.vary == (("seed=1", "latent_dim=2"), ("epochs=1",))
    compare = parse_command("compare", ["a", "b", "c", "--output", "x.html"])
    assert compare == Compare(("a", "b", "c"), "x.html")
