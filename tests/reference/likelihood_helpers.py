"""What the references of every likelihood share: data, gradients, sums over an image."""

import keras
import numpy as np
from keras import ops

SHAPES = [(1, 1, 1), (4, 4, 1), (5, 7, 3), (3, 2, 4)]  # grey, RGB, non-square
UNIT, SYMMETRIC = (0.0, 1.0), (-1.0, 1.0)
RANGES = [UNIT, SYMMETRIC]
DTYPES = ["float16", "float32", "float64", "uint8"]  # the last one scaled, as the model does


def draw_images(shape, data_range, dtype, n=5):
    """Draw random images, in the range, of a type."""
    generator = np.random.default_rng(0)
    if dtype != "uint8":
        return generator.uniform(*data_range, (n, *shape)).astype(dtype)
    low, high = data_range
    levels = generator.integers(0, 256, (n, *shape)).astype("float32")
    return levels * np.float32((high - low) / 255.0) + np.float32(low)


def float_type(dtype):
    """Return the type that a decoder's output has next to images of `dtype`."""
    return "float32" if dtype == "uint8" else dtype


def per_image(values):
    """Sum what belongs to one image, in float64."""
    return np.asarray(values, "float64").reshape(len(values), -1).sum(axis=1)


def values_of(tensor):
    return ops.convert_to_numpy(tensor)


def gradient(function, values):
    """Gradient of the sum of `function(values)`, by the backend that runs."""
    values = np.asarray(values, "float32")
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        values = tf.constant(values)
        with tf.GradientTape() as tape:
            tape.watch(values)
            total = ops.sum(function(values))
        return tape.gradient(total, values).numpy()
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(lambda inputs: ops.sum(function(inputs)))(values))
    values = ops.convert_to_tensor(values).detach().requires_grad_(True)
    ops.sum(function(values)).backward()
    return values.grad.cpu().numpy()


def finite_differences(function, values, step=1e-6):
    """Central differences, in float64, of the sum of `function` over the batch."""
    values = np.asarray(values, "float64")
    result = np.zeros_like(values)
    for index in np.ndindex(values.shape):
        up, down = values.copy(), values.copy()
        up[index] += step
        down[index] -= step
        result[index] = (function(up).sum() - function(down).sum()) / (2 * step)
    return result
