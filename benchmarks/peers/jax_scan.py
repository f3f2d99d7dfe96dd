"""A bare JAX loop: images on the device, one jitted `lax.scan` for a whole epoch, Adam by hand.

Nothing is left out of the epoch (shuffling, the last partial batch, the mean loss), and nothing is
added to it: about what a GPU allows this program. On a CPU, XLA's convolutions are slow inside a
scan; `scan=False` is a jitted step in a Python loop.
"""

import math
from functools import partial

import jax
import numpy as np
from base import Contender, Task, Unsuited
from jax import lax
from jax import numpy as jnp

# Layers as (kind, name, ...): dense (in, out), conv and transposed (side, in, out, stride).
_NETWORKS = {
    "conv": (
        [("conv", 3, 1, 32, 2), "relu", ("conv", 3, 32, 64, 2), "relu", "flatten"],
        3136,
        [
            ("code", 3136),
            ("grid", 7, 64),
            ("transposed", 4, 64, 32, 2),
            "relu",
            ("transposed", 4, 32, 1, 2),
        ],
    ),
    "mlp_400x2": (
        ["flatten", ("dense", 784, 400), "relu", ("dense", 400, 400), "relu"],
        400,
        [("code", 400), "relu", ("dense", 400, 400), "relu", ("dense", 400, 784)],
    ),
    "stable_conv": (
        [
            *[("conv", 5, 1, 128, 1), "relu", ("conv", 3, 128, 64, 2), "relu"],
            *[("conv", 3, 64, 64, 1), "relu", ("conv", 3, 64, 64, 1), "relu"],
            *["flatten", ("dense", 14 * 14 * 64, 32), "relu"],
        ],
        32,
        [
            *[("code", 14 * 14 * 64), "relu", ("grid", 14, 64)],
            *[("transposed", 3, 64, 64, 1), "relu", ("transposed", 3, 64, 64, 1), "relu"],
            *[("transposed", 3, 64, 64, 2), "relu", ("transposed", 5, 64, 128, 1), "relu"],
            ("transposed", 5, 128, 1, 1),
        ],
    ),
}
_LAYOUT = ("NHWC", "HWIO", "NHWC")


def initial(key, layers, latent_dim):
    """Return kernel and bias of each layer that has them, Glorot-uniform and zero."""
    weights = []
    for layer in layers:
        kind, *sizes = layer if isinstance(layer, tuple) else (layer,)
        if kind in ("conv", "transposed"):
            side, inputs, outputs, _ = sizes
            shape, fans = (side, side, inputs, outputs), side * side * (inputs + outputs)
        elif kind in ("dense", "code"):
            shape = tuple(sizes) if kind == "dense" else (latent_dim, *sizes)
            fans = sum(shape)
        else:
            continue
        key, draw = jax.random.split(key)
        limit = math.sqrt(6 / fans)
        kernel = jax.random.uniform(draw, shape, minval=-limit, maxval=limit)
        weights.append((kernel, jnp.zeros(shape[-1])))
    return weights


def applied(layers, weights, x):
    """Run the layers."""
    weights = iter(weights)
    for layer in layers:
        kind, *sizes = layer if isinstance(layer, tuple) else (layer,)
        if kind == "relu":
            x = jax.nn.relu(x)
        elif kind == "flatten":
            x = x.reshape(len(x), -1)
        elif kind == "grid":
            x = x.reshape(len(x), sizes[0], sizes[0], sizes[1])
        else:
            kernel, bias = next(weights)
            if kind == "conv":
                stride = (sizes[-1], sizes[-1])
                x = lax.conv_general_dilated(x, kernel, stride, "SAME", dimension_numbers=_LAYOUT)
            elif kind == "transposed":
                stride = (sizes[-1], sizes[-1])
                x = lax.conv_transpose(x, kernel, stride, "SAME", dimension_numbers=_LAYOUT)
            else:
                x = x @ kernel
            x = x + bias
    return x


