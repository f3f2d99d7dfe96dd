"""The autoencoder without a distribution over its codes."""

from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import Tensor
from vae_keras.likelihoods import Likelihood, SquaredError
from vae_keras.models.compatibility import check_parts, check_squared_error
from vae_keras.models.image_model import ImageModel
from vae_keras.models.images import to_data_range
from vae_keras.models.loss import reduce_and_track, target_of_batch, weights_of_pixels


@keras.saving.register_keras_serializable("vae_keras")
class Autoencoder(ImageModel):
    """Plain autoencoder: mean squared error per pixel value, no regulariser.

    A baseline for a VAE. It is not a generative model: nothing keeps its codes together, and there
    is no prior to sample from; a mixture fitted to the codes (`vae_keras.generation`) can stand in.

    Args:
        encoder: Model `images -> codes`, from an architecture with `variational=False`.
        decoder: Model `codes -> images`, built for `likelihood`.
        likelihood: A `SquaredError`, which sets the range of the images and the activation of the
            output. Defaults to `SquaredError()`.
        **kwargs: `seed`, `skip_gradient_norm` and `highest_integer`, see `ImageModel`; `name` and
            the like.

    Raises:
        ArgumentError: If the parts do not fit each other.

    Example:
        >>> parts = mlp((28, 28, 1), 32, SquaredError(), variational=False)
        >>> autoencoder = Autoencoder(*parts)
        >>> autoencoder.compile("adam")
        >>> autoencoder.fit(x_train)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Likelihood | None = None,
        **kwargs: Any,
    ) -> None:
        likelihood = SquaredError() if likelihood is None else likelihood
        check_parts(encoder, decoder, likelihood, heads=1)
        check_squared_error(likelihood)
        super().__init__(encoder, decoder, likelihood, **kwargs)

    def call(self, x: Tensor, training: bool | None = None) -> Tensor:
        codes = self.encoder(to_data_range(x, self), training=training)
        return self.likelihood.mean(self.decoder(codes, training=training))

    def loss_of_batch(self, data: Any, *, training: bool) -> Tensor:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        target = target_of_batch(y, self.image_shape)
        self._track_range(x, target, training=training)
        weights = weights_of_pixels(sample_weight, self.image_shape)
        x, target, weights = self._augmented(x, target, weights, training=training)
        x = to_data_range(x, self)
        target = x if target is None else to_data_range(target, self)
        reconstruction = self.decoder(self.encoder(x, training=training), training=training)
        squares = ops.square(target - reconstruction)
        if weights is None:
            errors = ops.mean(squares, axis=self._pixels)
        else:
            weights = ops.broadcast_to(weights, ops.shape(squares))
            seen = ops.sum(weights, axis=self._pixels)
            errors = ops.divide_no_nan(ops.sum(weights * squares, axis=self._pixels), seen)
        return reduce_and_track(self, errors, sample_weight, [(self.recon_tracker, errors)])

    @property
    def _pixels(self) -> tuple[int, ...]:
        """The axes of a batch that hold the values of one image."""
        return tuple(range(1, len(self.image_shape) + 1))

    def anomaly_score(self, x: Any, *, batch_size: int | None = None) -> np.ndarray:
        """Score how odd each image is to the model: the error of its reconstruction.

        Args:
            x: Images.
            batch_size: Images at a time. Defaults to 256, fewer of large images.

        Returns:
            Mean squared error per pixel value, in the likelihood's range, shape `(n,)`.
        """
        return self._of_images(self._image_errors, x, None, batch_size)[0]

    def _image_errors(self, images: Tensor, label: Tensor | None) -> tuple[Tensor]:
        target = to_data_range(images, self)
        return (ops.mean(ops.square(target - self(images, training=False)), axis=self._pixels),)
