"""The highest float32 rate that this machine shows: a large product, by each library there is.

Which library is fastest depends on the machine, so each gets its turn in a process of its own and
the best of all is the denominator; the name says what it was. A 1 x 1 convolution is a matrix
product that goes through the library's convolutions (oneDNN, cuDNN). A 3 x 3 one may be computed
with fewer multiplications than are counted, so it is not among them.

`python peak.py LIBRARY [SECONDS]` prints the rates of one library as JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

LIBRARIES = ("numpy", "torch", "jax", "tensorflow")
# Small enough to end between two interruptions of a machine that has other work.
SIZE, GPU_SIZE = 1024, 8192
IMAGES, SIDE, CHANNELS = 16, 28, 256


def measured_peak(seconds: float) -> dict[str, Any]:
    """Measure all libraries; return the best, what it was, and all rates, GFLOP/s.

    Args:
        seconds: How long each product is repeated.
    """
    rates: dict[str, float] = {}
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    for library in LIBRARIES:
        done = subprocess.run(
            [sys.executable, __file__, library, str(seconds)],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        if done.returncode == 0:
            rates.update(json.loads(done.stdout.splitlines()[-1]))
    best = max(rates, key=lambda name: rates[name]) if rates else None
    return {"gflops": rates.get(best), "what": best, "all": rates}


def _best(work: Callable[[], Any], flop: float, seconds: float) -> float:
    """Return the rate of the fastest repeat: what the machine can do, load aside. GFLOP/s."""
    work()
    work()
    fastest, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        work()
        fastest = min(fastest, time.perf_counter() - began)
    return round(flop / fastest / 1e9, 1)


def _product_flop(size: int) -> float:
    return 2.0 * size**3


def _convolution_flop(images: int) -> float:
    return 2.0 * images * SIDE * SIDE * CHANNELS * CHANNELS


def _numpy(seconds):
    import numpy as np

    a = np.random.default_rng(0).standard_normal((SIZE, SIZE)).astype("float32")
    return {"NumPy matrix product": _best(lambda: a @ a, _product_flop(SIZE), seconds)}


def _torch(seconds):
    import torch

    cuda = torch.cuda.is_available()
    torch.set_float32_matmul_precision("high")
    device, size, images = ("cuda", GPU_SIZE, 40 * IMAGES) if cuda else ("cpu", SIZE, IMAGES)
    wait = torch.cuda.synchronize if cuda else lambda: None
    a = torch.randn(size, size, device=device)
    x = torch.randn(images, CHANNELS, SIDE, SIDE, device=device)
    x = x.contiguous(memory_format=torch.channels_last)
    kernel = torch.randn(CHANNELS, CHANNELS, 1, 1, device=device)
    with torch.inference_mode():
        return {
            "PyTorch matrix product": _best(lambda: (a @ a, wait()), _product_flop(size), seconds),
            "PyTorch 1 x 1 convolution": _best(
                lambda: (torch.nn.functional.conv2d(x, kernel), wait()),
                _convolution_flop(images),
                seconds,
            ),
        }


def _jax(seconds):
    import jax
    from jax import numpy as jnp

    gpu = jax.devices()[0].platform != "cpu"
    size, images = (GPU_SIZE, 40 * IMAGES) if gpu else (SIZE, IMAGES)
    a = jax.random.normal(jax.random.key(0), (size, size))
    x = jax.random.normal(jax.random.key(1), (images, SIDE, SIDE, CHANNELS))
    kernel = jax.random.normal(jax.random.key(2), (1, 1, CHANNELS, CHANNELS))
    product = jax.jit(jnp.matmul)
    layout = ("NHWC", "HWIO", "NHWC")
    convolution = jax.jit(
        lambda x, k: jax.lax.conv_general_dilated(x, k, (1, 1), "SAME", dimension_numbers=layout)
    )
    return {
        "JAX matrix product": _best(
            lambda: product(a, a).block_until_ready(), _product_flop(size), seconds
        ),
        "JAX 1 x 1 convolution": _best(
            lambda: convolution(x, kernel).block_until_ready(), _convolution_flop(images), seconds
        ),
    }


def _tensorflow(seconds):
    import tensorflow as tf

    gpu = bool(tf.config.list_physical_devices("GPU"))
    size, images = (GPU_SIZE, 40 * IMAGES) if gpu else (SIZE, IMAGES)
    a = tf.random.normal((size, size))
    x = tf.random.normal((images, SIDE, SIDE, CHANNELS))
    kernel = tf.random.normal((1, 1, CHANNELS, CHANNELS))
    product = tf.function(lambda a: tf.linalg.matmul(a, a))
    convolution = tf.function(lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"))
    # Reading one value of the result is how one waits for it.
    return {
        "TensorFlow matrix product": _best(
            lambda: product(a)[0, 0].numpy(), _product_flop(size), seconds
        ),
        "TensorFlow 1 x 1 convolution": _best(
            lambda: convolution(x, kernel)[0, 0, 0, 0].numpy(), _convolution_flop(images), seconds
        ),
    }


if __name__ == "__main__":
    measure = {"numpy": _numpy, "torch": _torch, "jax": _jax, "tensorflow": _tensorflow}
    print(json.dumps(measure[sys.argv[1]](float(sys.argv[2]) if len(sys.argv) > 2 else 1.5)))
