"""The base of every model of images: its parts, `fit` and `evaluate`, its config."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from vae_keras._types import ImageShape, Labels, Tensor
from vae_keras.checks import positive_number
from vae_keras.data import Preparation
from vae_keras.data.binarize import holds_zeros_and_ones
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import Likelihood
from vae_keras.models.compatibility import warn_of_layout, warn_of_output_activation
from vae_keras.models.fitting import data_parallel, inputs, resume, steps, streams
from vae_keras.models.fitting.augment import (
    augmented,
    checked_augmentation,
    seed_of_augmentation,
)
from vae_keras.models.fitting.guard import SkippedSteps, without_skipped_steps
from vae_keras.models.fitting.seen_range import SeenRange
from vae_keras.models.fitting.streams import FitCall
from vae_keras.models.format import FORMAT_KEY, FORMAT_VERSION, popped_format
from vae_keras.models.host import Host
from vae_keras.models.images import checked_images, warn_of_unscaled_images
from vae_keras.models.inference.encode_decode import Inference


class ImageModel(steps.TrainingSteps, Inference, keras.Model):
    """An encoder, a decoder and a likelihood, which sets the range of the images.

    A subclass defines `loss_of_batch`; the backend's `TrainingSteps` takes the gradient of it.

    Args:
        encoder: Functional model of images.
        decoder: Functional model of codes.
        likelihood: A `vae_keras.likelihoods` member.
        seed: Seed of everything the model draws.
        highest_integer: The integer that is white: 255 for levels of grey, 1 for black and white
            images of the integers 0 and 1. Defaults to `None`: the first array that `fit` is given
            decides, and a data set has levels of 255.
        skip_gradient_norm: Norm of the gradient, over all weights together, above which a training
            step is left out, > 0; the metric `skipped_steps` counts such steps. Defaults to `None`,
            which leaves out only steps whose gradient is not finite.
        preparation: What was done to the training images, a `vae_keras.data.Preparation`: the
            commands do the same to the image files they are given, whatever their size. It is saved
            with the model; the methods here take images in the model's shape. Defaults to `None`,
            images that had this shape.
        **kwargs: `name` and the like, for `keras.Model`.

    Attributes:
        is_variational: Whether the code of an image has a distribution, and there is a prior to
            sample codes from.
    """

    parts: tuple[str, ...] = ("encoder", "decoder", "likelihood")
    is_variational: ClassVar[bool] = False
    _fitting = False
    _augment: tuple[str, ...] = ()
    _augmentation_seed: keras.random.SeedGenerator | None = None

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Likelihood,
        *,
        seed: int | None = None,
        skip_gradient_norm: float | None = None,
        highest_integer: int | None = None,
        preparation: Preparation | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.highest_integer = highest_integer
        self.preparation = Preparation.of(preparation)
        self.skip_gradient_norm, self.skipped_tracker = None, None
        if skip_gradient_norm is not None:
            self.skip_gradient_norm = positive_number("skip_gradient_norm", skip_gradient_norm)
            self.skipped_tracker = SkippedSteps()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.seed = seed
        self.seen_range = SeenRange()
        self.recon_tracker = keras.metrics.Mean(name="recon_loss")
        warn_of_layout(encoder)
        warn_of_output_activation(decoder, likelihood)
        warn_of_unscaled_images(encoder, likelihood.data_range)
        self.built = True  # the parts are functional models, built already

    @property
    def num_classes(self) -> int:
        """Number of classes that the model is conditioned on; 0 for a model of images alone."""
        return 0

    @property
    def image_shape(self) -> ImageShape:
        """`(height, width, channels)` of the images."""
        return self.encoder.inputs[0].shape[1:]

    @property
    def latent_dim(self) -> int:
        """Size of a code."""
        return self.decoder.inputs[0].shape[-1]

    @property
    def loss_tracker(self) -> keras.metrics.Mean:
        """Keras' metric `loss`."""
        return self._loss_tracker

    def fit(
        self, x: Any = None, y: Any = None, *, augment: Any = (), **kwargs: Any
    ) -> keras.callbacks.History:
        """Train; see `keras.Model.fit`. Images, labels and weights are checked first.

        `sample_weight` weighs the images, shape `(n,)`, or their pixels, shape `(n, height, width)`
        or that of the images: the reconstruction then counts the pixels that are seen. Images as
        `y` are what `x` is to become, as in a denoising autoencoder.

        `augment` changes the training images at random, anew in each epoch, and their targets and
        the weights of their pixels with them: `"flip"` mirrors half of them left to right,
        `"shift"` moves each by up to a tenth of its height and width, repeating the edge; both can
        be given, as a tuple. Validation images stay as they are.

        The order of an array's images depends on the model's `seed`, the epoch, and the training
        steps before this call. With a `Checkpoint` among the callbacks, training continues from
        the last checkpoint.

        Raises:
            DataError: If an array does not fit the model or lies outside the likelihood's range.
            ArgumentError: If the model was compiled with a loss or metrics of its own.
        """
        keras_fit = super().fit
        self._check_compiled()
        augment = checked_augmentation(augment, self.image_shape)
        call = inputs.checked_fit(self, x, y, kwargs)
        self._begin_augmentation(augment)
        self._renew_steps()
        self.seen_range.clear(training=True)
        self._before_fit(call.x)
        call = streams.training_batches(self, call)

        def leg(call: FitCall) -> keras.callbacks.History:
            """Call Keras' `fit` once; a training that continues within an epoch takes two legs."""
            call = data_parallel.shared_fit(call)
            with steps.prepared_fit(self, call) as call:
                return keras_fit(call.x, call.y, **call.arguments)

        self._fitting = True
        try:
            with streams.naming_broken_files(call), steps.kept_on_error(self):
                history = resume.fit(leg, self, call)
        finally:
            self._fitting = False
            if augment:
                self._augment = ()
                self._renew_steps()
        self._after_fit()
        return history

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Measure the losses; see `keras.Model.evaluate`.

        Raises:
            DataError: If an array does not fit the model or lies outside the likelihood's range.
        """
        self._check_compiled()
        call = inputs.checked_evaluation(self, x, y, kwargs)
        if not self._fitting:
            self._renew_steps()
        self.seen_range.clear(training=False)
        call = streams.evaluation_batches(call)
        call = data_parallel.shared_evaluation(call)
        steps.prepare_evaluation(self)
        with steps.kept_on_error(self):
            logs = super().evaluate(call.x, call.y, **call.arguments)
        name = "validation_data" if self._fitting else "x"
        self.seen_range.check(self, name, training=False)
        return without_skipped_steps(logs)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Take one training step on arrays, checked; see `keras.Model.train_on_batch`."""
        self._check_compiled()
        x, y, weights = inputs.checked_batch(self, x, y, sample_weight, class_weight)
        return super().train_on_batch(x, y, weights, **kwargs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Take one test step on arrays, checked; see `keras.Model.test_on_batch`."""
        self._check_compiled()
        x, y, weights = inputs.checked_batch(self, x, y, sample_weight)
        return super().test_on_batch(x, y, weights, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Reconstruct, with the mean of each code; see `keras.Model.predict`.

        Raises:
            DataError: If images do not fit the model or lie outside the likelihood's range.
        """
        images = super().predict(self._checked_inputs(x), **kwargs)
        if not np.isfinite(images).all():
            raise DataError(
                f"`x` must lie in {list(self.likelihood.data_range)}, the likelihood's range. "
                "Received: images beyond it, or a model whose weights are not finite"
            )
        return images

    def predict_on_batch(self, x: Any) -> Any:
        """Reconstruct one batch; see `predict`."""
        return super().predict_on_batch(self._checked_inputs(x))

    def export(self, filepath: Any, format: str = "tf_saved_model", **kwargs: Any) -> Any:
        """Export the deterministic reconstruction; see `keras.Model.export`.

        It takes images in the likelihood's range, and the class of each if the model is
        conditional. `vae-keras export` exports the encoder and the decoder, and checks them.
        """
        if kwargs.get("input_signature") is not None:
            raise ArgumentError(
                "`input_signature` must not be given: it is that of the images. "
                f"Received: input_signature={kwargs['input_signature']!r}"
            )
        inputs = self._symbolic_inputs()
        whole = keras.Model(inputs, self(inputs, training=False))
        # Some of Keras' formats need a model that has been called.
        whole(
            keras.tree.map_structure(lambda one: np.zeros((1, *one.shape[1:]), one.dtype), inputs)
        )
        return whole.export(filepath, format, **kwargs)

    def loss_of_batch(self, data: Any, *, training: bool) -> Tensor:
        """Compute the loss of a batch, a scalar, and update the metrics.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)`, as Keras passes them to a step.
            training: Whether it is a training step, rather than a test step, which a VAE takes at
                the final KL weight.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for part in self.parts:
            config[part] = keras.saving.serialize_keras_object(getattr(self, part))
        if self.skip_gradient_norm is not None:
            config["skip_gradient_norm"] = self.skip_gradient_norm
        if self.preparation != Preparation():
            config["preparation"] = self.preparation.to_dict()
        if self.highest_integer == 1:
            config["highest_integer"] = 1  # 255 is what files have always meant
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
            return config  # not compiled: nothing to adapt
        # Keras stores what "auto" meant on this machine; the file may be opened on another.
        config["jit_compile"] = "auto"
        config["steps_per_execution"] = 1  # the only value that every backend takes
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
        return checked_images(
            x,
            self.image_shape,
            self.likelihood.data_range,
            name=name,
            highest_integer=self.highest_integer,
        )

    @property
    def highest_integer(self) -> int | None:
        """The integer that is white, 255 or 1; `None` until an array decides."""
        return self._highest_integer

    @highest_integer.setter
    def highest_integer(self, value: int | None) -> None:
        if value not in (None, 1, 255) or isinstance(value, bool):
            raise ArgumentError(
                "`highest_integer` must be 255 (levels of grey), 1 (black and white) or None (the "
                f"first array decides). Received: highest_integer={value!r}"
            )
        self._highest_integer = value
        self.predict_function = None

    def decide_highest_integer(self, x: Any) -> None:
        """Decide, by training images, what integers mean, unless that is decided.

        Args:
            x: Training images; anything but an array of integers decides nothing.
        """
        integers = isinstance(x, np.ndarray) and x.dtype.kind in "iu"
        if integers and self.highest_integer is None:
            # A model that has been trained, maybe in another process, has read levels of 255.
            optimizer = getattr(self, "optimizer", None)
            trained = optimizer is not None and int(ops.copy(optimizer.iterations)) > 0
            self.highest_integer = 1 if not trained and holds_zeros_and_ones(x) else 255

    def encoder_inputs(self, x: Tensor, label: Tensor | None) -> Any:
        """Return what the encoder is called with."""
        return x

    def decoder_inputs(self, codes: Tensor, label: Tensor | None) -> Any:
        """Return what the decoder is called with."""
        return codes

    def check_label(self, label: Any, n: int) -> Labels | None:
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

    def checked_labels(self, x: Any, y: Any, *, name: str) -> Any:
        """Check the labels of `fit` and `evaluate`, which a model of images alone does not use.

        Raises:
            DataError: If they are not one number for each image.
        """
        return inputs.checked_labels(x, y, name=name)

    def _checked_inputs(self, x: Any) -> Any:
        """Check what `call` gets."""
        return self.check_images(x)

    def _symbolic_inputs(self) -> Any:
        """Return what `call` gets, as inputs of a functional model."""
        return keras.Input(self.image_shape, name="images")

    def _track_range(self, *images: Tensor | None, training: bool) -> None:
        """Count the images of a batch that the likelihood's range does not hold."""
        for one in images:
            if one is not None:
                self.seen_range.update_state(
                    one,
                    self.likelihood.data_range,
                    training=training,
                    highest_integer=self.highest_integer,
                )

    def _renew_steps(self) -> None:
        """Have the steps compiled again if the model has got other parts or settings."""
        made_of = (*(getattr(self, part) for part in self.parts), *self._step_settings())
        # In the dictionary: as an attribute, Keras would track them.
        before = self.__dict__.get("_steps_made_of", made_of)
        if [*map(id, before)] != [*map(id, made_of)]:
            self.train_function = self.test_function = None
            self.__dict__.pop("_device_steps", None)
        self.__dict__["_steps_made_of"] = made_of

    def _step_settings(self) -> tuple[Any, ...]:
        """Return the settings that the compiled steps hold as constants."""
        augment = ("flip" in self._augment, "shift" in self._augment)
        return self.skip_gradient_norm, self.highest_integer == 1, *augment

    def _begin_augmentation(self, names: tuple[str, ...]) -> None:
        """Have the training steps change the images, with a generator that checkpoints keep."""
        self._augment = names
        if names and self._augmentation_seed is None:
            self._augmentation_seed = seed_of_augmentation(self.seed)

    def _augmented(self, *arrays: Tensor | None, training: bool) -> Sequence[Tensor | None]:
        """Change images, targets and weights of pixels, if `fit` was told to."""
        if not training or not self._augment:
            return arrays
        return augmented(self._augment, arrays, self._augmentation_seed)

    def _check_compiled(self) -> None:
        if not self.compiled:
            raise ArgumentError(
                '`compile` must be called first, with an optimizer: `model.compile("adam")`. '
                "Received: a model that is not compiled"
            )
        if self._compile_loss is not None or self._compile_metrics is not None:
            raise ArgumentError(
                "`compile` must be called with an optimizer and without `loss` or `metrics`: "
                "the model brings its own. Received: a compiled loss or metrics"
            )

    def _before_fit(self, x: Any) -> None:
        """Prepare the model's own state for a training on `x`."""

    def _after_fit(self) -> None:
        """Look at the model's own state after a training."""


def labels_for(
    model: Host, labels: Labels | None, part: slice | np.ndarray | None = None
) -> Labels | None:
    """Return what to give `model` as labels: some or all of `labels`, or `None` if it takes none.

    Args:
        model: Any model of images.
        labels: Class of each image, shape `(n,)`, or `None`.
        part: Which of them. Defaults to all.
    """
    if not model.num_classes or labels is None:
        return None
    return labels if part is None else labels[part]
