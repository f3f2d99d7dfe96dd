"""A decoder whose output starts at the mean image."""

import numpy as np

from vae_keras._types import Images
from vae_keras.errors import ArgumentError
from vae_keras.models.image_model import ImageModel

IMAGES_AT_ONCE = 10_000


def set_output_bias(model: ImageModel, images: Images) -> None:
    """Set the bias of the decoder's last layer so that it begins at the mean of some images.

    Training then need not learn first how bright each pixel is. A dense output layer gets the mean
    image, a convolution the mean of each channel.

    Args:
        model: The model; its likelihood tells which parameters have a given mean.
        images: Training images, shape `(n, height, width, channels)`, as for `fit`.

    Raises:
        ArgumentError: If the decoder's last layer of weights has no bias, or the likelihood has
            no parameters for a given mean.

    References:
        Burda et al. (2016). arXiv:1509.00519, in the authors' code.
    """
    model.decide_highest_integer(images)
    images = model.check_images(images)
    low, high = model.likelihood.data_range
    total = np.zeros(model.image_shape)
    for start in range(0, len(images), IMAGES_AT_ONCE):
        part = model.to_unit_range(images[start : start + IMAGES_AT_ONCE])
        total += part.sum(axis=0, dtype="float64")
    mean = low + (high - low) * total / len(images)

    weighted = [layer for layer in model.decoder.layers if layer.weights]
    bias = getattr(weighted[-1], "bias", None)
    if bias is None:
        raise ArgumentError(
            "`model` must have a decoder whose last layer of weights has a bias. "
            f"Received: {weighted[-1].name} without"
        )
    if bias.shape[0] != np.prod(model.decoder.output_shape[1:]):
        mean = mean.mean(axis=(0, 1))
    bias.assign(np.reshape(model.likelihood.parameters_from_mean(mean), (-1,)))
