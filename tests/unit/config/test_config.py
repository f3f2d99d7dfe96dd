import dataclasses
import json

import numpy as np
import pytest

from vae_keras.config.config import Config, from_dict, read_config
from vae_keras.errors import ArgumentError

EVERYTHING = Config(
    preset="conv",
    dataset="folder",
    data="photos",
    train_size=100,
    stream=True,
    image_size="64x48",
    crop="pad",
    background="#102030",
    validation_size=0,
    architecture="conv",
    filters=(8, 16, 32),
    largest_grid=8,
    kernel_size=5,
    decoder_kernel_size=2,
    encoder_units=(64,),
    decoder_units=(),
    activation="gelu",
    normalization="layer",
    blocks_per_stage=2,
    model="conditional",
    binarize="static",
    augment=("flip", "shift"),
    likelihood="gaussian",
    likelihood_options=("scale=0.1", "data_range=[-1,1]"),
    output_bias="data",
    prior="mixture",
    prior_options=("components=3",),
    objective="importance_weighted",
    objective_options=("gradient=standard",),
    regularizer="free_bits",
    regularizer_options=("free_bits=0.1",),
    kl_schedule="cyclical",
    adam_epsilon=1e-3,
    clip_norm=0.5,
    skip_gradient_norm=5.0,
    stage_epochs=(1, 2),
    stage_factor=0.3,
    latent_dim=7,
    kl_weight=0.25,
    warmup_epochs=2,
    epochs=9,
    batch_size=33,
    learning_rate=0.3,
    plateau_patience=2,
    plateau_factor=0.9,
    plateau_min_delta=0.0,
    min_learning_rate=1e-7,
    early_stopping_patience=4,
    checkpoint_epochs=3,
    checkpoint_minutes=0.5,
    seed=2**32 - 1,
    backend="jax",
    distribute=True,
    deterministic=True,
    precision="mixed_bfloat16",
    jit_compile=False,
    steps_per_execution=3,
)


def test_round_trip_through_json(tmp_path):
    different = {
        field.name
        for field in dataclasses.fields(Config)
        if getattr(EVERYTHING, field.name) != field.default
    }
    # One of the two warm-ups can be set, and a conditional model leaves out no classes.
    untouched = {"architecture", "warmup_steps", "exclude_classes"}
    assert different == {field.name for field in dataclasses.fields(Config)} - untouched
    path = tmp_path / "config.json"
    path.write_text(json.dumps(EVERYTHING.to_dict()))
    assert read_config(path) == EVERYTHING
    assert read_config(path).filters == (8, 16, 32)  # not the list of JSON


def test_classes_left_out_are_names():
    config = from_dict({"exclude_classes": ["3", "Bag"]})
    assert config.exclude_classes == ("3", "Bag")
    assert from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_default_round_trip():
    assert from_dict(json.loads(json.dumps(Config().to_dict()))) == Config()


@pytest.mark.parametrize(
    ("name", "expected", "values"),
    [
        ("data", "a string", [3]),
        ("activation", "a string", [3]),
        ("train_size", "a positive integer", [0, -1, 1.5, True]),
        ("validation_size", "an integer of at least 0", [-1, 0.5, None]),
        ("kernel_size", "a positive integer", [0, 3.0]),
        ("decoder_kernel_size", "a positive integer", [0]),
        ("normalization", "one of none, layer, batch, group", ["instance"]),
        ("latent_dim", "a positive integer", [0, "2", None]),
        ("kl_weight", "a finite number of at least 0", [-1, float("nan"), float("inf"), "1", 1e39]),
        ("skip_gradient_norm", "a finite number above 0", [0, -1.0, float("nan"), 1e308]),
        ("deterministic", "true or false", [1, "yes"]),
        ("augment", "any of flip, shift", [("rotate",), "flip", None]),
        ("warmup_epochs", "an integer of at least 0", [-1, 1.5]),
        ("epochs", "a positive integer", [0]),
        ("batch_size", "a positive integer", [-1, 0]),
        ("learning_rate", "a finite number above 0", [0, -1e-3, float("nan"), float("inf")]),
        ("plateau_patience", "a positive integer", [0]),
        ("plateau_factor", "between 0 and 1", [0, 1, 1.5, float("nan")]),
        ("plateau_min_delta", "a finite number of at least 0", [-0.1]),
        ("min_learning_rate", "a finite number of at least 0", [-1e-9]),
        ("early_stopping_patience", "a positive integer", [0]),
        ("seed", r"an integer from 0 to 2\*\*32 - 1", [-1, 2**32, 0.5]),
        ("backend", "one of tensorflow, jax, torch", ["theano"]),
        ("stream", "true or false, or left out", [1, "yes"]),
        ("distribute", "true or false", [None, 1, "yes"]),
        ("precision", "one of float32, mixed_bfloat16, mixed_float16", ["float16", None]),
        ("jit_compile", "true or false, or left out", [1, "auto"]),
        ("steps_per_execution", "a positive integer", [0, 1.5, True]),
        ("filters", "positive integers", [(32, 0), [8, "16"]]),
        ("encoder_units", "positive integers", [(-1,)]),
        ("decoder_units", "positive integers", [(2.5,)]),
    ],
)
def test_each_rule_says_what_it_wants(name, expected, values):
    for value in values:
        with pytest.raises(ArgumentError, match=f"^`{name}` must be {expected}. Received: {name}="):
            Config(**{name: value})


