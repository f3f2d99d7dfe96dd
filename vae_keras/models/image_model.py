"""What every model of images has: two parts, a data range, checks before training."""

from contextlib import nullcontext
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import Likelihood
from vae_keras.math import Tensor
from vae_keras.models.fitting.data_parallel import SharedBatches
from vae_keras.models.fitting.guard import GradientGuard
from vae_keras.models.fitting.resume import checkpoint_among, fit_with_checkpoints
from vae_keras.models.fitting.steps import TrainingSteps
from vae_keras.models.fitting.streams import (
    is_measured_as_stream,
    is_trained_on_as_stream,
    ordered_batches,
    training_stream,
    with_callback,
)
from vae_keras.models.format import FORMAT_KEY, FORMAT_VERSION, popped_format
from vae_keras.models.images import checked_images, to_data_range
from vae_keras.models.inference.batches import BATCH_SIZE
from vae_keras.models.inference.encode_decode import Inference
from vae_keras.models.loss import mean_over_images


class ImageModel(SharedBatches, GradientGuard, TrainingSteps, Inference, keras.Model):
    """An encoder, a decoder and a likelihood that owns the range of the images.

    Subclasses define `_reduced_loss(data, training)`, a scalar that also updates the metrics; how a
    gradient is taken is the business of `steps/`.

    Args:
        encoder: Functional model of images.
        decoder: Functional model of codes.
        likelihood: A `vae_keras.likelihoods` member.
        seed: Seed of everything the model draws.
        skip_gradient_norm: Norm of the gradient, over all weights together, above which a training
            step is left out, > 0; the metric `skipped_steps` counts them. Defaults to `None`, none
            but those whose gradient is not finite.
        **kwargs: `name` and the like, for `keras.Model`.

    Attributes:
        is_variational: Whether the code of an image has a distribution, and there is a prior to
            sample codes from.
    """

    parts: tuple[str, ...] = ("encoder", "decoder", "likelihood")
    is_variational: ClassVar[bool] = False

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Likelihood,
        *,
        seed: int | None = None,
        skip_gradient_norm: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_guard(skip_gradient_norm)
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.seed = seed
        self.recon_tracker = keras.metrics.Mean(name="recon_loss")
        self.built = True  # the parts are functional models, built already

    @property
    def num_classes(self) -> int:
        """Number of classes that the model is conditioned on; 0 for a model of images alone."""
        return 0

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of the images."""
        return self.encoder.inputs[0].shape[1:]

    @property
    def latent_dim(self) -> int:
        """Size of a code."""
        return self.decoder.inputs[0].shape[-1]

    def training_loss(self, data: Any) -> Tensor:
        """Loss of a training batch, a scalar; updates the metrics."""
        return self._reduced_loss(data, training=True)

    def test_loss(self, data: Any) -> Tensor:
        """Loss of a test batch, of a VAE at the final KL weight, a scalar; updates the metrics."""
        return self._reduced_loss(data, training=False)

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Train; see `keras.Model.fit`. Images, and labels where they are used, are checked first.

        The order of an array's images depends on the model's `seed`, the epoch, and the training
        steps before this call. With a `Checkpoint` among the callbacks, training
        goes on where that left off.

        Raises:
            DataError: If an array does not fit the model or lies outside the likelihood's range.
            ArgumentError: If the model was compiled with a loss or metrics of its own.
        """
        self._check_compiled()
        validation = kwargs.get("validation_data")
        kwargs.setdefault("validation_batch_size", BATCH_SIZE)
        if isinstance(validation, np.ndarray):
            validation = (validation,)
        if isinstance(validation, (tuple, list)):
            images = self.check_images(validation[0], name="validation_data")
            labels = self._checked_labels(
                images, *validation[1:2], name="the labels in `validation_data`"
            )
            kwargs["validation_data"] = (images, labels, *validation[2:])
            if len(validation) < 3 and is_measured_as_stream(images, {}):
                size = kwargs["validation_batch_size"]
                kwargs["validation_data"] = ordered_batches(images, labels, size)
        x = self.check_images(x)
        y = self._checked_labels(x, y, name="`y`")
        stream = None
        if is_trained_on_as_stream(x, y, kwargs):
            stream = training_stream(self, x, y, kwargs)
            x, y = stream.batches(), None
        with nullcontext() if stream is None else stream.naming_broken_files():
            if checkpoint_among(kwargs.get("callbacks")) is not None:
                return fit_with_checkpoints(super().fit, self, x, y, stream, kwargs)
            if stream is not None:
                kwargs["callbacks"] = with_callback(kwargs.get("callbacks"), stream.callback())
            return super().fit(x, y, **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Measure the losses; see `keras.Model.evaluate`.

        Raises:
            DataError: If an array does not fit the model or lies outside the likelihood's range.
        """
        self._check_compiled()
        if isinstance(x, np.ndarray):
            kwargs.setdefault("batch_size", BATCH_SIZE)
        x = self.check_images(x)
        y = self._checked_labels(x, y, name="`y`")
        if is_measured_as_stream(x, kwargs):
            x, y = ordered_batches(x, y, kwargs.pop("batch_size", None) or BATCH_SIZE), None
        return super().evaluate(x, y, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for part in self.parts:
            config[part] = keras.saving.serialize_keras_object(getattr(self, part))
        if self.skip_gradient_norm is not None:
            config["skip_gradient_norm"] = self.skip_gradient_norm
        return {**config, "seed": self.seed, FORMAT_KEY: FORMAT_VERSION}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "ImageModel":
        config = popped_format(config)
        for part in cls.parts:
            config[part] = keras.saving.deserialize_keras_object(
                config.get(part), custom_objects=custom_objects
            )
        return cls(**config)

    def get_compile_config(self) -> dict[str, Any] | None:
        config = super().get_compile_config()
        if not config or "optimizer" not in config:
            return config  # not compiled: nothing to mend
        # Keras stores what "auto" meant on this machine; the file may be opened on another.
        config["jit_compile"] = "auto"
        config["steps_per_execution"] = 1  # what is fastest there; PyTorch refuses more
        optimizer = config.get("optimizer")
        if isinstance(optimizer, dict) and ".torch." in str(optimizer.get("module")):
            # PyTorch's own subclass of the optimizer would not load without PyTorch.
            optimizer.update(module="keras.optimizers", registered_name=None)
        return config

    def check_images(self, x: Any, *, name: str = "x") -> Any:
        """Return an array of images with its channel axis, never a converted copy.

        Data sets and generators pass unchanged.

        Raises:
            DataError: If shape, type or range do not fit the model, or a value is not finite.
        """
        return checked_images(x, self.image_shape, self.likelihood.data_range, name=name)

    def encoder_inputs(self, x: Tensor, label: Tensor | None) -> Any:
        """Return what the encoder is called with."""
        return x

    def decoder_inputs(self, codes: Tensor, label: Tensor | None) -> Any:
        """Return what the decoder is called with."""
        return codes

    def check_label(self, label: Any, n: int) -> np.ndarray | None:
        """Return `label` as an array of `n`, or `None` for a model of images alone.

        Raises:
            ArgumentError: If the model does not take labels.
        """
        if label is not None:
            raise ArgumentError(
                "`label` must not be given: this model was trained without labels, "
                f"`ConditionalVAE` is the one that takes them. Received: label={label!r}"
            )
        return None

    def _checked_labels(self, x: Any, y: Any = None, *, name: str) -> Any:
        """Check the labels that `fit` and `evaluate` get; here they are not used."""
        if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and len(x) != len(y):
            raise DataError(
                f"{name} must be as many as the images, {len(x)}. Received: {len(y)} labels"
            )
        if isinstance(y, np.ndarray) and y.dtype.kind not in "biuf":
            raise DataError(f"{name} must be numbers. Received: an array of {y.dtype}")
        return y

    def _reduced_loss(self, data: Any, *, training: bool) -> Tensor:
        raise NotImplementedError

    def _total_loss(self, losses: Tensor, weights: Tensor) -> Tensor:
        """Reduce the loss of each image to that of the batch, and count it.

        Args:
            losses: Shape `(batch,)`.
            weights: Weight of each image, shape `(batch,)`.
        """
        loss, weight = mean_over_images(losses, weights)
        for extra in self.losses:  # weight decay and the like of the encoder's and decoder's layers
            loss = loss + ops.cast(extra, "float32")
        self._loss_tracker.update_state(loss, sample_weight=weight)
        return loss

    def _prepared(self, x: Tensor) -> Tensor:
        return to_data_range(x, self.likelihood.data_range)

    def _check_compiled(self) -> None:
        if self.compiled and (self._compile_loss is not None or self._compile_metrics is not None):
            raise ArgumentError(
                "`compile` must be called with an optimizer and without `loss` or `metrics`: "
                "the model brings its own. Received: a compiled loss or metrics"
            )


def labels_for(model: Any, labels: Any, part: slice | None = None) -> Any:
    """Return what to give `model` as labels: some or all of `labels`, or `None` if it takes none.

    Args:
        model: Any model of images.
        labels: Class of each image, shape `(n,)`, or `None`.
        part: Which of them. Defaults to all.
    """
    if not model.num_classes or labels is None:
        return None
    return labels if part is None else labels[part]
