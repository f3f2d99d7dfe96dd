"""Conditional and deterministic pairs, of every architecture."""

import itertools
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.architectures.blocks import with_labels
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import SquaredError

CLASSES = 4
VARIANTS = [(CLASSES, True), (0, False), (CLASSES, False)]
# Each variant at the size that is padded, and each other size once.
CASES = [
    *((variant, (9, 7, 3)) for variant in VARIANTS),
    *zip(itertools.cycle(VARIANTS), [(8, 8, 1), (28, 28, 1), (96, 64, 3), (1, 1, 1)], strict=False),
]


def one_hot(*labels):
    return np.eye(CLASSES, dtype="float32")[list(labels)]


def values_of(outputs):
    """Outputs of an encoder, two or one, as a list of arrays."""
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [ops.convert_to_numpy(output) for output in outputs]


@pytest.mark.parametrize(("variant", "shape"), CASES)
def test_shapes_and_round_trip(architecture, variant, shape):
    num_classes, variational = variant
    encoder, decoder = architecture(
        shape, 3, SquaredError(), num_classes=num_classes, variational=variational
    )
    assert encoder.output_shape == ([(None, 3), (None, 3)] if variational else (None, 3))
    assert decoder.output_shape == (None, *shape)
    labels = ["labels"] if num_classes else []
    assert [tensor.name for tensor in encoder.inputs] == ["images", *labels]
    assert [tensor.name for tensor in decoder.inputs] == ["codes", *labels]
    if num_classes:
        assert encoder.input_shape == [(None, *shape), (None, CLASSES)]
        assert decoder.input_shape == [(None, 3), (None, CLASSES)]
    if shape == (9, 7, 3):  # padded and cropped: computed too, and built again
        for part in (encoder, decoder):
            again = part.__class__.from_config(part.get_config())
            assert again.get_config() == part.get_config()
        images, hot = np.zeros((2, *shape), "float32"), one_hot(0, 1)
        codes = values_of(encoder([images, hot] if num_classes else images))
        assert [code.shape for code in codes] == [(2, 3)] * (1 + variational)
        pictures = decoder([codes[0], hot] if num_classes else codes[0])
        assert tuple(pictures.shape) == (2, *shape)


def test_deterministic_encoder_has_one_linear_head_less(architecture):
    encoder, decoder = architecture((8, 8, 1), 3, SquaredError())
    code_encoder, code_decoder = architecture((8, 8, 1), 3, SquaredError(), variational=False)
    head = code_encoder.get_layer("codes")
    assert head.activation is keras.activations.linear
    assert encoder.count_params() - code_encoder.count_params() == head.count_params()
    assert code_decoder.count_params() == decoder.count_params()


def test_labels_join_a_vector_as_they_are_and_a_grid_as_planes():
    images, labels = keras.Input((3, 5, 2)), keras.Input((CLASSES,))
    x = np.random.default_rng(0).random((2, 3, 5, 2), "float32")
    hot = one_hot(2, 0)
    joined = keras.Model([images, labels], with_labels(images, labels))([x, hot])
    planes = np.broadcast_to(hot[:, None, None], (2, 3, 5, CLASSES))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(joined), np.concatenate([x, planes], axis=-1)
    )

    vectors = keras.Input((6,))
    x = np.random.default_rng(0).random((2, 6), "float32")
    joined = keras.Model([vectors, labels], with_labels(vectors, labels))([x, hot])
    np.testing.assert_array_equal(ops.convert_to_numpy(joined), np.concatenate([x, hot], axis=-1))


@pytest.mark.parametrize("variational", [True, False])
def test_labels_change_the_outputs(architecture, variational):
    keras.utils.set_random_seed(0)
    encoder, decoder = architecture(
        (8, 8, 1), 8, SquaredError(), num_classes=CLASSES, variational=variational
    )
    images = np.repeat(np.random.default_rng(0).random((1, 8, 8, 1), "float32"), 3, axis=0)
    codes = np.repeat(np.random.default_rng(1).normal(size=(1, 8)).astype("float32"), 3, axis=0)
    hot = one_hot(0, 1, 0)
    for outputs in (encoder([images, hot]), decoder([codes, hot])):
        for values in values_of(outputs):
            assert np.abs(values[0] - values[1]).max() > 1e-4
            np.testing.assert_allclose(values[0], values[2], atol=1e-6)


