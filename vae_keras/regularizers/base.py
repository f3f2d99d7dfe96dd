"""The contract of every regulariser of the codes."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from keras import ops

from vae_keras._types import KerasConfig, Prior, Tensor
from vae_keras.math import DiagonalGaussian


@dataclass(frozen=True)
class LatentTerms:
    """What a regulariser may use, in one record, so that new members need no new arguments.

    Attributes:
        posterior: `q(z | x)` of each image.
        codes: The draw `z` that was decoded, shape `(batch, latent_dim)`.
        prior: `p(z)`, a `vae_keras.priors` member.
        prior_codes: A draw from the prior, shape `(batch, latent_dim)`; only for members that
            list it in `needs`.
        dataset_size: Images of the training set, a scalar; only for members that list it.
        step: Training steps done before this one, a scalar; infinite in validation, which
            uses the end of a schedule. Only for members that list it.
    """

    posterior: DiagonalGaussian
    codes: Tensor
    prior: Prior
    prior_codes: Tensor = None
    dataset_size: Tensor = None
    step: Tensor = None

    @cached_property
    def kl(self) -> Tensor:
        """`KL(q(z | x) || p(z))` in nats, shape `(batch,)`; an estimate from the codes where the
        prior has no closed form. Computed once for all readers."""
        return self.prior.kl(self.posterior, self.codes)


class Regularizer:
    """A penalty on the codes: `regularizer(latent_terms) -> (batch,)`, in nats.

    Weighted by the model's KL weight and added to the reconstruction loss. A member is
    registered with Keras, keeps each `__init__` argument as an attribute and returns them in
    `get_config`.

    Attributes:
        needs: Names of the optional fields of `LatentTerms` that it reads.
        needs_factorized_prior: Whether it needs the KL divergence of each latent dimension.
        batch_level: Whether the value of an image depends on the other images of its batch, and
            so on the batch size.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    needs_factorized_prior: ClassVar[bool] = False
    batch_level: ClassVar[bool] = False

    def __call__(self, latent: LatentTerms) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> KerasConfig:
        return {}

    @classmethod
    def from_config(cls, config: KerasConfig) -> "Regularizer":
        return cls(**config)


def same_for_every_image(value: Tensor, latent: LatentTerms) -> Tensor:
    """Return a scalar of the batch as the value of each of its images, shape `(batch,)`."""
    return ops.broadcast_to(value, ops.shape(latent.codes)[:1])