def test_numbers_of_numpy_are_taken_and_become_pythons_own():
    config = Config(latent_dim=np.int64(3), filters=(np.uint8(8),), kl_weight=np.float32(0.5))
    assert from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert (config.latent_dim, config.filters, config.kl_weight) == (3, (8,), 0.5)


@pytest.mark.parametrize("name", ["filters", "encoder_units", "decoder_units"])
@pytest.mark.parametrize("value", [8, "8"])
def test_sizes_are_a_sequence(name, value):
    with pytest.raises(ArgumentError, match=f"`{name}` must be positive integers. Received: "):
        Config(**{name: value})


def test_unknown_settings_are_named():
    with pytest.raises(ArgumentError, match="Received: unknown beta, latent_dims"):
        from_dict({"latent_dims": 3, "beta": 4, "epochs": 1})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "`config` must be a JSON file. Received: "),
        ("[1, 2]", "`config` must hold a JSON object. Received: "),
        ('{"epoch": 3}', "`config` must hold only known settings. Received: unknown epoch"),
        ('{"epochs": 0}', "`epochs` must be a positive integer. Received: epochs=0"),
    ],
)
def test_unreadable_files(tmp_path, content, message):
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(ArgumentError) as caught:
        read_config(path)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_missing_and_binary_files(tmp_path):
    with pytest.raises(ArgumentError, match=r"a readable file. Received: .*nowhere.json \(No such"):
        read_config(tmp_path / "nowhere.json")
    with pytest.raises(ArgumentError, match=r"a readable file. Received: .*config.json \(No such"):
        read_config(tmp_path)  # a run directory without one
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArgumentError, match=r"must be a JSON file. Received: .*binary"):
        read_config(tmp_path / "binary")


def test_replace_keeps_the_rest():
    changed = EVERYTHING.replace(latent_dim=3)
    assert changed.latent_dim == 3
    assert changed.replace(latent_dim=EVERYTHING.latent_dim) == EVERYTHING
    with pytest.raises(ArgumentError, match="unknown latent"):
        EVERYTHING.replace(latent=3)
    with pytest.raises(ArgumentError, match="`latent_dim`"):
        EVERYTHING.replace(latent_dim=0)


def test_another_architecture_drops_the_options_of_the_old_one():
    assert EVERYTHING.replace(architecture="conv") == EVERYTHING
    changed = EVERYTHING.replace(architecture="mlp", encoder_units=(8,))
    assert changed.architecture_options == {"encoder_units": (8,)}
    assert (changed.latent_dim, changed.kl_weight) == (7, 0.25)


def test_architecture_options_are_those_that_are_set():
    assert Config().architecture_options == {}
    assert Config(encoder_units=(), kernel_size=3).architecture_options == {
        "encoder_units": (),
        "kernel_size": 3,
    }


def test_options_of_members_are_json_or_strings():
    config = Config(
        likelihood="gaussian",
        likelihood_options=("scale=0.1", "data_range=[-1,1]"),
        objective_options={"samples": 50, "gradient": "doubly_reparameterized"},
    )
    assert config.options("likelihood") == {"scale": 0.1, "data_range": [-1, 1]}
    assert config.options("objective") == {"samples": 50, "gradient": "doubly_reparameterized"}
    assert from_dict(json.loads(json.dumps(config.to_dict()))) == config
    for options in (("scale",), ("=3",), "scale=1", (3,)):
        with pytest.raises(ArgumentError, match="`prior_options` must be a dictionary, or NAME="):
            Config(prior_options=options)


def test_another_member_drops_the_options_of_the_old_one():
    config = Config(likelihood="gaussian", likelihood_options=("scale=0.1",))
    assert config.replace(likelihood="bernoulli").likelihood_options == ()
    assert config.replace(latent_dim=3).likelihood_options == ("scale=0.1",)
    changed = config.replace(likelihood="squared_error", likelihood_options=("data_range=[-1,1]",))
    assert changed.options("likelihood") == {"data_range": [-1, 1]}


def test_one_warmup_or_the_other():
    with pytest.raises(ArgumentError, match=r"`warmup_epochs` and `warmup_steps` must not both"):
        Config(warmup_epochs=1, warmup_steps=100)


@pytest.mark.parametrize(
    "setting", [{"regularizer": "mmd"}, {"kl_weight": 4.0}, {"binarize": "dynamic"}]
)
def test_an_autoencoder_refuses_what_it_has_no_use_for(setting):
    (name,) = setting
    with pytest.raises(ArgumentError, match=f"`{name}` must not be set for an autoencoder"):
        Config(model="autoencoder", **setting)


@pytest.mark.parametrize("value", [64, "64", "64x64", (64, 64), "64,64", "64X64"])
def test_image_size_is_one_text(value):
    assert Config(image_size=value).image_size == "64x64"


@pytest.mark.parametrize("value", [0, "0x3", "big", "1x2x3", (), "64x", 5000, 2.5, True, "-3"])
def test_image_size_refused(value):
    with pytest.raises(ArgumentError, match="`image_size` must be the side of a square"):
        Config(image_size=value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"crop": "pad"}, "`crop` must go with `image_size`"),
        ({"crop": "middle", "image_size": 64}, "`crop` must be one of center, none, pad"),
        ({"background": "sort of blue"}, "`background` must be the name of a colour"),
    ],
)
def test_preparation_refused(settings, message):
    with pytest.raises(ArgumentError, match=message):
        Config(**settings)
