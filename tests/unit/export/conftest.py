"""Small models of every kind, untrained, with weights that are not all near zero."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import vae_keras
from vae_keras.config import presets


@pytest.fixture
def make_model() -> Callable[..., Any]:
    """Return a function that builds a model of a kind from members by name."""

    def make(
        kind: str = "vae",
        architecture: str = "mlp",
        likelihood: str = "squared_error",
        shape: tuple[int, int, int] = (8, 8, 1),
        *,
        options: dict[str, Any] | None = None,
        **likelihood_options: Any,
    ) -> Any:
        keras.utils.set_random_seed(0)
        member = presets.member("likelihoods", likelihood)
        if likelihood == "perceptual":
            images = keras.Input(shape)
            network = keras.Model(images, keras.layers.Conv2D(2, 3)(images))
            likelihood_options = {"network": network}
        built = member(**likelihood_options)
        kinds: dict[str, Any] = {
            "vae": (vae_keras.VAE, {}),
            "conditional": (vae_keras.ConditionalVAE, {"num_classes": 3}),
            "autoencoder": (vae_keras.Autoencoder, {"variational": False}),
        }
        model, more = kinds[kind]
        if architecture == "mlp":
            more = {"encoder_units": (16,), **more}
        parts = presets.member("architectures", architecture)(
            shape, 3, built, **more, **(options or {})
        )
        return model(*parts, built, seed=0)

    return make


@pytest.fixture
def pixels(make_images: Callable[..., np.ndarray]) -> np.ndarray:
    """Three uint8 images of 8 x 8, one black and one white."""
    images = make_images(3, dtype="uint8")
    images[0], images[1] = 0, 255
    return images
