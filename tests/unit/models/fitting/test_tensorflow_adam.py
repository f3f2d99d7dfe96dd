import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("TensorFlow's kernel", allow_module_level=True)

from contextlib import nullcontext

from vae_keras.models.fitting.steps.tensorflow_adam import fused_adam


def trained(optimizer, *, fused, steps=5):
    generator = np.random.default_rng(0)
    weights = [
        keras.Variable(generator.normal(size=shape).astype("float32")) for shape in [(7, 3), (3,)]
    ]
    optimizer.build(weights)
    for _ in range(steps):
        gradients = [
            keras.ops.convert_to_tensor(generator.normal(size=weight.shape).astype("float32"))
            for weight in weights
        ]
        with fused_adam(optimizer) if fused else nullcontext():
            optimizer.apply(gradients, weights)
    return [keras.ops.convert_to_numpy(one) for one in (*weights, *optimizer.variables)]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"epsilon": 1e-3, "beta_1": 0.5, "beta_2": 0.9},
        {"global_clipnorm": 0.1},
        {"weight_decay": 0.1},
        {"use_ema": True},
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)},
    ],
)
def test_the_same_updates_as_kerass(arguments):
    optimizers = [keras.optimizers.Adam(**{"learning_rate": 0.1, **arguments}) for _ in range(2)]
    plain, fused = (
        trained(one, fused=fused) for one, fused in zip(optimizers, (False, True), strict=True)
    )
    for one, other in zip(plain, fused, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-6)
    assert optimizers[0].get_config() | {"name": ""} == optimizers[1].get_config() | {"name": ""}


@pytest.fixture
def calls(monkeypatch):
    """The calls of the kernel, while they are traced."""
    import tensorflow as tf

    calls = []
    kernel = tf.raw_ops.ResourceApplyAdam
    monkeypatch.setattr(
        tf.raw_ops, "ResourceApplyAdam", lambda **given: calls.append(1) or kernel(**given)
    )
    return calls


def test_the_kernel_is_used(calls):
    trained(keras.optimizers.Adam(), fused=True, steps=1)
    assert len(calls) == 2


@pytest.mark.parametrize(
    "optimizer",
    [keras.optimizers.AdamW(), keras.optimizers.Adam(amsgrad=True), keras.optimizers.SGD()],
)
def test_others_are_left_alone(optimizer, calls):
    trained(optimizer, fused=True, steps=1)
    assert not calls


def test_training_uses_it_and_leaves_the_optimizer_as_it_was(tiny_vae, make_images, calls):
    vae = tiny_vae(optimizer="adam")
    vae.fit(make_images(), verbose=0)
    assert len(calls) >= len(vae.trainable_variables)  # some graphs are traced twice
    assert "update_step" not in vars(vae.optimizer)
