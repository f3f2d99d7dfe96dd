"""Architectures: `(image_shape, latent_dim, likelihood, ...) -> encoder, decoder`.

The arguments and the result that every member shares:

- `image_shape` is `(height, width, channels)`, of any size: a size that the strides do not divide
  is padded with zeros, and cropped again at the end.
- `latent_dim` is the size of a code.
- `likelihood` decides the channels and the activation of the decoder's last layer.
- `num_classes` is the size of the one-hot labels that both models of a conditional pair take as
  their second input; 0 builds a pair without labels.
- `variational` tells whether the encoder gives a distribution of codes; if not, one linear layer
  gives the codes themselves.
- The result is `(encoder, decoder)`, two functional models of Keras' own layers: images to
  `(z_mean, z_log_var)`, or to codes; codes to the likelihood's parameters. With classes they take
  `[images, labels]` and `[codes, labels]`.
"""

# The function takes the place of the submodule of the same name, on purpose.
from vae_keras.architectures.conv import conv as conv
from vae_keras.architectures.mlp import mlp as mlp
from vae_keras.architectures.resnet import resnet as resnet
from vae_keras.architectures.stable_conv import stable_conv as stable_conv

__all__ = ["conv", "mlp", "resnet", "stable_conv"]
