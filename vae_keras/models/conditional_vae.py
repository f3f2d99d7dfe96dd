"""The conditional VAE."""

from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import Labels, Tensor
from vae_keras.array_checks import plain_labels
from vae_keras.data import ImageFiles
from vae_keras.errors import ArgumentError, DataError
from vae_keras.models.compatibility import check_parts
from vae_keras.models.vae import VAE


@keras.saving.register_keras_serializable("vae_keras")
class ConditionalVAE(VAE):
    """VAE of images given their class: `p(x | z, label)` and `q(z | x, label)`.

    The code need not hold what the label says, so one code, decoded with each label in turn, gives
    the same style in each class. Built from an architecture with `num_classes=...`; labels go to
    `fit` as `y` and to `encode`, `decode`, `reconstruct`, `sample` and the like as `label`.

    Args:
        encoder: Model `(images, one-hot labels) -> (z_mean, z_log_var)`.
        decoder: Model `(codes, one-hot labels) -> likelihood parameters`.
        likelihood: A `vae_keras.likelihoods` member.
        **kwargs: As for `VAE`.

    Raises:
        ArgumentError: If the parts do not fit each other or take no labels.

    Example:
        >>> likelihood = Bernoulli()
        >>> vae = ConditionalVAE(*mlp((28, 28, 1), 20, likelihood, num_classes=10), likelihood)
        >>> vae.compile("adam")
        >>> vae.fit(x_train, y_train, validation_data=(x_validation, y_validation))
        >>> vae.sample(8, label=3)

    References:
        Sohn et al. (2015), Learning structured output representation using deep conditional
        generative models. NeurIPS; Kingma et al. (2014), model M2. arXiv:1406.5298
    """

    @property
    def num_classes(self) -> int:
        return self.encoder.inputs[1].shape[-1]

    def call(self, inputs: Any, training: bool | None = None) -> Tensor:
        x, label = inputs
        return self._mean_image(x, label, training=training)

    def encoder_inputs(self, x: Tensor, label: Tensor | None) -> Any:
        return [ops.convert_to_tensor(x), self._one_hot(label)]

    def decoder_inputs(self, codes: Tensor, label: Tensor | None) -> Any:
        return [ops.convert_to_tensor(codes), self._one_hot(label)]

    def check_label(self, label: Any, n: int) -> Labels:
        """Return the classes of `n` images as integers, shape `(n,)`.

        Args:
            label: One class for all, or one for each: whole numbers, shape `(n,)` or `(n, 1)`, or
                one-hot.
            n: Number of images.

        Raises:
            ArgumentError: If there is no label, or it is not a class of this model for each image.
        """
        if label is None:
            raise ArgumentError(
                f"`label` must be given: this model is conditioned on one of {self.num_classes} "
                "classes. Received: label=None"
            )
        labels = np.asarray(label)
        if labels.ndim == 0:
            labels = np.broadcast_to(labels, (n,))
        return self._classes(labels, n, name="`label`", error=ArgumentError)

    def checked_labels(self, x: Any, y: Any, *, name: str) -> Any:
        if not isinstance(x, np.ndarray | ImageFiles):
            return y  # the labels are in the data set
        if y is None:
            raise DataError(
                f"{name} must hold the class of each image: this model is conditioned on one of "
                f"{self.num_classes} classes. Received: None"
            )
        return self._classes(np.asarray(y), len(x), name=name, error=DataError)

    def loss_of_batch(self, data: Any, *, training: bool) -> Tensor:
        _, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        known = ops.any(self._classes_of(self._label_of_batch(y)), axis=1)
        self.seen_range.update_labels(known, training=training)
        return super().loss_of_batch(data, training=training)

    def predict_step(self, *arguments: Any) -> Any:
        *state, data = arguments  # JAX hands the state of the variables over
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        if y is not None:  # a data set of pairs
            x = (x, self._label_of_batch(y))
        return super().predict_step(*state, (x,))

    def _checked_inputs(self, x: Any) -> Any:
        if not isinstance(x, list | tuple) or len(x) != 2:
            if hasattr(x, "__array__"):
                raise DataError(
                    "`x` must be `[images, labels]`: this model is conditioned on one of "
                    f"{self.num_classes} classes. Received: one array"
                )
            return x
        images = self.check_images(x[0])
        return [images, self.check_label(x[1], len(images))]

    def _symbolic_inputs(self) -> Any:
        return [super()._symbolic_inputs(), keras.Input((), dtype="int32", name="label")]

    def _check_parts(self, encoder: Any, decoder: Any, likelihood: Any) -> None:
        check_parts(encoder, decoder, likelihood, conditional=True)

    def _label_of_batch(self, y: Any) -> Tensor:
        if y is None:
            raise DataError(
                "`x` must hold pairs (images, labels): this model is conditioned on one of "
                f"{self.num_classes} classes. Received: images without labels"
            )
        if len(y.shape) == 2 and y.shape[1] == self.num_classes > 1:
            ones = ops.cast(y, "float32")
            one_hot = ops.sum(ops.cast(ones == 1.0, "int32"), axis=1) == 1
            one_hot = ops.logical_and(one_hot, ops.all(ones * (1.0 - ones) == 0.0, axis=1))
            return ops.where(one_hot, ops.cast(ops.argmax(ones, axis=1), "int32"), -1)
        if len(y.shape) > 1 and tuple(y.shape[1:]) != (1,):
            raise DataError(
                "`x` must hold pairs (images, labels), each label the number of a class "
                f"or one-hot, shape (n, {self.num_classes}). "
                f"Received: labels of shape {tuple(y.shape)}"
            )
        return ops.reshape(y, (-1,))

    def _classes(self, labels: np.ndarray, n: int, *, name: str, error: type[ValueError]) -> Labels:
        """Return labels as int32, shape `(n,)`, or raise `error` unless they are classes."""
        given, labels = labels, plain_labels(labels, n)
        if labels.shape != (n,) or labels.dtype.kind not in "iu":
            text = given.dtype.kind in "UOS" and given.ndim == 1
            advice = ": `np.unique(labels, return_inverse=True)` has the names and these" * text
            raise error(
                f"{name} must be integers of shape ({n},), one for each image{advice}. "
                f"Received: shape {given.shape}, {given.dtype}"
            )
        if labels.min() < 0 or labels.max() >= self.num_classes:
            raise error(
                f"{name} must lie in 0 to {self.num_classes - 1}, the classes of this model. "
                f"Received: values from {labels.min()} to {labels.max()}"
            )
        return labels.astype("int32")

    def _one_hot(self, label: Tensor) -> Tensor:
        same = self._classes_of(label)
        # A data set is only seen in the graph, batch by batch, too late for an error: a class that
        # does not exist makes the loss NaN, as pixels outside the range do.
        known = ops.any(same, axis=1, keepdims=True)
        return ops.where(known, ops.cast(same, "float32"), float("nan"))

    def _classes_of(self, label: Tensor) -> Tensor:
        """Tell for each label which class it is, boolean, shape `(batch, num_classes)`."""
        classes = ops.arange(self.num_classes, dtype="float32")
        return ops.equal(ops.cast(label, "float32")[:, None], classes)
