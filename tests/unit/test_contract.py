"""What every member of every axis has to do, found by file and never named here."""

import inspect
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

import vae_keras
from vae_keras.config import presets
from vae_keras.errors import ArgumentError
from vae_keras.math import DiagonalGaussian
from vae_keras.models import labels_for
from vae_keras.objectives import Batch
from vae_keras.priors import StandardNormal
from vae_keras.regularizers import LatentTerms

AXES = ("architectures", "likelihoods", "regularizers", "priors", "objectives")
NAMES = {axis: presets.member_names(axis) for axis in AXES}
SHAPES = [(8, 8, 1), (9, 7, 3)]
LATENT_DIM = 3
LABELS = np.array([0, 1, 2, 1])

# What stands on the other axes where a member is tried: the first architecture, the first
# likelihood that has a density, and for the rest what the model takes if it is not told.
OTHERS = (
    NAMES["architectures"][0],
    next(name for name in NAMES["likelihoods"] if presets.member("likelihoods", name).normalized),
    None,
    None,
    None,
)
# By the options of an architecture that they need.
KINDS = {
    "vae": {},
    "conditional": {"num_classes": len(set(LABELS))},
    "autoencoder": {"variational": False},
}


def alone(axis, name):
    """Return a member among what stands on the other axes."""
    position = AXES.index(axis)
    return (*OTHERS[:position], name, *OTHERS[position + 1 :])


# Each member of each axis, and each kind of model with each architecture.
MODELS = [
    *dict.fromkeys(("vae", alone(axis, name)) for axis in AXES for name in NAMES[axis]),
    *(
        (kind, alone("architectures", name))
        for kind in list(KINDS)[1:]
        for name in NAMES["architectures"]
    ),
]
# The size of an image is the business of the first axis; likelihoods are called on both below.
MODELS_AND_SHAPES = [
    *((model, SHAPES[0]) for model in MODELS),
    *(
        pytest.param(("vae", alone("architectures", name)), SHAPES[1], marks=pytest.mark.thorough)
        for name in NAMES["architectures"]
    ),
]
# On TensorFlow a graph of each is traced in the thorough tests; the others have no such choice.
EAGER_OR_NOT = (
    [True, pytest.param(False, marks=pytest.mark.thorough)]
    if keras.backend.backend() == "tensorflow"
    else [False]
)


def label_of(value):
    """Return a name for pytest."""
    if value in SHAPES:
        return "x".join(map(str, value))
    kind, case = value
    return "-".join(filter(None, (kind, *case)))


def images(shape, n=4):
    """Return uint8 images, which every likelihood accepts."""
    return np.random.default_rng(0).integers(0, 256, (n, *shape)).astype("uint8")


def make_network(shape):
    images = keras.Input(shape)
    return keras.Model(images, keras.layers.Conv2D(2, 3, padding="same")(images))


# What a likelihood cannot do without, by the name of the parameter.
REQUIRED = {"network": make_network}


def make_likelihood(name, shape):
    member = presets.member("likelihoods", name)
    parameters = list(inspect.signature(member.__init__).parameters.values())[1:]
    required = [p.name for p in parameters if p.default is p.empty and p.kind != p.VAR_KEYWORD]
    return member(**{argument: REQUIRED[argument](shape) for argument in required})


def make_parts(names):
    """Return regulariser, prior and objective; `None`, the model's own, where there is no name."""
    return [
        None if name is None else presets.member(axis, name)()
        for axis, name in zip(AXES[2:], names, strict=True)
    ]


def build(model, shape):
    keras.utils.set_random_seed(0)
    kind, (architecture, likelihood, *names) = model
    architecture = presets.member("architectures", architecture)
    if kind == "autoencoder":
        likelihood = vae_keras.likelihoods.SquaredError()
        parts = architecture(shape, LATENT_DIM, likelihood, **KINDS[kind])
        built = vae_keras.Autoencoder(*parts, likelihood, seed=0)
    else:
        likelihood = make_likelihood(likelihood, shape)
        parts = architecture(shape, LATENT_DIM, likelihood, **KINDS[kind])
        regularizer, prior, objective = make_parts(names)
        member = vae_keras.ConditionalVAE if kind == "conditional" else vae_keras.VAE
        built = member(*parts, likelihood, regularizer, prior=prior, objective=objective, seed=0)
    built.compile(keras.optimizers.SGD(1e-4))
    return built


