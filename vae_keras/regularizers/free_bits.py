"""A KL divergence that does not penalise the first nats of each latent dimension."""

import keras
from keras import ops

from vae_keras._types import KerasConfig, Tensor
from vae_keras.checks import not_negative
from vae_keras.math import sum_per_image
from vae_keras.regularizers.base import LatentTerms, Regularizer


@keras.saving.register_keras_serializable("vae_keras")
class FreeBits(Regularizer):
    """`sum_j max(free_bits, mean KL_j)`, the mean of each dimension over the images of the batch.

    A dimension gains nothing by carrying less than `free_bits`, so that it is not given up early
    in training. As published, the maximum is over the mean of the batch, not over each image. An
    image has its own KL divergence in the dimensions above the threshold, and the threshold in the
    others; the mean over the batch is then the formula, with its gradient.

    Args:
        free_bits: Nats for each latent dimension, >= 0; 0 is the KL divergence. Defaults to `0.5`.

    Raises:
        ArgumentError: If `free_bits` is negative or not finite.

    Example:
        >>> VAE(encoder, decoder, Bernoulli(), FreeBits(0.25))

    References:
        Kingma et al. (2016), eq. 15. arXiv:1606.04934
    """

    needs_factorized_prior = True
    batch_level = True

    def __init__(self, free_bits: float = 0.5) -> None:
        self.free_bits = not_negative("free_bits", free_bits)

    def __call__(self, latent: LatentTerms) -> Tensor:
        kl = latent.prior.kl_per_dimension(latent.posterior)
        free_bits = ops.cast(self.free_bits, "float32")
        above = ops.mean(kl, axis=0) >= free_bits
        return sum_per_image(ops.where(above, kl, free_bits))

    def get_config(self) -> KerasConfig:
        return {"free_bits": self.free_bits}
