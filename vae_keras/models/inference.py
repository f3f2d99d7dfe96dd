"""What one does with a trained model: arrays in, arrays out, in batches."""

from typing import Any

import numpy as np

from vae_keras.errors import ArgumentError
from vae_keras.models.batching import BATCH_SIZE, in_batches


class Inference:
    """Methods that a notebook reaches for, all deterministic.

    Images are arrays `(n, height, width, channels)`, uint8 or float in the likelihood's range;
    what comes back is a float32 NumPy array in that range. A conditional model needs `label`, one
    class for all images or one for each; other models take none.
    """

    def encode(self: Any, x: Any, *, label: Any = None, batch_size: int = BATCH_SIZE) -> np.ndarray:
        """Encode images to codes, shape `(n, latent_dim)`: for a VAE the posterior's mean."""
        x = self.check_images(np.asarray(x))
        label = self.check_label(label, len(x))

        def batch_codes(images: np.ndarray, label: Any) -> tuple[Any]:
            return (self._encoded(images, label)[0],)

        return in_batches(batch_codes, x, label, batch_size=batch_size)[0]

    def decode(self: Any, z: Any, *, label: Any = None, batch_size: int = BATCH_SIZE) -> np.ndarray:
        """Decode codes `(n, latent_dim)` to expected images."""
        z = np.asarray(z, "float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim or not len(z):
            raise ArgumentError(
                f"`z` must have shape (n, {self.latent_dim}), n > 0. Received: z.shape={z.shape}"
            )
        label = self.check_label(label, len(z))

        def batch_mean(codes: np.ndarray, label: Any) -> tuple[Any]:
            inputs = self.decoder_inputs(codes, label)
            return (self.likelihood.mean(self.decoder(inputs, training=False)),)

        return in_batches(batch_mean, z, label, batch_size=batch_size)[0]

    def reconstruct(
        self: Any, x: Any, *, label: Any = None, batch_size: int = BATCH_SIZE
    ) -> np.ndarray:
        """Decode the code of each image: the same picture for the same image, always."""
        codes = self.encode(x, label=label, batch_size=batch_size)
        return self.decode(codes, label=label, batch_size=batch_size)

    def interpolate(
        self: Any, first: Any, second: Any, *, label: Any = None, steps: int = 8
    ) -> np.ndarray:
        """Decode the straight line between the codes of two images.

        Args:
            first: One image, shape `(height, width, channels)`.
            second: The other.
            label: Class of both, for a conditional model.
            steps: Number of images, both ends included, > 1.

        Returns:
            Images, shape `(steps, height, width, channels)`.
        """
        if steps < 2:
            raise ArgumentError(f"`steps` must be at least 2. Received: steps={steps!r}")
        start, end = self.encode(np.stack([np.asarray(first), np.asarray(second)]), label=label)
        line = start + np.linspace(0, 1, steps)[:, np.newaxis] * (end - start)
        return self.decode(line, label=label)

    def traverse(
        self: Any,
        x: Any = None,
        *,
        label: Any = None,
        low: float = -3.0,
        high: float = 3.0,
        steps: int = 9,
    ) -> np.ndarray:
        """Vary one latent dimension at a time and decode.

        Args:
            x: The image to start from, shape `(height, width, channels)`; the code 0 by default.
            label: Class of the images, for a conditional model.
            low: First value, in prior standard deviations.
            high: Last value.
            steps: Number of values.

        Returns:
            Images, shape `(latent_dim, steps, height, width, channels)`.
        """
        center = np.zeros(self.latent_dim)
        if x is not None:
            center = self.encode(np.asarray(x)[None], label=label)[0]
        codes = np.tile(center, (self.latent_dim, steps, 1))
        for dimension in range(self.latent_dim):
            codes[dimension, :, dimension] = np.linspace(low, high, steps)
        images = self.decode(codes.reshape(-1, self.latent_dim), label=label)
        return images.reshape(self.latent_dim, steps, *images.shape[1:])

    def to_unit_range(self: Any, x: np.ndarray) -> np.ndarray:
        """Bring images of the model's range, or uint8, to floats in `[0, 1]`, for plots."""
        if x.dtype in (np.uint8, np.bool_):
            return x.astype("float32") / (255.0 if x.dtype == np.uint8 else 1.0)
        low, high = self.likelihood.data_range
        return np.clip((x.astype("float32") - low) / (high - low), 0.0, 1.0)

    def _encoded(self: Any, images: Any, label: Any) -> Any:
        """Return the encoder's outputs as a list, the codes first."""
        outputs = self.encoder(self.encoder_inputs(self._prepared(images), label), training=False)
        return outputs if isinstance(outputs, list | tuple) else [outputs]