def round_trip(part):
    return keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(part))


def weights_of(model):
    return [ops.convert_to_numpy(weight) for weight in model.trainable_variables]


def test_every_axis_has_members():
    assert all(NAMES.values())
    tried = {(axis, name) for _, case in MODELS for axis, name in zip(AXES, case, strict=True)}
    assert tried >= {(axis, name) for axis in AXES for name in NAMES[axis]}


@pytest.mark.parametrize(
    ("architecture", "likelihood", "shape"),
    [
        *itertools.product(NAMES["architectures"], NAMES["likelihoods"], SHAPES[1:]),
        *itertools.product(NAMES["architectures"], OTHERS[1:2], SHAPES[:1]),
    ],
)
def test_architectures_build_for_every_likelihood(architecture, likelihood, shape):
    likelihood = make_likelihood(likelihood, shape)
    encoder, decoder = presets.member("architectures", architecture)(shape, LATENT_DIM, likelihood)
    assert encoder.output_shape == [(None, LATENT_DIM)] * 2
    *size, channels = shape
    assert decoder.output_shape == (None, *size, channels * likelihood.parameters_per_channel)
    for part in (encoder, decoder):
        again = part.__class__.from_config(part.get_config())
        assert again.count_params() == part.count_params() > 0
        assert again.get_config() == part.get_config()


@pytest.mark.backend
@pytest.mark.parametrize("name", NAMES["likelihoods"])
@pytest.mark.parametrize("shape", SHAPES)
def test_likelihoods(name, shape):
    likelihood = make_likelihood(name, shape)
    again = round_trip(likelihood)
    assert type(again) is type(likelihood)
    assert again.get_config() == likelihood.get_config()
    low, high = likelihood.data_range
    assert low < high

    *size, channels = shape
    generator = np.random.default_rng(0)
    raw = generator.normal(size=(5, *size, channels * likelihood.parameters_per_channel))
    activation = keras.activations.get(likelihood.output_activation)
    parameters = activation(ops.convert_to_tensor(raw, "float32"))
    x = generator.uniform(low, high, (5, *shape)).astype("float32")
    functions = [likelihood.loss]
    if likelihood.normalized:
        functions.append(likelihood.log_prob)
    else:
        with pytest.raises(ArgumentError, match=r"Received: .*$"):
            likelihood.log_prob(x, parameters)
    for function in functions:
        values = ops.convert_to_numpy(function(x, parameters))
        assert values.shape == (5,)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        one = ops.convert_to_numpy(function(x[1:2], parameters[1:2]))
        np.testing.assert_allclose(values[1:2], one, rtol=1e-5)  # whatever else is in the batch
    in_training = ops.convert_to_numpy(likelihood.loss(x, parameters, training=True))
    assert in_training.shape == (5,)
    assert np.isfinite(in_training).all()
    mean = ops.convert_to_numpy(likelihood.mean(parameters))
    assert mean.shape == (5, *shape)
    assert mean.min() >= low and mean.max() <= high
    wanted = low + (high - low) * np.linspace(0.1, 0.9, mean[0].size).reshape(shape)
    raw = likelihood.parameters_from_mean(wanted)
    assert raw.shape == parameters.shape[1:]
    assert raw.dtype == np.float32
    from_raw = likelihood.mean(activation(ops.convert_to_tensor(raw[None])))
    np.testing.assert_allclose(ops.convert_to_numpy(from_raw)[0], wanted, atol=1e-5)
    ends = likelihood.parameters_from_mean(np.array([[low], [high]]))
    assert np.isfinite(ends).all()
    draw = ops.convert_to_numpy(likelihood.sample(parameters, seed=1))
    assert draw.shape == (5, *shape)
    assert np.isfinite(draw).all()


