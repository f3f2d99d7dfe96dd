"""The variational autoencoder."""

from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.layers import Sampling
from vae_keras.likelihoods import Likelihood
from vae_keras.math import DiagonalGaussian, Tensor, reparameterize
from vae_keras.models.images import checked_images, to_data_range
from vae_keras.models.inference import BATCH_SIZE, Inference
from vae_keras.models.loss_terms import LossTerms, mean_over_images
from vae_keras.models.parts import check_parts
from vae_keras.models.steps import TrainingSteps
from vae_keras.regularizers import KL, LatentTerms, Regularizer
from vae_keras.schedules import Schedule

# Noise of the test step: the bound needs drawn codes, and two evaluations have to agree.
EVALUATION_SEED = 1337

_PARTS = ("encoder", "decoder", "likelihood", "regularizer", "kl_schedule")


@keras.saving.register_keras_serializable("vae_keras")
class VAE(TrainingSteps, Inference, keras.Model):
    """Variational autoencoder: an encoder, a decoder, a likelihood and a regulariser.

    Trains on `reconstruction + kl_weight * regularizer`, nats per image, averaged over the
    images of a batch. Validation and `evaluate` always use the *final* KL weight, whatever a
    warm-up has reached, so that `val_loss` can be compared from epoch to epoch.

    `compile` takes an optimizer and no loss; `fit` takes `x`, `(x, x)`, `(x, labels)` (labels are
    ignored), a `tf.data.Dataset`, a `PyDataset`: uint8, scaled inside the graph, or float in the
    likelihood's range. Calling the model gives the deterministic reconstruction (code = mean).

    Args:
        encoder: Model `images -> (z_mean, z_log_var)`, each `(batch, latent_dim)`.
        decoder: Model `codes -> likelihood parameters`.
        likelihood: A `vae_keras.likelihoods` member.
        regularizer: A `vae_keras.regularizers` member. Defaults to `KL()`.
        kl_weight: Final weight of the regulariser, >= 0; 1 makes the loss the negative evidence
            lower bound. Defaults to `1.0`.
        kl_schedule: A `vae_keras.schedules` member, counted in training steps inside the graph.
            Without one the weight is `kl_weight` from the first step, unless a `KLWarmup`
            callback sets it. Defaults to `None`.
        seed: Seed of the sampling noise. Defaults to `None`.
        **kwargs: `name` and the like, for `keras.Model`.

    Raises:
        ArgumentError: If the parts do not fit each other, or `kl_weight` is negative.

    Example:
        >>> likelihood = SquaredError()
        >>> vae = VAE(*conv((28, 28, 1), 2, likelihood), likelihood)
        >>> vae.compile("adam")
        >>> vae.fit(x_train, validation_data=(x_validation,), callbacks=[KLWarmup(5)])

    References:
        Kingma & Welling (2014), Auto-encoding variational Bayes. arXiv:1312.6114
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Likelihood,
        regularizer: Regularizer | None = None,
        *,
        kl_weight: float = 1.0,
        kl_schedule: Schedule | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_parts(encoder, decoder, likelihood)
        if not 0 <= kl_weight < float("inf"):
            raise ArgumentError(
                f"`kl_weight` must be finite and at least 0. Received: kl_weight={kl_weight!r}"
            )
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.regularizer = KL() if regularizer is None else regularizer
        self.kl_weight = float(kl_weight)
        self.kl_schedule = kl_schedule
        self.seed = seed
        self.sampling = Sampling(seed, name="sampling")
        self.current_kl_weight = self.add_weight(
            name="kl_weight",
            initializer=keras.initializers.Constant(self.kl_weight),
            trainable=False,
            dtype="float32",
            autocast=False,
        )
        # Counted inside the graph, so that several steps an execution do not skip a schedule.
        self.kl_step = self.add_weight(
            name="kl_step",
            initializer="zeros",
            trainable=False,
            dtype="int32",
            aggregation="only_first_replica",
        )
        self.recon_tracker = keras.metrics.Mean(name="recon_loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")
        self.kl_scaled_tracker = keras.metrics.Mean(name="kl_scaled")
        self.kl_weight_tracker = keras.metrics.Mean(name="kl_weight")
        self.built = True  # the parts are functional models, built already

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of the images."""
        return self.encoder.input_shape[1:]

    @property
    def latent_dim(self) -> int:
        """Size of a code."""
        return self.decoder.input_shape[-1]

    def call(self, x: Tensor, training: bool | None = None) -> Tensor:
        posterior = DiagonalGaussian(*self.encoder(self._prepared(x), training=training))
        codes = self.sampling(posterior, training=training)
        return self.likelihood.mean(self.decoder(codes, training=training))

    def loss_terms(self, x: Tensor, *, training: bool) -> LossTerms:
        """Compute the terms of the loss of one batch.

        Args:
            x: Images, shape `(batch, height, width, channels)`.
            training: Whether to use training mode, fresh noise and the current KL weight, rather
                than inference mode, fixed noise and the final one.
        """
        x = self._prepared(x)
        posterior = DiagonalGaussian(*self.encoder(x, training=training))
        if training:
            codes = self.sampling(posterior, training=True)
            weight = ops.convert_to_tensor(self.current_kl_weight)
        else:
            noise = keras.random.normal(ops.shape(posterior.mean), seed=EVALUATION_SEED)
            codes = reparameterize(posterior, noise)
            weight = ops.convert_to_tensor(self.kl_weight, "float32")
        parameters = self.decoder(codes, training=training)
        return LossTerms(
            reconstruction=self.likelihood.loss(x, parameters),
            regularizer=self.regularizer(LatentTerms(posterior, codes)),
            weight=weight,
        )

    def training_loss(self, data: Any) -> Tensor:
        """Loss of a training batch, a scalar; advances the schedule and updates the metrics."""
        if self.kl_schedule is not None:
            share = ops.cast(self.kl_schedule(self.kl_step), "float32")
            self.current_kl_weight.assign(self.kl_weight * share)
            self.kl_step.assign(self.kl_step + 1)
        return self._reduced_loss(data, training=True)

    def test_loss(self, data: Any) -> Tensor:
        """Loss of a test batch at the final KL weight, a scalar; updates the metrics."""
        return self._reduced_loss(data, training=False)

    def set_kl_weight(self, share: float) -> None:
        """Set the current KL weight to `share` of the final one; it is saved with the model.

        For callbacks, while `fit` runs: `fit` itself begins at the final weight.
        """
        self.current_kl_weight.assign(self.kl_weight * float(share))

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Train; see `keras.Model.fit`. Images are checked first, labels are not used.

        Raises:
            DataError: If an array does not fit the model or lies outside the likelihood's range.
            ArgumentError: If the model was compiled with a loss or metrics of its own.
        """
        self._check_compiled()
        if self.kl_schedule is None:
            # Where a warm-up was cut short, its weight is not this training's: `KLWarmup` sets
            # its own, and without one the weight is the final one from the first step.
            self.set_kl_weight(1.0)
        validation = kwargs.get("validation_data")
        kwargs.setdefault("validation_batch_size", BATCH_SIZE)
        if isinstance(validation, np.ndarray):
            validation = (validation,)
        if isinstance(validation, (tuple, list)):
            images = self.check_images(validation[0], name="validation_data")
            kwargs["validation_data"] = (images, *validation[1:])
        return super().fit(self.check_images(x), y, **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Measure the losses at the final KL weight, with fixed noise; see `keras.Model.evaluate`.

        Raises:
            DataError: If an array does not fit the model or lies outside the likelihood's range.
        """
        self._check_compiled()
        if isinstance(x, np.ndarray):
            kwargs.setdefault("batch_size", BATCH_SIZE)
        return super().evaluate(self.check_images(x), y, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for part in _PARTS:
            config[part] = keras.saving.serialize_keras_object(getattr(self, part))
        return {**config, "kl_weight": self.kl_weight, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "VAE":
        config = dict(config)
        for part in _PARTS:
            config[part] = keras.saving.deserialize_keras_object(
                config[part], custom_objects=custom_objects
            )
        return cls(**config)

    def get_compile_config(self) -> dict[str, Any] | None:
        config = super().get_compile_config()
        if config is None:
            return None
        # Keras stores what "auto" meant on this machine; the file may be opened on another.
        config["jit_compile"] = "auto"
        optimizer = config.get("optimizer")
        if isinstance(optimizer, dict) and ".torch." in str(optimizer.get("module")):
            # PyTorch's own subclass of the optimizer would not load without PyTorch.
            optimizer.update(module="keras.optimizers", registered_name=None)
        return config

    def _prepared(self, x: Tensor) -> Tensor:
        return to_data_range(x, self.likelihood.data_range)

    def check_images(self, x: Any, *, name: str = "x") -> Any:
        """Return an array of images with its channel axis, never a converted copy.

        Data sets and generators pass unchanged.

        Raises:
            DataError: If shape, type or range do not fit the model, or a value is not finite.
        """
        return checked_images(x, self.image_shape, self.likelihood.data_range, name=name)

    def _check_compiled(self) -> None:
        if self.compiled and (self._compile_loss is not None or self._compile_metrics is not None):
            raise ArgumentError(
                "`compile` must be called with an optimizer and without `loss` or `metrics`: "
                "the model brings its own. Received: a compiled loss or metrics"
            )

    def _reduced_loss(self, data: Any, *, training: bool) -> Tensor:
        x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        terms = self.loss_terms(x, training=training)
        if sample_weight is None:
            weights = ops.ones_like(terms.reconstruction)
        else:
            weights = ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
        loss = mean_over_images(terms.total, weights)
        for extra in self.losses:  # weight decay and the like of the encoder's and decoder's layers
            loss = loss + ops.cast(extra, "float32")
        self.recon_tracker.update_state(terms.reconstruction, weights)
        self.kl_tracker.update_state(terms.regularizer, weights)
        self.kl_scaled_tracker.update_state(terms.weight * terms.regularizer, weights)
        self.kl_weight_tracker.update_state(terms.weight)
        self._loss_tracker.update_state(loss, sample_weight=ops.sum(weights))
        return loss
