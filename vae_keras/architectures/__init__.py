"""Architectures: `(image_shape, latent_dim, likelihood, ...) -> encoder, decoder`."""

# The function takes the place of the submodule of the same name, on purpose.
from vae_keras.architectures.conv import conv as conv
from vae_keras.architectures.mlp import mlp as mlp
from vae_keras.architectures.resnet import resnet as resnet
from vae_keras.architectures.stable_conv import stable_conv as stable_conv

__all__ = ["conv", "mlp", "resnet", "stable_conv"]