@pytest.mark.backend
@pytest.mark.parametrize("name", NAMES["regularizers"])
def test_regularizers(name):
    regularizer = presets.member("regularizers", name)()
    again = round_trip(regularizer)
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()

    mean, log_var, codes, prior_codes = (
        np.random.default_rng(0).normal(size=(4, 5, LATENT_DIM)).astype("float32")
    )
    optional = {"prior_codes": prior_codes, "dataset_size": 100, "step": 3.0}
    assert set(regularizer.needs) <= set(optional)
    given = {name: optional[name] for name in regularizer.needs}
    latent = LatentTerms(DiagonalGaussian(mean, log_var), codes, StandardNormal(), **given)
    values = ops.convert_to_numpy(regularizer(latent))
    assert values.shape == (5,)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(ops.convert_to_numpy(again(latent)), values)
    if not regularizer.batch_level:  # of one image, whatever else is in the batch
        one = LatentTerms(DiagonalGaussian(mean[1:2], log_var[1:2]), codes[1:2], StandardNormal())
        np.testing.assert_allclose(ops.convert_to_numpy(regularizer(one)), values[1:2], rtol=1e-5)


@pytest.mark.backend
@pytest.mark.parametrize("name", NAMES["priors"])
def test_priors(name):
    prior = presets.member("priors", name)()
    prior.build((None, LATENT_DIM))
    assert prior.latent_dim == LATENT_DIM
    again = round_trip(prior)
    assert type(again) is type(prior)
    assert again.get_config() == prior.get_config()
    again.set_weights(prior.get_weights())

    codes = ops.convert_to_numpy(prior.sample(5, seed=1))
    assert codes.shape == (5, LATENT_DIM)
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(codes, ops.convert_to_numpy(again.sample(5, seed=1)))
    posterior = DiagonalGaussian(codes, np.full_like(codes, -1.0))
    values = [prior.log_prob(codes), prior.kl(posterior, codes)]
    if prior.factorized:
        each = ops.convert_to_numpy(prior.kl_per_dimension(posterior))
        assert each.shape == (5, LATENT_DIM)
        np.testing.assert_allclose(each.sum(axis=1), ops.convert_to_numpy(values[1]), rtol=1e-5)
    for value in map(ops.convert_to_numpy, values):
        assert value.shape == (5,)
        assert value.dtype == np.float32
        assert np.isfinite(value).all()
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again.log_prob(codes)), ops.convert_to_numpy(values[0])
    )


@pytest.mark.backend
@pytest.mark.parametrize("name", NAMES["objectives"])
def test_objectives(name):
    objective = presets.member("objectives", name)()
    again = round_trip(objective)
    assert type(again) is type(objective)
    assert again.get_config() == objective.get_config()
    assert isinstance(objective.samples, int) and objective.samples > 0

    generator = np.random.default_rng(0)
    mean, log_var = generator.normal(size=(2, 5, LATENT_DIM)).astype("float32")
    noise = generator.normal(size=(objective.samples * 5, LATENT_DIM)).astype("float32")
    posterior, prior = DiagonalGaussian(mean, log_var), StandardNormal()
    batch = Batch(
        posterior=posterior,
        noise=noise,
        reconstruction=lambda codes: ops.sum(ops.square(codes - 1.0), axis=-1),
        latent=lambda codes: LatentTerms(posterior, codes, prior),
        regularizer=vae_keras.regularizers.KL(),
        prior=prior,
        weight=ops.convert_to_tensor(0.5),
    )
    terms = objective(batch)
    for value in (terms.reconstruction, terms.kl, terms.scaled, terms.total):
        value = ops.convert_to_numpy(value)
        assert value.shape == (5,)
        assert value.dtype == np.float32
        assert np.isfinite(value).all()
    assert float(terms.weight) == 0.5
    reconstruction, scaled, total = (
        ops.convert_to_numpy(value) for value in (terms.reconstruction, terms.scaled, terms.total)
    )
    np.testing.assert_allclose(reconstruction + scaled, total, rtol=1e-5)
    np.testing.assert_array_equal(ops.convert_to_numpy(again(batch).total), total)


def assert_finite_or_refused(fits, likelihood, parts):
    """Assert that a VAE of these has a finite loss, or cannot be made if they do not fit."""
    regularizer, prior, objective = make_parts(parts)
    networks = presets.member("architectures", OTHERS[0])(SHAPES[0], LATENT_DIM, likelihood)

    def make():
        options = {"prior": prior, "objective": objective, "seed": 0}
        return vae_keras.VAE(*networks, likelihood, regularizer, **options)

    if not fits:
        with pytest.raises(ArgumentError, match=r"must .* Received: .*$"):
            make()
        return
    vae, x = make(), images(SHAPES[0])
    for training in (True, False):
        total = ops.convert_to_numpy(vae.loss_terms(x, training=training).total)
        assert total.shape == (len(x),)
        assert np.isfinite(total).all()


