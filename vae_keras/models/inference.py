"""What one does with a trained model: arrays in, arrays out, in batches."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.math import DiagonalGaussian, kl_to_standard_normal, reparameterize

# Of inference and evaluation. The test step draws its noise a batch at a time, so that a loss
# depends on it: arrays are evaluated in batches of this size by default.
BATCH_SIZE = 500


class Inference:
    """Methods that a notebook reaches for. Everything here is deterministic unless it says sample.

    Images are arrays `(n, height, width, channels)`, uint8 or float in the likelihood's range;
    what comes back is a float32 NumPy array in that range.
    """

    def encode(self: Any, x: Any, *, batch_size: int = BATCH_SIZE) -> np.ndarray:
        """Encode images to the means of their posteriors, shape `(n, latent_dim)`."""
        return self.encode_distribution(x, batch_size=batch_size).mean

    def encode_distribution(self: Any, x: Any, *, batch_size: int = BATCH_SIZE) -> DiagonalGaussian:
        """Encode images to their posteriors: mean and log-variance, each `(n, latent_dim)`."""
        x = self.check_images(np.asarray(x))
        return DiagonalGaussian(*_in_batches(self._posterior, x, batch_size=batch_size))

    def decode(self: Any, z: Any, *, batch_size: int = BATCH_SIZE) -> np.ndarray:
        """Decode codes `(n, latent_dim)` to expected images."""
        z = np.asarray(z, "float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim or not len(z):
            raise ArgumentError(
                f"`z` must have shape (n, {self.latent_dim}), n > 0. Received: z.shape={z.shape}"
            )

        def batch_mean(codes: np.ndarray) -> tuple[Any]:
            return (self.likelihood.mean(self.decoder(codes, training=False)),)

        return _in_batches(batch_mean, z, batch_size=batch_size)[0]

    def reconstruct(self: Any, x: Any, *, batch_size: int = BATCH_SIZE) -> np.ndarray:
        """Decode the mean code of each image: the same picture for the same image, always."""
        return self.decode(self.encode(x, batch_size=batch_size), batch_size=batch_size)

    def sample(self: Any, n: int = 1, *, seed: int | None = None) -> np.ndarray:
        """Draw `n` codes from the prior and decode them to expected images.

        Args:
            n: Number of images, > 0.
            seed: Integer seed; `None` draws one.
        """
        if not isinstance(n, (int, np.integer)) or n < 1:
            raise ArgumentError(f"`n` must be a positive integer. Received: n={n!r}")
        if seed is not None and (not isinstance(seed, (int, np.integer)) or seed < 0):
            raise ArgumentError(f"`seed` must be an integer >= 0. Received: seed={seed!r}")
        return self.decode(np.random.default_rng(seed).standard_normal((n, self.latent_dim)))

    def interpolate(self: Any, first: Any, second: Any, *, steps: int = 8) -> np.ndarray:
        """Decode the straight line between the codes of two images.

        Args:
            first: One image, shape `(height, width, channels)`.
            second: The other.
            steps: Number of images, both ends included, > 1.

        Returns:
            Images, shape `(steps, height, width, channels)`.
        """
        if steps < 2:
            raise ArgumentError(f"`steps` must be at least 2. Received: steps={steps!r}")
        start, end = self.encode(np.stack([np.asarray(first), np.asarray(second)]))
        return self.decode(start + np.linspace(0, 1, steps)[:, np.newaxis] * (end - start))

    def traverse(
        self: Any, x: Any = None, *, low: float = -3.0, high: float = 3.0, steps: int = 9
    ) -> np.ndarray:
        """Vary one latent dimension at a time and decode.

        Args:
            x: The image to start from, shape `(height, width, channels)`; the prior's mean by
                default.
            low: First value, in prior standard deviations.
            high: Last value.
            steps: Number of values.

        Returns:
            Images, shape `(latent_dim, steps, height, width, channels)`.
        """
        center = np.zeros(self.latent_dim) if x is None else self.encode(np.asarray(x)[None])[0]
        codes = np.tile(center, (self.latent_dim, steps, 1))
        for dimension in range(self.latent_dim):
            codes[dimension, :, dimension] = np.linspace(low, high, steps)
        images = self.decode(codes.reshape(-1, self.latent_dim))
        return images.reshape(self.latent_dim, steps, *images.shape[1:])

    def elbo(self: Any, x: Any, *, seed: int = 0, batch_size: int = BATCH_SIZE) -> np.ndarray:
        """Estimate the evidence lower bound of each image from one drawn code.

        `log p(x | z) - KL(q(z | x) || p(z))` with the *normalised* likelihood and weight 1,
        whatever weight the model was trained with.

        Args:
            x: Images.
            seed: Seed of the draw.
            batch_size: Images at a time.

        Returns:
            Nats, shape `(n,)`.
        """
        x = self.check_images(np.asarray(x))
        noise = np.random.default_rng(seed).standard_normal((len(x), self.latent_dim))

        def batch_elbo(images: np.ndarray, noise: np.ndarray) -> tuple[Any]:
            posterior = self._posterior(images)
            parameters = self.decoder(reparameterize(posterior, noise), training=False)
            log_prob = self.likelihood.log_prob(self._prepared(images), parameters)
            return (log_prob - kl_to_standard_normal(posterior),)

        return _in_batches(batch_elbo, x, noise.astype("float32"), batch_size=batch_size)[0]

    def to_unit_range(self: Any, x: np.ndarray) -> np.ndarray:
        """Bring images of the model's range, or uint8, to floats in `[0, 1]`, for plots."""
        if x.dtype in (np.uint8, np.bool_):
            return x.astype("float32") / (255.0 if x.dtype == np.uint8 else 1.0)
        low, high = self.likelihood.data_range
        return np.clip((x.astype("float32") - low) / (high - low), 0.0, 1.0)

    def _posterior(self: Any, images: Any) -> DiagonalGaussian:
        return DiagonalGaussian(*self.encoder(self._prepared(images), training=False))


def _in_batches(function: Callable[..., Any], *arrays: np.ndarray, batch_size: int) -> Any:
    """Apply `function`, which returns a tuple of tensors, to slices of `arrays`; join the results.

    The parts are called directly and not through `predict`, which would compile anew for each
    size of a last batch.
    """
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ArgumentError(
            f"`batch_size` must be a positive integer. Received: batch_size={batch_size!r}"
        )
    results = []
    for start in range(0, len(arrays[0]), batch_size):
        outputs = function(*(array[start : start + batch_size] for array in arrays))
        results.append([ops.convert_to_numpy(output) for output in outputs])
    return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))
