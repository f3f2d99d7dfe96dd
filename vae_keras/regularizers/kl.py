"""The KL divergence of the evidence lower bound."""

import keras

from vae_keras.math import Tensor
from vae_keras.regularizers.base import LatentTerms, Regularizer


@keras.saving.register_keras_serializable("vae_keras")
class KL(Regularizer):
    """`KL(q(z | x) || p(z))` in nats for each image; in closed form where the prior has one.

    With weight 1 the loss is the negative evidence lower bound; with another weight, that of a
    beta-VAE.

    References:
        Kingma & Welling (2014). arXiv:1312.6114; Higgins et al. (2017), beta-VAE, ICLR.
    """

    def __call__(self, latent: LatentTerms) -> Tensor:
        return latent.kl
