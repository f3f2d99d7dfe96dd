"""One tiny model and its images, built once: most callbacks are driven by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vae_keras import VAE
from vae_keras.architectures import mlp
from vae_keras.likelihoods import SquaredError

MakeVAE = Callable[..., VAE]


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """Sixteen random images, 4 x 4, float in `[0, 1]`."""
    return np.random.default_rng(0).random((16, 4, 4, 1), "float32")


@pytest.fixture(scope="session")
def make_vae() -> MakeVAE:
    """Return a function that builds and compiles a model; eager, as it is trained for moments."""

    def make(*, learning_rate: float = 1e-3, **options: Any) -> VAE:
        import keras

        keras.utils.set_random_seed(0)
        likelihood = SquaredError()
        parts = mlp((4, 4, 1), 2, likelihood, encoder_units=(4,))
        vae = VAE(*parts, likelihood, seed=0, **options)
        vae.compile(keras.optimizers.Adam(learning_rate), run_eagerly=True)
        return vae

    return make


@pytest.fixture
def vae(make_vae: MakeVAE) -> VAE:
    """A model of final KL weight 1."""
    return make_vae()
