"""Strided and transposed convolutions in other forms: which one a backend runs fastest.

    python benchmarks/convolution_forms.py
    KERAS_BACKEND=jax python benchmarks/convolution_forms.py --xla

Trains the four layers of `conv` (1-32-64, strides of 2, and back by transposed 4 x 4) in each form
and prints milliseconds a step. All forms must give the same loss. `native` is Keras' operation;
`blocks` a 2 x 2 convolution at half the size, whose channels hold blocks of 2 x 2 pixels;
`product` a matrix product for each place, whose overlapping results are added up.
"""

import argparse
import logging
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import ops

BATCH = 128
# Forms of the two convolutions and the two transposed ones.
FORMS = {
    "native": ("native", "native", "native", "native"),
    "blocks": ("blocks", "blocks", "blocks", "blocks"),
    "transposed as blocks": ("native", "native", "blocks", "blocks"),
    "last as product": ("native", "native", "native", "product"),
    "blocks, last as product": ("native", "native", "blocks", "product"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--xla", action="store_true", help="on TensorFlow; JAX always has it")
    arguments = parser.parse_args()
    logging.getLogger("tensorflow").setLevel("ERROR")  # "retracing": five functions are meant
    steps = {name: compiled(forms, xla=arguments.xla) for name, forms in FORMS.items()}
    losses = {name: step() for name, step in steps.items()}
    for name, loss in losses.items():
        if not np.isclose(loss, losses["native"], rtol=1e-5):
            raise SystemExit(f"{name} gives {loss}, native {losses['native']}")
    rounds: dict[str, list] = {name: [] for name in steps}
    for _ in range(arguments.rounds):
        for name, step in steps.items():
            wall, cpu = time.perf_counter(), time.process_time()
            step()
            rounds[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    print(f"{keras.backend.backend()}{' with XLA' if arguments.xla else ''}, ms a step:")
    for name, times in rounds.items():
        wall, cpu = (1000 * statistics.median(one[clock] for one in times) for clock in (0, 1))
        print(f"  {name:<24} wall {wall:7.1f}  processor {cpu:7.1f}")


def compiled(forms: tuple[str, ...], *, xla: bool):
    """Return a function that computes loss and gradients once and returns the loss."""
    generator = np.random.default_rng(0)
    shapes = [(3, 3, 1, 32), (3, 3, 32, 64), (4, 4, 32, 64), (4, 4, 1, 32)]
    weights = [(0.1 * generator.normal(size=shape)).astype("float32") for shape in shapes]
    images = generator.uniform(size=(BATCH, 28, 28, 1)).astype("float32")

    def loss(weights, images):
        hidden = images
        for form, kernel in zip(forms[:2], weights[:2], strict=True):
            hidden = ops.relu(convolution(hidden, kernel, form))
        hidden = ops.relu(transposed(hidden, weights[2], forms[2]))
        return ops.sum(ops.square(transposed(hidden, weights[3], forms[3]) - images)) / BATCH

    if keras.backend.backend() == "jax":
        import jax

        both = jax.jit(jax.value_and_grad(loss))
        weights = [jax.numpy.asarray(one) for one in weights]
        images = jax.numpy.asarray(images)
        return lambda: float(jax.block_until_ready(both(weights, images))[0])
    import tensorflow as tf

    weights, images = [tf.constant(one) for one in weights], tf.constant(images)

    @tf.function(jit_compile=xla)
    def both():
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = loss(weights, images)
        return value, tape.gradient(value, weights)

    return lambda: float(both()[0])


def convolution(x, kernel, form):
    """3 x 3, stride 2, same padding."""
    if form == "native":
        return ops.conv(x, kernel, 2, "same")
    n, height, width, channels = x.shape
    x = ops.reshape(x, (n, height // 2, 2, width // 2, 2, channels))
    x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (n, height // 2, width // 2, -1))
    kernel = ops.pad(kernel, ((0, 1), (0, 1), (0, 0), (0, 0)))  # 4 x 4: 2 x 2 blocks
    kernel = ops.reshape(kernel, (2, 2, 2, 2, channels, -1))
    kernel = ops.reshape(ops.transpose(kernel, (0, 2, 1, 3, 4, 5)), (2, 2, 4 * channels, -1))
    return ops.conv(ops.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0))), kernel, 1, "valid")


def transposed(x, kernel, form):
    """4 x 4, stride 2, same padding; the kernel has shape `(4, 4, out, in)`."""
    if form == "native":
        return ops.conv_transpose(x, kernel, 2, "same")
    n, height, width, channels = x.shape
    out = kernel.shape[2]
    if form == "blocks":
        kernel = ops.reshape(ops.transpose(kernel, (0, 1, 3, 2)), (2, 2, 2, 2, channels, out))
        kernel = ops.flip(kernel, (0, 2))  # the first pixel of a window has the far taps
        kernel = ops.transpose(kernel, (0, 2, 4, 1, 3, 5))
        kernel = ops.reshape(kernel, (2, 2, channels, 4 * out))
        x = ops.conv(ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), kernel, 1, "valid")
        x = ops.reshape(x, (n, height + 1, width + 1, 2, 2, out))
        x = ops.reshape(
            ops.transpose(x, (0, 1, 3, 2, 4, 5)), (n, 2 * height + 2, 2 * width + 2, out)
        )
        return x[:, 1:-1, 1:-1]
    kernel = ops.reshape(ops.transpose(kernel, (3, 0, 1, 2)), (channels, 16 * out))
    y = ops.reshape(ops.matmul(ops.reshape(x, (-1, channels)), kernel), (n, height, -1))
    y = ops.reshape(y, (n, height, width, 4, 4, out))
    rows = _overlapped(y[:, :, :, 0], y[:, :, :, 1], y[:, :, :, 2], y[:, :, :, 3])
    y = ops.reshape(rows, (n * 2 * height, width, 4, out))
    columns = _overlapped(y[:, :, 0], y[:, :, 1], y[:, :, 2], y[:, :, 3])
    return ops.reshape(columns, (n, 2 * height, 2 * width, out))


def _overlapped(first, second, third, fourth):
    """Add what four taps of a stride of 2 give along axis 1, and set even beside odd."""
    rest = ((0, 0),) * (len(first.shape) - 2)
    even = second + ops.pad(fourth[:, :-1], ((0, 0), (1, 0), *rest))
    odd = third + ops.pad(first[:, 1:], ((0, 0), (0, 1), *rest))
    return ops.stack([even, odd], 2)


if __name__ == "__main__":
    main()
