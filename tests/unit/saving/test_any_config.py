"""Whatever the settings and the images: they train to finite numbers, or are refused in our words.

`HYPOTHESIS_PROFILE=long pytest tests/unit/test_any_config.py` tries thousands, others each time.
"""

import os
import warnings
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from keras import ops

from vae_keras import Config, StopOnDivergence, build_model
from vae_keras.config.presets import member_names
from vae_keras.errors import VAEKerasError
from vae_keras.runs.callbacks import training_callbacks

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
EXAMPLES = settings(
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", 2000)) if LONG else 20,
    derandomize=not LONG,
    deadline=None,  # the first step of a model takes what it takes
    database=None,
    # The first example that fails is small enough to read; to make it smaller takes minutes.
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def often(usual: Any, *others: Any) -> st.SearchStrategy:
    """Mostly `usual`, so that an example is seldom refused for ten reasons at once."""
    return st.one_of(*[st.just(usual)] * (2 + 2 * len(others)), *map(st.just, others))


SIZES = st.one_of(
    st.none(),
    st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
    st.sampled_from([(), (0,), (3, -1), "3", 4, (2.5,)]),
)
LIKELIHOODS = [*member_names("likelihoods"), "normal"]
LIKELIHOOD_OPTIONS = [
    *[(f"scale={scale}",) for scale in (0.1, 1e-30, 1e30, 1e39)],
    *[("data_range=[-1,1]",), ("data_range=5",), ("mode=analytic",), ("min_scale=1e-6",)],
    *[("levels=2",), ("levels=1",), ("dtype=x",), ("scale",)],
]
SETTINGS = {
    "model": often("vae", "conditional", "autoencoder"),
    "binarize": often("none", "dynamic", "static"),
    "architecture": st.sampled_from(["conv", "mlp", "resnet", "stable_conv", "mlp", "conv", "con"]),
    "filters": SIZES,
    "kernel_size": often(None, 1, 2, 7, 0),
    "decoder_kernel_size": often(None, 1, 3, 6, -1),
    "encoder_units": SIZES,
    "decoder_units": SIZES,
    "activation": often(None, "tanh", "silu", "softmax", "exponential", "linear", "rel", "get"),
    "normalization": often(None, "none", "layer", "batch", "group"),
    "blocks_per_stage": often(None, 1, 2, 0),
    "latent_dim": often(2, 1, 5, 0, True, 1.0),
    "likelihood": st.sampled_from(LIKELIHOODS),
    "likelihood_options": often((), *LIKELIHOOD_OPTIONS),
    "output_bias": often("zeros", "data"),
    "prior": often("standard_normal", "mixture"),
    "prior_options": often((), ("components=1",), ("components=3",), ("components=0",)),
    "objective": often("elbo", "importance_weighted"),
    "objective_options": often(
        (), ("samples=1",), ("samples=3", "gradient=doubly_reparameterized"), ("samples=0",)
    ),
    "regularizer": st.sampled_from(
        ["kl", "free_bits", "capacity", "total_correlation", "mmd", "dip", "kl", "kl"]
    ),
    "regularizer_options": often(
        (), ("kind=ii",), ("free_bits=1.5",), ("capacity=3", "steps=1"), ("estimator=stratified",),
        ("kernel=rbf", "kl_share=1"), ("weight=1e30",), ("weight=-1",), ("beta=NaN",),
    ),
    "kl_weight": often(1.0, 0.0, 1e-30, 1e6, 3e38, 1e308, -1.0),
    "kl_schedule": often("linear", "sigmoid", "cyclical"),
    "warmup_epochs": often(0, 1, 5),
    "warmup_steps": often(0, 1, 7),
    "epochs": st.sampled_from([1, 2]),
    "batch_size": often(3, 1, 2, 7, 64, 0),
    "learning_rate": often(1e-3, 1e-30, 1e3, 1e30, 1e38, 1e300, 0.0),
    "adam_epsilon": often(1e-7, 1e-30, 1e-300, 1.0),
    "clip_norm": often(None, 1.0, 1e-20, 1e300, 0.0),
    "skip_gradient_norm": often(None, 1.0, 1e-20, 1e300, 0.0),
    "stage_epochs": often((), (1,), (1, 1), (0,)),
    "stage_factor": often(0.5, 1e-30, 1e30, 1e308),
    "plateau_patience": often(5, 1),
    "early_stopping_patience": often(10, 1, None),
    "seed": often(0, 1, 2**32 - 1, 2**32, -1),
    "precision": often("float32", "mixed_bfloat16", "mixed_float16"),
}  # fmt: skip


# Some at a time: of forty odd settings one would always be refused.
SOME_SETTINGS = st.lists(st.sampled_from(sorted(SETTINGS)), max_size=9, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: SETTINGS[name] for name in names})
)


