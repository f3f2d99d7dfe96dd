"""The contract of every training objective."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from vae_keras._types import KerasConfig, Prior, Tensor
from vae_keras.math import DiagonalGaussian


class LossTerms(NamedTuple):
    """Terms of the loss of one batch, in nats per image.

    Attributes:
        reconstruction: The likelihood's loss, shape `(batch,)`.
        kl: `KL(q(z | x) || p(z))`, also where the regulariser is another, shape `(batch,)`.
        scaled: What the loss adds to the reconstruction, shape `(batch,)`; for the evidence lower
            bound the weighted regulariser.
        weight: Weight of the regulariser, a scalar.
        total: The loss, `reconstruction + scaled`, shape `(batch,)`.
    """

    reconstruction: Tensor
    kl: Tensor
    scaled: Tensor
    weight: Tensor
    total: Tensor


class LatentRecord(Protocol):
    """The part that objectives read of the record that regularisers take."""

    @property
    def kl(self) -> Tensor: ...


@dataclass(frozen=True)
class Batch:
    """One batch as an objective sees it.

    Attributes:
        posterior: `q(z | x)` of each image.
        noise: Standard normal draws, shape `(samples * batch, latent_dim)`: `samples` of them for
            each image, one whole batch after another.
        reconstruction: Function from codes `(samples * batch, latent_dim)` to the likelihood's
            loss of each, shape `(samples * batch,)`.
        latent: Function from codes to the record that regularisers take.
        regularizer: The model's.
        prior: The model's.
        weight: Weight of the regulariser, a scalar.
    """

    posterior: DiagonalGaussian
    noise: Tensor
    reconstruction: Callable[[Tensor], Tensor]
    latent: Callable[[Tensor], LatentRecord]
    regularizer: Callable[[Any], Tensor]  # of what `latent` returns
    prior: Prior
    weight: Tensor


class Objective:
    """What training minimises: `objective(batch) -> LossTerms`.

    A member is registered with Keras, keeps each `__init__` argument as an attribute and returns
    them in `get_config`.

    Attributes:
        samples: Codes drawn for each image.
        is_log_likelihood_bound: Whether it is a bound on `log p(x)` by itself. It then takes no
            regulariser other than the KL divergence, and no likelihood that is not normalised.
    """

    samples: int = 1
    is_log_likelihood_bound: ClassVar[bool] = False

    def __call__(self, batch: Batch) -> LossTerms:
        raise NotImplementedError

    def get_config(self) -> KerasConfig:
        return {}

    @classmethod
    def from_config(cls, config: KerasConfig) -> "Objective":
        return cls(**config)
