"""Gradients of a scalar function: the backend's own, and by central differences."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops


def value_and_gradients(function: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """Return the value and the gradient for each of `arrays`, on whichever backend runs."""
    inputs = [ops.convert_to_tensor(array, "float32") for array in arrays]
    if keras.backend.backend() == "jax":
        import jax

        with_gradient = jax.value_and_grad(function, argnums=tuple(range(len(inputs))))
        value, gradients = jax.jit(with_gradient)(*inputs)
    elif keras.backend.backend() == "torch":
        import torch

        inputs = [one.requires_grad_() for one in inputs]
        value = function(*inputs)
        gradients = torch.autograd.grad(value, inputs)
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = function(*inputs)
        gradients = tape.gradient(value, inputs)
    return [ops.convert_to_numpy(one) for one in (value, *gradients)]


def finite_differences(
    function: Callable[..., float], *arrays: np.ndarray, step: float = 1e-5
) -> list[np.ndarray]:
    """Return the gradient for each of `arrays`, of a function of float64 arrays."""
    inputs = [np.array(array, "float64") for array in arrays]
    gradients = [np.zeros_like(one) for one in inputs]
    for one, gradient in zip(inputs, gradients, strict=True):
        for index in np.ndindex(one.shape):
            value = one[index]
            one[index] = value + step
            up = function(*inputs)
            one[index] = value - step
            gradient[index] = (up - function(*inputs)) / (2 * step)
            one[index] = value
    return gradients
