"""A KL divergence that is held at a rising target."""

import keras
from keras import ops

from vae_keras._types import KerasConfig, Tensor
from vae_keras.checks import not_negative, positive_integer
from vae_keras.regularizers.base import (
    LatentTerms,
    Regularizer,
    same_for_every_image,
)
from vae_keras.schedules import Linear


@keras.saving.register_keras_serializable("vae_keras")
class Capacity(Regularizer):
    """`weight |mean KL - C(step)|`, with a target `C` that rises from 0 to `capacity`.

    The information in the codes grows a few nats at a time: the absolute value also pulls up a KL
    divergence below the target. The mean is over the images of the batch, as in the published
    code, and each image gets the value of its batch. Validation uses the last target, `capacity`.

    Args:
        capacity: Last target in nats, >= 0. Defaults to `25.0`.
        steps: Training steps until it is reached, > 0. Defaults to `100_000`.
        weight: The paper's gamma, >= 0; at the model's KL weight 1 it is the whole weight.
            Defaults to `100.0`.

    Raises:
        ArgumentError: If an argument is out of its range or not finite, or `steps` is not an
            integer.

    Example:
        >>> VAE(encoder, decoder, Bernoulli(), Capacity(10.0, steps=20_000))

    References:
        Burgess et al. (2018), eq. 8. arXiv:1804.03599
    """

    needs = ("step",)
    batch_level = True

    def __init__(self, capacity: float = 25.0, steps: int = 100_000, weight: float = 100.0) -> None:
        self.capacity = not_negative("capacity", capacity)
        self.steps = positive_integer("steps", steps)
        self.weight = not_negative("weight", weight)

    def __call__(self, latent: LatentTerms) -> Tensor:
        target = self.capacity * Linear(self.steps)(latent.step)
        distance = ops.abs(ops.mean(latent.kl) - target)
        return same_for_every_image(self.weight * distance, latent)

    def get_config(self) -> KerasConfig:
        return {"capacity": self.capacity, "steps": self.steps, "weight": self.weight}
