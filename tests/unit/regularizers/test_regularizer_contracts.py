"""What the model reads from a regulariser's class, and what a saved model holds of it."""

import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.math import DiagonalGaussian
from vae_keras.regularizers import (
    DIP,
    KL,
    MMD,
    Capacity,
    FreeBits,
    LatentTerms,
    Regularizer,
    TotalCorrelation,
)
from vae_keras.regularizers.base import (
    same_for_every_image,
)

CONFIGS = [
    (KL, {}),
    (FreeBits, {"free_bits": 0.7}),
    (Capacity, {"capacity": 3.0, "steps": 12, "weight": 4.0}),
    (DIP, {"kind": "ii", "off_diagonal": 2.0, "diagonal": 3.0}),
    (DIP, {"kind": "i", "off_diagonal": 2.0, "diagonal": None}),
    (MMD, {"kl_share": 0.3, "weight": 7.0, "kernel": "rbf"}),
    (
        TotalCorrelation,
        {
            "alpha": 0.5,
            "beta": 2.0,
            "gamma": 3.0,
            "dataset_size": 20,
            "estimator": "stratified",
        },
    ),
]


@pytest.mark.parametrize(("member", "config"), CONFIGS)
def test_the_config_is_the_arguments(member, config):
    made = member(**config)
    assert made.get_config() == config
    assert {name: getattr(made, name) for name in config} == config
    again = member.from_config(config)
    assert type(again) is member
    assert again.get_config() == config


@pytest.mark.parametrize(
    ("member", "needs", "factorized", "batch_level"),
    [
        (Regularizer, (), False, False),
        (KL, (), False, False),
        (FreeBits, (), True, True),
        (Capacity, ("step",), False, True),
        (DIP, (), False, True),
        (MMD, ("prior_codes",), False, True),
        (TotalCorrelation, ("dataset_size",), False, True),
    ],
)
def test_what_a_member_asks_of_the_model(member, needs, factorized, batch_level):
    assert member.needs == needs
    assert member.needs_factorized_prior is factorized
    assert member.batch_level is batch_level
    optional = {"prior_codes", "dataset_size", "step"}
    assert set(needs) <= optional <= set(LatentTerms.__dataclass_fields__)


def test_what_nobody_asked_for_is_not_in_the_record():
    latent = LatentTerms(DiagonalGaussian(0.0, 0.0), 0.0, None)
    assert latent.prior_codes is latent.dataset_size is latent.step is None


def test_a_number_of_the_batch_is_that_of_each_image(make_latent):
    values = same_for_every_image(2.5, make_latent(4))
    assert values.shape == (4,)
    assert [float(value) for value in values] == [2.5] * 4


@pytest.mark.parametrize(
    ("member", "argument", "value"),
    [
        (FreeBits, "free_bits", -1),
        (Capacity, "capacity", -1),
        (Capacity, "steps", 0),
        (Capacity, "weight", -1),
        (DIP, "kind", "iii"),
        (DIP, "off_diagonal", -1),
        (DIP, "diagonal", -1),
        (MMD, "kl_share", -1),
        (MMD, "weight", -1),
        (MMD, "kernel", "cosine"),
        (TotalCorrelation, "alpha", -1),
        (TotalCorrelation, "beta", -1),
        (TotalCorrelation, "gamma", -1),
        (TotalCorrelation, "dataset_size", 0),
        (TotalCorrelation, "estimator", "exact"),
    ],
)
def test_a_mistake_is_named_after_its_argument(member, argument, value):
    with pytest.raises(ArgumentError) as caught:
        member(**{argument: value})
    assert str(caught.value).startswith(f"`{argument}` must be ")
    assert str(caught.value).endswith(f"Received: {argument}={value!r}")


@pytest.mark.parametrize(("kind", "ratio"), [("i", 10.0), ("ii", 1.0)])
def test_the_diagonal_has_the_published_weight_by_default(kind, ratio, make_latent):
    latent = make_latent()
    default, said = DIP(kind, 3.0)(latent), DIP(kind, 3.0, diagonal=3.0 * ratio)(latent)
    np.testing.assert_allclose(ops.convert_to_numpy(default), ops.convert_to_numpy(said), rtol=1e-6)
