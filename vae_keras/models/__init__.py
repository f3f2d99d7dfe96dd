"""Models: a composition of an encoder, a decoder and a member of each other axis."""

from vae_keras.models.autoencoder import Autoencoder
from vae_keras.models.conditional_vae import ConditionalVAE
from vae_keras.models.fitting.data_parallel import check_batch_size
from vae_keras.models.fitting.execution import (
    execution_arguments,
    execution_facts,
    has_accelerator,
    multiplications_of,
    step_memory,
)
from vae_keras.models.image_model import ImageModel, labels_for
from vae_keras.models.inference.log_likelihood import LogLikelihood
from vae_keras.models.output_bias import set_output_bias
from vae_keras.models.vae import VAE

__all__ = [
    "VAE",
    "Autoencoder",
    "ConditionalVAE",
    "ImageModel",
    "LogLikelihood",
    "check_batch_size",
    "execution_arguments",
    "execution_facts",
    "has_accelerator",
    "labels_for",
    "multiplications_of",
    "set_output_bias",
    "step_memory",
]
