import keras
import numpy as np
import pytest

import vae_keras
from vae_keras.errors import ArgumentError
from vae_keras.models import execution_arguments, multiplications_of
from vae_keras.models.fitting.execution import has_accelerator

BACKEND = keras.backend.backend()


@pytest.mark.backend
def test_defaults_by_backend():
    steps = {"tensorflow": 20, "jax": 50 if has_accelerator() else 1, "torch": 1}[BACKEND]
    assert execution_arguments() == {"jit_compile": "auto", "steps_per_execution": steps}
    assert execution_arguments(False, 1) == {"jit_compile": False, "steps_per_execution": 1}


@pytest.mark.parametrize(("name", "steps"), [("conv", 20), ("default", 20), ("stable_conv", 1)])
def test_a_step_that_takes_long_is_one_call(name, steps):
    """Of 20 of them nobody would see the progress, nor could stop them."""
    vae = vae_keras.build_model(vae_keras.preset(name), (28, 28, 1))
    assert vae.steps_per_execution == steps


def test_multiplications_by_hand():
    config = vae_keras.preset("conv").replace(filters=(3, 5), latent_dim=2)
    vae = vae_keras.build_model(config, (8, 8, 1))
    encoder = 4 * 4 * (3 * 3 * 1 * 3) + 2 * 2 * (3 * 3 * 3 * 5) + 2 * (20 * 2)
    decoder = 2 * 20 + 2 * 2 * (4 * 4 * 5 * 3) + 4 * 4 * (4 * 4 * 3 * 1)
    assert multiplications_of(vae.encoder) == encoder
    assert multiplications_of(vae.decoder) == decoder


@pytest.mark.backend
@pytest.mark.skipif(BACKEND != "torch", reason="a limit of PyTorch")
def test_pytorch_takes_one_step_at_a_time():
    with pytest.raises(ArgumentError, match=r"`steps_per_execution` must be 1 .* Received: .*=20"):
        execution_arguments(steps_per_execution=20)


def test_settings_reach_the_model():
    config = vae_keras.preset("mlp_400x2").replace(steps_per_execution=3, jit_compile=True)
    vae = vae_keras.build_model(config, (28, 28, 1))
    assert (vae.steps_per_execution, vae.jit_compile) == (3, True)
    assert vae.get_compile_config()["steps_per_execution"] == 1  # the file may be opened elsewhere


@pytest.mark.backend
@pytest.mark.skipif(BACKEND == "torch", reason="PyTorch takes one step at a time")
@pytest.mark.parametrize("n", [5, 16, 61])
@pytest.mark.thorough
def test_steps_in_one_call_are_the_steps_one_by_one(tiny_vae, make_images, n):
    """With fewer batches than a call takes, and with a smaller last one."""
    images = make_images(n, dtype="uint8")
    results = []
    for steps in (1, 4):
        vae = tiny_vae(optimizer="adam", compiled={"steps_per_execution": steps})
        history = vae.fit(
            images,
            batch_size=8,
            epochs=2,
            shuffle=False,
            verbose=0,
            validation_data=images,
            validation_batch_size=8,
        ).history
        results.append((history, vae.get_weights()))
    (one, weights), (several, others) = results
    for name, values in one.items():
        np.testing.assert_allclose(values, several[name], rtol=1e-5, err_msg=name)
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-4, atol=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_precision(policy, make_images):
    config = vae_keras.preset("conv").replace(filters=(4,), precision=policy, latent_dim=2)
    before = keras.config.dtype_policy().name
    with pytest.warns(UserWarning, match=f"`precision` {policy} is for a GPU"):
        vae = vae_keras.build_model(config, (8, 8, 1))
    assert keras.config.dtype_policy().name == before
    assert vae.dtype_policy.name == policy
    assert {layer.compute_dtype for layer in vae.encoder.layers} == {policy[6:], "float32"}
    assert {weight.dtype for weight in vae.trainable_variables} == {"float32"}
    images = make_images(32, dtype="uint8")
    losses = vae.fit(images, epochs=20, batch_size=8, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