@pytest.mark.backend
@pytest.mark.parametrize("variational", [True, False])
def test_gradients_reach_every_weight(architecture, variational):
    keras.utils.set_random_seed(0)
    encoder, decoder = architecture(
        (8, 8, 1), 8, SquaredError(), num_classes=CLASSES, variational=variational
    )
    inputs = encoder.inputs
    codes = encoder(inputs)
    codes = codes[0] + codes[1] if variational else codes
    pair = keras.Model(inputs, decoder([codes, inputs[1]]))
    eager = keras.backend.backend() == "tensorflow"  # a graph takes longer than the one step
    pair.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False, run_eagerly=eager)
    before = [ops.convert_to_numpy(weight) for weight in pair.trainable_weights]
    generator = np.random.default_rng(0)
    images = generator.random((8, 8, 8, 1), "float32")
    labels = one_hot(*generator.integers(0, CLASSES, 8))
    pair.fit([images, labels], images, verbose=0)
    for weight, was in zip(pair.trainable_weights, before, strict=True):
        now = ops.convert_to_numpy(weight)
        assert np.isfinite(now).all()
        assert np.any(now != was), weight.path


@pytest.mark.parametrize("num_classes", [-1, 2.5, "10", True, None])
def test_senseless_class_counts_are_argument_errors(architecture, num_classes):
    with pytest.raises(ArgumentError, match=r"`num_classes` must be an integer .*Received: num_"):
        architecture((8, 8, 1), 2, SquaredError(), num_classes=num_classes)


def test_class_count_may_come_from_labels(architecture):
    labels = np.array([0, 3, 1], "uint8")
    encoder, _ = architecture((8, 8, 1), 2, SquaredError(), num_classes=labels.max() + 1)
    assert encoder.input_shape[1] == (None, 4)
    json.dumps(encoder.get_config())


# The conditional pair has every layer and operation that the others have.
LOADER = """
import json, sys
import keras
import numpy as np

for path in json.loads(sys.argv[1]):
    saved = np.load(path + ".npz")
    encoder, decoder = (
        keras.saving.load_model(path + part + ".keras", safe_mode=True)
        for part in ("encoder", "decoder")
    )
    outputs = [*encoder([saved["images"], saved["labels"]])]
    outputs.append(decoder([saved["codes"], saved["labels"]]))
    for name, output in zip(("z_mean", "z_log_var", "parameters"), outputs, strict=True):
        output = keras.ops.convert_to_numpy(output)
        np.testing.assert_allclose(output, saved[name], rtol=1e-5, atol=1e-5)
assert not [name for name in sys.modules if name.startswith("vae_keras")]
print("loaded")
"""


@pytest.mark.thorough
def test_parts_load_without_the_package(architectures, tmp_path):
    generator = np.random.default_rng(0)
    images = generator.random((2, 9, 7, 3), "float32")
    codes = generator.normal(size=(2, 3)).astype("float32")
    labels = one_hot(1, 2)
    for name, build in architectures.items():
        encoder, decoder = build(images.shape[1:], 3, SquaredError(), num_classes=CLASSES)
        encoder.save(tmp_path / f"{name}encoder.keras")
        decoder.save(tmp_path / f"{name}decoder.keras")
        z_mean, z_log_var = values_of(encoder([images, labels]))
        (parameters,) = values_of(decoder([codes, labels]))
        np.savez(
            tmp_path / f"{name}.npz",
            **{"images": images, "codes": codes, "labels": labels},
            **{"z_mean": z_mean, "z_log_var": z_log_var, "parameters": parameters},
        )

    paths = json.dumps([str(tmp_path / name) for name in architectures])
    done = subprocess.run(
        [sys.executable, "-c", LOADER, paths],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "loaded\n"
