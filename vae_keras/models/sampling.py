"""The reparameterisation layer."""

from typing import Any

import keras
from keras import ops

from vae_keras._types import Tensor
from vae_keras.backend.replicas import own_rows
from vae_keras.math import DiagonalGaussian, reparameterize


@keras.saving.register_keras_serializable("vae_keras")
class Sampling(keras.layers.Layer):
    """Draw codes from the approximate posterior, `z = mean + exp(log_var / 2) noise`.

    The layer draws when `training=True`; otherwise it returns the mean, so that inference gives
    the same reconstruction for the same image each time. The noise has a generator of its own,
    whose state is saved with the model (Keras would not save it): a training that continues from a
    file has the noise that it would have had without the break.

    Args:
        seed: Integer seed of the noise; `None` draws one. Defaults to `None`.
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Input shape:
        A pair `(z_mean, z_log_var)`, each `(batch, latent_dim)`.

    Output shape:
        `(batch, latent_dim)`, float32 under every dtype policy.

    Example:
        >>> z = Sampling(seed=1)([z_mean, z_log_var], training=True)
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Tensor:
        posterior = DiagonalGaussian(*inputs)
        if not training:
            return ops.cast(posterior.mean, "float32")
        images, *rest = ops.shape(posterior.mean)

        def draw(n: Any) -> Tensor:
            return keras.random.normal((n, *rest), seed=self.seed_generator)

        return reparameterize(posterior, own_rows(draw, images))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        store["seed_state"] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store: Any) -> None:
        self.seed_generator.state.assign(store["seed_state"][()])
