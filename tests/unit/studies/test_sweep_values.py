import pytest

from vae_keras.config.config import Config
from vae_keras.errors import ArgumentError
from vae_keras.studies.sweep.values import check_setting, read_vary, value_text


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("latent_dim=2,10", (2, 10)),
        ("kl_weight=0.1,1,4e2", (0.1, 1.0, 400.0)),
        ("--kl-weight=1", (1.0,)),
        ("seed=0", (0,)),
        ("architecture=mlp,conv", ("mlp", "conv")),
        ("model=vae,autoencoder", ("vae", "autoencoder")),
        ("normalization=None,none,batch", (None, "none", "batch")),
        ("early_stopping_patience=None,3", (None, 3)),
        ("encoder_units=[512,256],[256],[],None", ((512, 256), (256,), (), None)),
        ("stage_epochs=[1,3,9]", ((1, 3, 9),)),
        (
            "likelihood_options=[scale=0.1,data_range=[-1,1]],[]",
            (("scale=0.1", "data_range=[-1,1]"), ()),
        ),
        ("data=photos,./a b.npz", ("photos", "./a b.npz")),
    ],
)
def test_values_are_of_the_settings_type(entry, expected):
    ((name, values),) = read_vary([entry]).items()
    assert name == entry.partition("=")[0].removeprefix("--").replace("-", "_")
    assert values == expected
    assert [type(value) for value in values] == [type(value) for value in expected]
    if "./" not in entry:
        again = read_vary([f"{name}={','.join(map(value_text, values))}"])
        assert again == {name: expected}
    assert Config(dataset="array", **{name: values[0]})  # the configuration takes them as they are


def test_entries_keep_their_order():
    assert list(read_vary(["seed=0,1", "kl_weight=1", "epochs=2"])) == [
        "seed",
        "kl_weight",
        "epochs",
    ]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["kl_wieght=1"], r"`vary` must be one of .*Did you mean 'kl_weight'.*vary='kl_wieght'"),
        (["kl_weight=1,x"], r"a number for `kl_weight`. Received: kl_weight=x$"),
        (["seed=0.5"], r"an integer for `seed`. Received: seed=0.5$"),
        (["seed=none"], r"an integer for `seed`. Received: seed=none$"),
        (["train_size=many"], r"an integer or None for `train_size`. Received: train_size=many$"),
        (["normalization=batc"], r"one of none, layer, batch, group or None for `normalization`"),
        (
            ["encoder_units=512,256"],
            r"lists in brackets such as \[512,256\] or None for `enc",
        ),
        (["encoder_units=[512,x]"], r"lists in brackets .* Received: encoder_units=\[512,x\]$"),
        (["prior_options=components=3"], r"lists in brackets for `prior_options`"),
        (["seed"], r"SETTING=VALUE,VALUE for each setting. Received: 'seed'$"),
        (["seed="], r"Received: 'seed=', with an empty value$"),
        (["seed=0,,1"], r"Received: 'seed=0,,1', with an empty value$"),
        (["filters=[1,2"], r"Received: 'filters=\[1,2', with an unmatched bracket$"),
        (["filters=1]"], r"Received: 'filters=1\]', with an unmatched bracket$"),
        (["seed=1", "seed=2"], r"`vary` must hold each setting once. Received: seed twice$"),
    ],
)
def test_what_makes_no_sense_is_said(entries, expected):
    with pytest.raises(ArgumentError, match=expected) as caught:
        read_vary(entries)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4.0, "4"),
        (0.1, "0.1"),
        (1e-9, "1e-09"),
        (123456789.125, "123456789.125"),
        (None, "None"),
        (True, "True"),
        ((512, 256), "[512,256]"),
        ((), "[]"),
        ("mlp", "mlp"),
    ],
)
def test_value_text(value, text):
    assert value_text(value) == text


def test_settings_are_known():
    check_setting("latent_dim")
    with pytest.raises(ArgumentError, match="Did you mean 'latent_dim'"):
        check_setting("latent_dims")
