"""What every member of every axis has to do, found by file and never named here."""

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
from vae_keras import presets
from vae_keras.math import DiagonalGaussian
from vae_keras.regularizers import LatentTerms

AXES = ("architectures", "likelihoods", "regularizers")
NAMES = {axis: presets.member_names(axis) for axis in AXES}
SHAPES = [(8, 8, 1), (9, 7, 3)]
LATENT_DIM = 3

# Each member at least once, the other axes at their first member.
FIRST = tuple(NAMES[axis][0] for axis in AXES)
CASES = sorted(
    {
        (*FIRST[:position], name, *FIRST[position + 1 :])
        for position, axis in enumerate(AXES)
        for name in NAMES[axis]
    }
)


def images(shape, n=4):
    """Return uint8 images, which every likelihood accepts."""
    return np.random.default_rng(0).integers(0, 256, (n, *shape)).astype("uint8")


def build(case, shape):
    keras.utils.set_random_seed(0)
    architecture, likelihood, regularizer = map(presets.member, AXES, case)
    likelihood = likelihood()
    parts = architecture(shape, LATENT_DIM, likelihood)
    vae = vae_keras.VAE(*parts, likelihood, regularizer(), seed=0)
    vae.compile(keras.optimizers.SGD(1e-4))
    return vae


def round_trip(part):
    return keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(part))


def weights_of(model):
    return [ops.convert_to_numpy(weight) for weight in model.trainable_variables]


def test_every_axis_has_members():
    assert all(NAMES.values())
    assert {name for case in CASES for name in case} == {n for ns in NAMES.values() for n in ns}


@pytest.mark.backend
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("architecture", "likelihood"),
    list(itertools.product(NAMES["architectures"], NAMES["likelihoods"])),
)
def test_architectures_build_for_every_likelihood(architecture, likelihood, shape):
    likelihood = presets.member("likelihoods", likelihood)()
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
    likelihood = presets.member("likelihoods", name)()
    again = round_trip(likelihood)
    assert type(again) is type(likelihood)
    assert again.get_config() == likelihood.get_config()
    low, high = likelihood.data_range
    assert low < high

    *size, channels = shape
    generator = np.random.default_rng(0)
    raw = generator.normal(size=(5, *size, channels * likelihood.parameters_per_channel))
    parameters = keras.activations.get(likelihood.output_activation)(
        ops.convert_to_tensor(raw, "float32")
    )
    x = generator.uniform(low, high, (5, *shape)).astype("float32")
    for values in (likelihood.log_prob(x, parameters), likelihood.loss(x, parameters)):
        values = ops.convert_to_numpy(values)
        assert values.shape == (5,)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    np.testing.assert_allclose(  # of one image, whatever else is in the batch
        ops.convert_to_numpy(likelihood.log_prob(x, parameters))[1:2],
        ops.convert_to_numpy(likelihood.log_prob(x[1:2], parameters[1:2])),
        rtol=1e-5,
    )
    mean = ops.convert_to_numpy(likelihood.mean(parameters))
    assert mean.shape == (5, *shape)
    assert mean.min() >= low and mean.max() <= high
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

    mean, log_var, codes = (
        np.random.default_rng(0).normal(size=(3, 5, LATENT_DIM)).astype("float32")
    )
    latent = LatentTerms(DiagonalGaussian(mean, log_var), codes)
    values = ops.convert_to_numpy(regularizer(latent))
    assert values.shape == (5,)
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(ops.convert_to_numpy(again(latent)), values)


@pytest.mark.backend
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_one_step_saves_and_loads(case, shape, tmp_path):
    vae, x = build(case, shape), images(shape)
    before = weights_of(vae)
    history = vae.fit(x, batch_size=len(x), verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    after = weights_of(vae)
    assert all(np.isfinite(weight).all() for weight in after)
    changed = [np.any(a != b) for a, b in zip(before, after, strict=True)]
    # ReLU heads that start at zero may keep a bias or two; nothing else may stand still.
    assert np.mean(changed) > 0.7

    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert type(loaded) is type(vae)
    # As JSON, in which a file holds it: no tuples.
    assert json.loads(json.dumps([loaded.get_config()])) == json.loads(
        json.dumps([vae.get_config()])
    )
    for a, b in zip(after, weights_of(loaded), strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(loaded.optimizer.iterations) == 1
    pictures = vae.reconstruct(x)
    assert pictures.shape == x.shape
    np.testing.assert_array_equal(loaded.reconstruct(x), pictures)
    assert loaded.evaluate(x, verbose=0) == vae.evaluate(x, verbose=0)


# The package first; `test_lazy_import.py` has Keras first.
LOADER = """
import json, sys
import vae_keras, keras
import numpy as np

for path in json.loads(sys.argv[1]):
    vae = keras.saving.load_model(path + ".keras", safe_mode=True)
    assert type(vae).__module__.startswith("vae_keras."), type(vae)
    expected = np.load(path + ".npz")
    np.testing.assert_array_equal(vae.reconstruct(expected["x"]), expected["pictures"])
    assert isinstance(vae.optimizer, keras.optimizers.SGD), type(vae.optimizer)
print("loaded")
"""


@pytest.mark.backend
@pytest.mark.slow
def test_models_load_in_a_new_process(tmp_path):
    paths = []
    for case in CASES:
        vae, x = build(case, SHAPES[0]), images(SHAPES[0])
        paths.append(str(tmp_path / "-".join(case)))
        vae.save(paths[-1] + ".keras")
        np.savez(paths[-1] + ".npz", x=x, pictures=vae.reconstruct(x))

    package_home = str(Path(vae_keras.__file__).parents[1])
    path = os.pathsep.join(filter(None, [package_home, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", LOADER, json.dumps(paths)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "loaded\n"
