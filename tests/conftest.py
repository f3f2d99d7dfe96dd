"""Settings of every test process, and small models and images to try things on."""

import gc
import os

# Read when Keras, TensorFlow and matplotlib are first imported, so before the lines below.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["VAE_KERAS_OFFLINE"] = "1"

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

# A worker holds millions of objects, of graphs above all: to look through them as often as Python
# does by default takes a tenth of the time.
gc.set_threshold(20_000, 20, 50)


@pytest.fixture
def make_images() -> Callable[..., np.ndarray]:
    """Return a function that draws random float images, or uint8 ones."""

    def make(
        n: int = 10, shape: tuple[int, ...] = (8, 8, 1), *, seed: int = 0, dtype: str = "float32"
    ) -> np.ndarray:
        images = np.random.default_rng(seed).integers(0, 256, (n, *shape)).astype("uint8")
        return images if dtype == "uint8" else (images / 255.0).astype(dtype)

    return make


@pytest.fixture
def tiny_vae() -> Callable[..., Any]:
    """Return a function that builds a compiled VAE of 8 x 8 images, the same for the same seed.

    Without `compiled` it runs eagerly on TensorFlow, where tracing the graph of a step takes ten
    times as long as the step; a test that is about the graph gives `compiled={}`.
    """

    def build(
        shape: tuple[int, int, int] = (8, 8, 1),
        latent_dim: int = 2,
        *,
        likelihood: Any = None,
        optimizer: Any = "sgd",
        learning_rate: float = 1e-3,
        seed: int = 0,
        compiled: dict[str, Any] | None = None,
        architecture: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Any:
        import keras

        from vae_keras import VAE
        from vae_keras.architectures import mlp
        from vae_keras.likelihoods import SquaredError

        keras.utils.set_random_seed(seed)
        likelihood = SquaredError() if likelihood is None else likelihood
        options = {"encoder_units": (8,), **(architecture or {})}
        vae = VAE(*mlp(shape, latent_dim, likelihood, **options), likelihood, seed=seed, **settings)
        if compiled is None:
            compiled = {"run_eagerly": True} if keras.backend.backend() == "tensorflow" else {}
        vae.compile(keras.optimizers.get(optimizer), **compiled)
        vae.optimizer.learning_rate = learning_rate
        return vae

    return build


@pytest.fixture
def half_floats() -> Any:
    """Make float16 Keras' default float, as a user may; what counts in float32 must still do so."""
    import keras

    before = keras.config.floatx()
    keras.config.set_floatx("float16")
    yield
    keras.config.set_floatx(before)