@st.composite
def image_arrays(draw: Any) -> np.ndarray:
    """Images of any shape and type, mostly in a range that some likelihood takes."""
    shape = draw(
        st.tuples(*[st.integers(1, 9)] * 2, st.sampled_from([1, 1, 3, 2]))
        | st.sampled_from([(8, 8, 1)])
    )
    count = draw(st.integers(1, 7))
    kind = draw(often("uint8", "float32", "float64", "float16", "bool", "int64", "object"))
    generator = np.random.default_rng(draw(st.integers(0, 3)))
    low, high = draw(often((0.0, 1.0), (-1.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.0, 255.0)))
    images = generator.uniform(low, high, (count, *shape))
    if kind == "uint8":
        images = 255.0 * images
    odd = draw(often(None, np.nan, np.inf, 1.0000001, 1e30))
    if odd is not None:
        images[0, 0, 0, 0] = odd
    with np.errstate(invalid="ignore", over="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return images.astype(kind)


def labels_of(images: np.ndarray, how: str) -> Any:
    count = len(images)
    return {
        "classes": np.arange(count) % 3,
        "none": None,
        "too few": np.zeros(max(count - 1, 0), "int64"),
        "outside": np.full(count, 99),
        "negative": np.full(count, -1),
        "floats": np.linspace(0, 1, count),
        "strings": np.array(["a"] * count),
        "columns": np.zeros((count, 1), "uint8"),
    }[how]


def trained(config: Config, images: np.ndarray, labels: Any, *, validated: bool) -> Any:
    """Do what a notebook does; return the model, its history and what stopped it."""
    num_classes = 3 if config.model == "conditional" else 0
    vae = build_model(config, images.shape[1:], num_classes=num_classes, images=images)
    vae.run_eagerly, vae.jit_compile, vae.steps_per_execution = True, False, 1  # no compilation
    callbacks = training_callbacks(config, validated=validated, train_images=len(images))
    history = vae.fit(
        images,
        labels,
        batch_size=config.batch_size,
        epochs=config.epochs,
        validation_data=(images, labels) if validated else None,
        callbacks=callbacks,
        verbose=0,
    ).history
    stop = next(one for one in callbacks if isinstance(one, StopOnDivergence))
    return vae, history, stop.message


@pytest.mark.thorough
@EXAMPLES
@given(
    given_settings=SOME_SETTINGS,
    images=image_arrays(),
    how=often("classes", "none", "too few", "outside", "negative", "floats", "strings", "columns"),
    validated=st.booleans(),
)
def test_trains_to_finite_numbers_or_is_refused(given_settings, images, how, validated):
    note(f"{images.shape} {images.dtype} {images.ravel()[0]} to {images.ravel()[-1]}")
    keras.utils.clear_session()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            config = Config(**given_settings)
            vae, history, stopped = trained(
                config, images, labels_of(images, how), validated=validated
            )
        except VAEKerasError as error:
            note(f"refused: {error}")
            assert "Received" in str(error)
            assert len(str(error).splitlines()) == 1
            return
    note(f"stopped: {stopped}")
    for variable in (*vae.weights, *vae.optimizer.variables):
        values = ops.convert_to_numpy(variable)
        # Where training was stopped: those of the last step that was well.
        assert np.isfinite(values).all(), variable.path
    if stopped is None:
        for name, values in history.items():
            assert np.isfinite(values).all(), (name, values)


@pytest.mark.parametrize("profile", [EXAMPLES])
def test_the_examples_are_neither_all_refused_nor_all_fine(profile):
    """Otherwise the test above would say little."""
    outcomes = []

    @settings(profile, max_examples=20)
    @given(given_settings=SOME_SETTINGS)
    def count(given_settings):
        try:
            Config(**given_settings)
            outcomes.append(True)
        except VAEKerasError:
            outcomes.append(False)

    count()
    assert 3 < sum(outcomes) < len(outcomes) - 1
