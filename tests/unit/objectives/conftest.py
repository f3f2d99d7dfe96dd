"""Batches as objectives see them, of a decoder that is one matrix, and gradients."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.math import DiagonalGaussian
from vae_keras.objectives import Batch
from vae_keras.priors import StandardNormal
from vae_keras.regularizers import KL, LatentTerms

KERNEL = np.array([[1.0, -0.5, 0.3], [0.2, 0.8, -1.0]], "float32")


@pytest.fixture
def kernel() -> np.ndarray:
    """The decoder, from two latent dimensions to three pixel values."""
    return KERNEL


@pytest.fixture
def arrays() -> Callable[..., tuple[np.ndarray, ...]]:
    """Return a function that draws images, posteriors and noise.

    With `copies` there is one image again and again, and each copy has draws of its own.
    """

    def draw(
        images: int = 4, samples: int = 1, *, copies: int = 1, seed: int = 0
    ) -> tuple[np.ndarray, ...]:
        generator = np.random.default_rng(seed)
        x = 2.0 * generator.normal(size=(images, 3))
        mean = generator.normal(size=(images, 2))
        log_var = generator.normal(size=(images, 2)) - 2.0
        noise = generator.normal(size=(samples * images * copies, 2))
        tiled = (np.repeat(one, copies, axis=0) for one in (x, mean, log_var))
        return tuple(one.astype("float32") for one in (*tiled, noise))

    return draw


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    """Return a function that makes a batch of tensors or arrays; the loss is half the squares."""

    def make(
        x: Any,
        mean: Any,
        log_var: Any,
        noise: Any,
        *,
        kernel: Any = KERNEL,
        weight: float = 1.0,
        regularizer: Any = None,
        prior: Any = None,
    ) -> Batch:
        posterior = DiagonalGaussian(*map(ops.convert_to_tensor, (mean, log_var)))
        prior = prior or StandardNormal()
        samples = len(noise) // len(x)

        def reconstruction(codes: Any) -> Any:
            expected = ops.matmul(codes, ops.convert_to_tensor(kernel))
            return 0.5 * ops.sum(ops.square(ops.tile(x, (samples, 1)) - expected), axis=-1)

        return Batch(
            posterior=posterior,
            noise=ops.convert_to_tensor(noise),
            reconstruction=reconstruction,
            latent=lambda codes: LatentTerms(posterior, codes, prior),
            regularizer=regularizer or KL(),
            prior=prior,
            weight=ops.convert_to_tensor(weight, "float32"),
        )

    return make


@pytest.fixture
def gradients_of() -> Callable[..., list[np.ndarray]]:
    """Return a function that takes the gradient of a scalar for each of some arrays."""

    def gradients(function: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
        inputs = [ops.convert_to_tensor(array) for array in arrays]
        if keras.backend.backend() == "jax":
            import jax

            values = jax.jit(jax.grad(function, argnums=tuple(range(len(inputs)))))(*inputs)
        elif keras.backend.backend() == "torch":
            import torch

            inputs = [one.requires_grad_() for one in inputs]
            values = torch.autograd.grad(function(*inputs), inputs)
        else:
            import tensorflow as tf

            with tf.GradientTape() as tape:
                tape.watch(inputs)
                value = function(*inputs)
            values = tape.gradient(value, inputs)
        return [ops.convert_to_numpy(value).astype("float64") for value in values]

    return gradients