class Scan(Contender):
    packages = ("jax",)

    def __init__(self, task: Task, *, scan=True) -> None:
        super().__init__(task)
        if scan and task.architecture != "mlp_400x2" and self.device() == "cpu":
            raise Unsuited("on a CPU, XLA's convolutions are slow in a scan; see jax_loop")
        self.epoch = self._scanned_epoch if scan else self._stepped_epoch
        self.encoder, features, self.decoder = _NETWORKS[task.architecture]
        self.key, *draws = jax.random.split(jax.random.key(task.seed), 5)
        head = [("dense", features, task.latent_dim)]
        weights = {
            "encoder": initial(draws[0], self.encoder, task.latent_dim),
            "mean": initial(draws[1], head, task.latent_dim),
            "log_var": initial(draws[2], head, task.latent_dim),
            "decoder": initial(draws[3], self.decoder, task.latent_dim),
        }
        zeros = jax.tree.map(jnp.zeros_like, weights)
        self.state = (weights, zeros, jax.tree.map(jnp.zeros_like, weights), jnp.zeros((), int))

    def _posterior(self, weights, x):
        hidden = applied(self.encoder, weights["encoder"], x)
        mean = applied([("dense",)], weights["mean"], hidden)
        log_var = applied([("dense",)], weights["log_var"], hidden)
        if self.task.architecture == "stable_conv":
            return jax.nn.relu(mean), jax.nn.relu(log_var)
        return mean, log_var

    def _logits(self, weights, codes):
        return applied(self.decoder, weights["decoder"], codes).reshape(len(codes), -1)

    def _loss(self, weights, x, key):
        mean, log_var = self._posterior(weights, x)
        codes = mean + jnp.exp(log_var / 2) * jax.random.normal(key, mean.shape)
        logits, x = self._logits(weights, codes), x.reshape(len(x), -1)
        if self.task.likelihood == "bernoulli":
            pixels = jnp.sum(jax.nn.softplus(logits) - x * logits)
        else:
            pixels = jnp.sum(jnp.square(x - jax.nn.sigmoid(logits)))
        kl = -0.5 * jnp.sum(1 + log_var - mean**2 - jnp.exp(log_var))
        return (pixels + kl) / len(x)

    def _step(self, state, images, key):
        x = images.astype("float32") / 255
        weights, first, second, count = state
        loss, gradient = jax.value_and_grad(self._loss)(weights, x, key)
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = self.task.learning_rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        weights = jax.tree.map(
            lambda w, m, v: w - rate * m / (jnp.sqrt(v) + self.task.epsilon),
            *(weights, first, second),
        )
        return (weights, first, second, count), loss

    def _stepped_epoch(self, state, images, key):
        order_key, key = jax.random.split(key)
        order = np.asarray(jax.random.permutation(order_key, len(images)))
        total, size = 0.0, self.task.batch_size
        for number, part in enumerate(np.split(order, range(size, len(order), size))):
            state, loss = self._jitted_step(state, images, part, key, number)
            total = total + loss * len(part)
        return state, total / len(images)

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def _jitted_step(self, state, images, part, key, number):
        return self._step(state, images[part], jax.random.fold_in(key, number))

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def _scanned_epoch(self, state, images, key):
        size = self.task.batch_size
        whole = len(images) // size
        order_key, key = jax.random.split(key)
        order = jax.random.permutation(order_key, len(images))

        def step(state, batch):
            part, number = batch
            return self._step(state, images[part], jax.random.fold_in(key, number))

        losses = jnp.zeros(0)
        if whole:
            batches = order[: whole * size].reshape(whole, size)
            state, losses = lax.scan(step, state, (batches, jnp.arange(whole)))
        total = losses.sum() * size
        rest = order[whole * size :]
        if len(rest):
            state, loss = step(state, (rest, whole))
            total = total + loss * len(rest)
        return state, total / len(images)

    def prepare(self, images):
        return jnp.asarray(images)

    def train(self, data, epochs):
        for _ in range(epochs):
            self.key, key = jax.random.split(self.key)
            self.state, loss = self.epoch(self.state, data, key)
            float(loss)  # what a loop prints
        jax.block_until_ready(self.state)

    @partial(jax.jit, static_argnums=0)
    def _encoded(self, weights, images):
        return self._posterior(weights, images.astype("float32") / 255)

    @partial(jax.jit, static_argnums=0)
    def _decoded(self, weights, codes):
        return jax.nn.sigmoid(self._logits(weights, codes))

    @partial(jax.jit, static_argnums=0)
    def _reconstructed(self, weights, images):
        return self._decoded(weights, self._encoded(weights, images)[0])

    def _in_batches(self, function, data):
        size = self.task.inference_batch_size
        return [function(self.state[0], data[i : i + size]) for i in range(0, len(data), size)]

    def reconstruct(self, data):
        return np.concatenate(self._in_batches(self._reconstructed, data))

    def encode(self, data):
        parts = zip(*self._in_batches(self._encoded, data), strict=True)
        return tuple(np.concatenate(part) for part in parts)

    def decode(self, codes):
        return np.concatenate(self._in_batches(self._decoded, codes))

    def parameters(self):
        return sum(weight.size for weight in jax.tree.leaves(self.state[0]))

    def device(self):
        device = jax.devices()[0]
        return "cpu" if device.platform == "cpu" else device.device_kind

    def device_memory(self):
        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")


contender = Scan
