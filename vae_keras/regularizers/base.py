"""The contract of every regulariser of the codes."""

from typing import Any, NamedTuple

from vae_keras.math import DiagonalGaussian, Tensor


class LatentTerms(NamedTuple):
    """What a regulariser may look at: one record, so that new members need no new arguments.

    Attributes:
        posterior: `q(z | x)` of each image.
        codes: The draw `z` that was decoded, shape `(batch, latent_dim)`.
    """

    posterior: DiagonalGaussian
    codes: Tensor


class Regularizer:
    """A penalty on the codes: `regularizer(latent_terms) -> (batch,)`, in nats.

    Weighted by the model's KL weight and added to the reconstruction loss. A member is
    registered with Keras, keeps each `__init__` argument as an attribute and returns them in
    `get_config`.
    """

    def __call__(self, latent: LatentTerms) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Regularizer":
        return cls(**config)
