"""A KL divergence and a penalty on the covariance of the codes."""

import keras
from keras import ops

from vae_keras._types import KerasConfig, Tensor
from vae_keras.checks import not_negative, one_of
from vae_keras.math import DiagonalGaussian
from vae_keras.regularizers.base import (
    LatentTerms,
    Regularizer,
    same_for_every_image,
)

KINDS = ("i", "ii")
_PUBLISHED_RATIO = {"i": 10.0, "ii": 1.0}  # of `diagonal` to `off_diagonal`


@keras.saving.register_keras_serializable("vae_keras")
class DIP(Regularizer):
    """DIP-VAE: the KL divergence, and the distance of the codes' covariance from the identity.

    `KL + off_diagonal sum_{i != j} C_ij^2 + diagonal sum_i (C_ii - 1)^2`. `C` is the covariance
    over the batch, divided by the batch size: for kind `"i"` of the posteriors' means, for kind
    `"ii"` of the codes, which has the mean of the posteriors' variances added on the diagonal.
    A batch of one image has a covariance of 0. The two moments are estimates from one batch, so use
    batches that are large compared with the latent dimension.

    Args:
        kind: `"i"` or `"ii"`. Defaults to `"i"`.
        off_diagonal: Weight off the diagonal, >= 0. Defaults to `10.0`.
        diagonal: Weight on the diagonal, >= 0. Defaults to `None`, the published ratio: 10 times
            `off_diagonal` for kind `"i"`, the same for `"ii"`.

    Raises:
        ArgumentError: If `kind` is unknown, or a weight is negative or not finite.

    Example:
        >>> VAE(encoder, decoder, Bernoulli(), DIP("ii", off_diagonal=5.0))

    References:
        Kumar et al. (2018), eqs. 6 and 7. arXiv:1711.00848
    """

    batch_level = True

    def __init__(
        self, kind: str = "i", off_diagonal: float = 10.0, diagonal: float | None = None
    ) -> None:
        self.kind = one_of("kind", kind, KINDS)
        self.off_diagonal = not_negative("off_diagonal", off_diagonal)
        self.diagonal = None if diagonal is None else not_negative("diagonal", diagonal)

    def __call__(self, latent: LatentTerms) -> Tensor:
        covariance = self._covariance(latent.posterior)
        identity = ops.eye(covariance.shape[-1], dtype="float32")
        diagonal = self.diagonal
        if diagonal is None:
            diagonal = _PUBLISHED_RATIO[self.kind] * self.off_diagonal
        weights = diagonal * identity + self.off_diagonal * (1.0 - identity)
        penalty = ops.sum(weights * ops.square(covariance - identity))
        return latent.kl + same_for_every_image(penalty, latent)

    def _covariance(self, posterior: DiagonalGaussian) -> Tensor:
        mean = ops.cast(posterior.mean, "float32")
        centered = mean - ops.mean(mean, axis=0)
        images = ops.cast(ops.shape(mean)[0], "float32")
        covariance = ops.matmul(ops.transpose(centered), centered) / images
        if self.kind == "i":
            return covariance
        variances = ops.exp(ops.cast(posterior.log_var, "float32"))
        return covariance + ops.diag(ops.mean(variances, axis=0))

    def get_config(self) -> KerasConfig:
        return {
            "kind": self.kind,
            "off_diagonal": self.off_diagonal,
            "diagonal": self.diagonal,
        }
