"""The evidence lower bound, with the regulariser of the model."""

import keras

from vae_keras.math import reparameterize
from vae_keras.objectives.base import Batch, LossTerms, Objective


@keras.saving.register_keras_serializable("vae_keras")
class ELBO(Objective):
    """`reconstruction + weight * regularizer`, from one code drawn for each image.

    With the regulariser `KL` and weight 1 this is the negative evidence lower bound.

    References:
        Kingma & Welling (2014), eq. 7. arXiv:1312.6114
    """

    def __call__(self, batch: Batch) -> LossTerms:
        codes = reparameterize(batch.posterior, batch.noise)
        latent = batch.latent(codes)
        reconstruction = batch.reconstruction(codes)
        scaled = batch.weight * batch.regularizer(latent)
        return LossTerms(
            reconstruction, latent.kl, scaled, batch.weight, total=reconstruction + scaled
        )
