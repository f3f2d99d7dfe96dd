"""The methods of a trained model: arrays in, arrays out, in batches."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from vae_keras._types import Codes, Images, Labels, Tensor
from vae_keras.checks import integer, positive_integer
from vae_keras.errors import ArgumentError
from vae_keras.models.host import Host
from vae_keras.models.images import highest_of, to_data_range
from vae_keras.models.inference.batches import (
    INFERENCE_BATCH_SIZE,
    batches_of,
    in_batches,
    is_data_set,
    length_of,
    padded,
    to_array,
    usual_batch_size,
)
from vae_keras.models.inference.compiled import FIXED_SHAPES, CompiledMethods


class Inference(Host):
    """The everyday methods of a trained model, all deterministic.

    Images are arrays `(n, height, width, channels)`, uint8 or float in the likelihood's range, or
    a data set of batches, as `fit` takes it: a `tf.data.Dataset`, a `PyDataset`, a Grain or PyTorch
    loader, any other iterable. The result is one float32 NumPy array in that range, in the order of
    the images; if it would be too large for memory, call the method batch by batch.

    A conditional model needs `label`, one class for all images or one for each, or a data set of
    `(images, labels)`; other models take none, and ignore the labels of a data set.

    Each method is compiled at its first call, for any number of images, and uses the weights that
    the model has when it is called. With `compile(run_eagerly=True)` all run eagerly.
    """

    def encode(self, x: Any, *, label: Any = None, batch_size: int | None = None) -> Codes:
        """Encode images to codes, shape `(n, latent_dim)`: for a VAE the posterior's mean.

        Example:
            >>> codes = vae.encode(x_test)
            >>> for number, (images, _) in enumerate(dataset):  # more than memory holds
            ...     np.save(f"codes_{number:05d}.npy", vae.encode(images))
        """
        return self._of_images(self._encoded, x, label, batch_size, outputs=1)[0]

    def decode(self, z: Any, *, label: Any = None, batch_size: int | None = None) -> Images:
        """Decode codes `(n, latent_dim)` to expected images."""
        z = np.asarray(to_array(z), "float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim or not len(z):
            raise ArgumentError(
                f"`z` must have shape (n, {self.latent_dim}), n > 0. Received: z.shape={z.shape}"
            )
        label = self.check_label(label, len(z))
        size = self._images_at_a_time(batch_size)
        return self._of_arrays(self._decoded, z, label, batch_size=size)[0]

    def reconstruct(self, x: Any, *, label: Any = None, batch_size: int | None = None) -> Images:
        """Decode the code of each image: the same reconstruction for the same image each time."""
        return self._of_images(self._reconstructed, x, label, batch_size)[0]

    def interpolate(self, first: Any, second: Any, *, label: Any = None, steps: int = 8) -> Images:
        """Decode the straight line between the codes of two images.

        Args:
            first: One image, shape `(height, width, channels)`.
            second: The other.
            label: Class of both, for a conditional model.
            steps: Number of images, both ends included, > 1.

        Returns:
            Images, shape `(steps, height, width, channels)`.
        """
        steps = integer("steps", steps, at_least=2)
        start, end = self.encode(np.stack([np.asarray(first), np.asarray(second)]), label=label)
        line = start + np.linspace(0, 1, steps)[:, np.newaxis] * (end - start)
        return self.decode(line, label=label)

    def traverse(
        self,
        x: Any = None,
        *,
        label: Any = None,
        low: float = -3.0,
        high: float = 3.0,
        steps: int = 9,
    ) -> Images:
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
        steps = positive_integer("steps", steps)
        center = np.zeros(self.latent_dim)
        if x is not None:
            center = self.encode(np.asarray(x)[None], label=label)[0]
        codes = np.tile(center, (self.latent_dim, steps, 1))
        for dimension in range(self.latent_dim):
            codes[dimension, :, dimension] = np.linspace(low, high, steps)
        images = self.decode(codes.reshape(-1, self.latent_dim), label=label)
        return images.reshape(self.latent_dim, steps, *images.shape[1:])

    def to_unit_range(self, x: Images) -> Images:
        """Bring images in the model's range, or uint8, to floats in `[0, 1]`, for plots."""
        if x.dtype.kind in "iub":
            return x.astype("float32") / highest_of(str(x.dtype), self.highest_integer)
        low, high = self.likelihood.data_range
        values = x.astype("float32", copy=False)
        if (low, high) != (0.0, 1.0):  # without copies of many large images
            values = (values - low) / (high - low)
        return np.clip(values, 0.0, 1.0)

    def _encoded(self, images: Tensor, label: Tensor | None) -> tuple[Tensor, ...]:
        """Return the encoder's outputs, the codes first."""
        images = to_data_range(images, self)
        outputs = self.encoder(self.encoder_inputs(images, label), training=False)
        return tuple(outputs) if isinstance(outputs, list | tuple) else (outputs,)

    def _decoded(self, codes: Tensor, label: Tensor | None) -> tuple[Tensor]:
        inputs = self.decoder_inputs(codes, label)
        return (self.likelihood.mean(self.decoder(inputs, training=False)),)

    def _reconstructed(self, images: Tensor, label: Tensor | None) -> tuple[Tensor]:
        return self._decoded(self._encoded(images, label)[0], label)

    def _of_images(
        self,
        method: Callable[..., tuple[Tensor, ...]],
        x: Any,
        label: Any,
        batch_size: int | None,
        *,
        outputs: int | None = None,
    ) -> tuple[np.ndarray, ...]:
        """Apply a method to images and labels as users give them.

        Args:
            method: A method of this model, `(images, label) -> tuple of tensors`.
            x: Images, or a data set of them.
            label: Their classes.
            batch_size: Images at a time; checked here. `None` for the usual number.
            outputs: How many of the tensors to return. Defaults to `None`, all.
        """
        size = self._images_at_a_time(batch_size)
        parts = [
            self._of_arrays(method, images, labels, batch_size=size, outputs=outputs)
            for images, labels in self._checked_parts(x, label)
        ]
        if len(parts) == 1:
            return parts[0]
        return tuple(np.concatenate(one) for one in zip(*parts, strict=True))

    def _images_at_a_time(self, batch_size: int | None) -> int:
        """Return the batch size of a user, checked, or the usual one."""
        if batch_size is None:
            return usual_batch_size(INFERENCE_BATCH_SIZE, self.image_shape)
        return positive_integer("batch_size", batch_size)

    def _checked_parts(self, x: Any, label: Any) -> Iterator[tuple[Any, Labels | None]]:
        """Yield images and labels, checked: those of an array, or of each batch of a data set."""
        if not is_data_set(x):
            x = self.check_images(to_array(x))
            yield x, self.check_label(label, len(x))
            return
        for images, labels in batches_of(x):
            images = self.check_images(images)
            given = labels if label is None and self.num_classes else label
            yield images, self.check_label(given, len(images))

    def _of_arrays(
        self,
        method: Callable[..., tuple[Tensor, ...]],
        *arrays: Any,
        batch_size: int,
        outputs: int | None = None,
    ) -> tuple[np.ndarray, ...]:
        """Apply a method of this model, compiled, to checked arrays, batch by batch."""
        function = self._compiled(method)
        if FIXED_SHAPES and not self.run_eagerly:
            function = padded(function, length_of(arrays), batch_size)
        return in_batches(lambda *one: function(*one)[:outputs], *arrays, batch_size=batch_size)

    def _compiled(self, method: Callable[..., Any]) -> Callable[..., Any]:
        # In the dictionary: Keras would look into an attribute.
        methods = self.__dict__.setdefault("_compiled_methods", CompiledMethods())
        return methods.get(self, method)