@pytest.mark.parametrize(
    ("regularizer", "prior", "objective"), list(itertools.product(*map(NAMES.get, AXES[2:])))
)
def test_members_go_together_or_say_why_not(regularizer, prior, objective):
    names = (regularizer, prior, objective)
    regularizer, prior, objective = map(presets.member, AXES[2:], names)
    fits = (prior.factorized or not regularizer.needs_factorized_prior) and (
        not objective.is_log_likelihood_bound or issubclass(regularizer, vae_keras.regularizers.KL)
    )
    assert_finite_or_refused(fits, make_likelihood(OTHERS[1], SHAPES[0]), names)


@pytest.mark.parametrize(
    ("likelihood", "objective"),
    list(itertools.product(NAMES["likelihoods"], NAMES["objectives"])),
)
def test_bounds_on_a_density_want_one(likelihood, objective):
    likelihood = make_likelihood(likelihood, SHAPES[0])
    bound = presets.member("objectives", objective).is_log_likelihood_bound
    fits = likelihood.normalized or not bound
    assert_finite_or_refused(fits, likelihood, (None, None, objective))


@pytest.mark.backend
@pytest.mark.filterwarnings("ignore:.* changes over .* steps and training has done 1")
@pytest.mark.parametrize(("model", "shape"), MODELS_AND_SHAPES, ids=label_of)
@pytest.mark.parametrize("eager", EAGER_OR_NOT)
def test_one_step_saves_and_loads(model, shape, eager, tmp_path):
    built, x = build(model, shape), images(shape)
    built.run_eagerly = eager
    label = labels_for(built, LABELS)
    before = weights_of(built)
    history = built.fit(x, label, batch_size=len(x), verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    after = weights_of(built)
    assert all(np.isfinite(weight).all() for weight in after)
    changed = [np.any(a != b) for a, b in zip(before, after, strict=True)]
    # ReLU heads that start at zero may keep a bias or two; nothing else may stand still.
    assert np.mean(changed) > 0.7

    built.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(built)
    # As JSON, in which a file holds it: no tuples.
    assert json.loads(json.dumps([loaded.get_config()])) == json.loads(
        json.dumps([built.get_config()])
    )
    for a, b in zip(after, weights_of(loaded), strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(loaded.optimizer.iterations) == 1
    for one in (built, loaded):  # the step above was compiled; TensorFlow need not trace more
        one.run_eagerly = keras.backend.backend() == "tensorflow"
    pictures = built.reconstruct(x, label=label)
    assert pictures.shape == x.shape
    np.testing.assert_array_equal(loaded.reconstruct(x, label=label), pictures)
    assert loaded.evaluate(x, label, verbose=0) == built.evaluate(x, label, verbose=0)


# The package first; `test_lazy_import.py` has Keras first.
LOADER = """
import json, sys
import vae_keras, keras
import numpy as np

for path in json.loads(sys.argv[1]):
    model = keras.saving.load_model(path + ".keras", safe_mode=True)
    model.run_eagerly = keras.backend.backend() == "tensorflow"  # a graph would take longer
    assert type(model).__module__.startswith("vae_keras."), type(model)
    expected = np.load(path + ".npz")
    label = expected["label"] if model.num_classes else None
    pictures = model.reconstruct(expected["x"], label=label)
    np.testing.assert_array_equal(pictures, expected["pictures"])
    assert isinstance(model.optimizer, keras.optimizers.SGD), type(model.optimizer)
print("loaded")
"""


@pytest.mark.backend
@pytest.mark.thorough
def test_models_load_in_a_new_process(tmp_path):
    paths = []
    for model in MODELS:
        built, x = build(model, SHAPES[0]), images(SHAPES[0])
        built.run_eagerly = keras.backend.backend() == "tensorflow"
        paths.append(str(tmp_path / label_of(model)))
        built.save(paths[-1] + ".keras")
        pictures = built.reconstruct(x, label=labels_for(built, LABELS))
        np.savez(paths[-1] + ".npz", x=x, label=LABELS, pictures=pictures)

    package_home = str(Path(vae_keras.__file__).parents[1])
    path = os.pathsep.join(filter(None, [package_home, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", LOADER, json.dumps(paths)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "loaded\n"
