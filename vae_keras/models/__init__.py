"""Models: a VAE is a composition of an encoder, a decoder, a likelihood and a regulariser."""

from vae_keras.models.vae import VAE

__all__ = ["VAE"]
