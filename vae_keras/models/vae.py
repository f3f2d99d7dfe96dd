"""The variational autoencoder."""

import warnings
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from vae_keras._types import Tensor
from vae_keras.backend.replicas import own_rows
from vae_keras.checks import not_negative
from vae_keras.data import ImageFiles
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Likelihood
from vae_keras.math import DiagonalGaussian
from vae_keras.models.compatibility import check_objective, check_parts
from vae_keras.models.image_model import ImageModel
from vae_keras.models.images import to_data_range
from vae_keras.models.inference.posterior import Probabilistic
from vae_keras.models.loss import reduce_and_track, target_of_batch, weights_of_pixels
from vae_keras.models.sampling import Sampling
from vae_keras.objectives import ELBO, Batch, LossTerms, Objective
from vae_keras.priors import Prior, StandardNormal
from vae_keras.regularizers import KL, LatentTerms, Regularizer
from vae_keras.schedules import Schedule


class EvaluationSeeds(NamedTuple):
    """Seeds of what the test step draws, the same each time, so that two evaluations agree."""

    posterior: int
    prior: int
    pixels: int


EVALUATION_SEEDS = EvaluationSeeds(posterior=1337, prior=1338, pixels=1339)


@keras.saving.register_keras_serializable("vae_keras")
class VAE(Probabilistic, ImageModel):
    """Variational autoencoder: an encoder, a decoder, a likelihood and a regulariser.

    Trains on `reconstruction + kl_weight * regularizer`, nats per image, averaged over the
    images of a batch. Validation and `evaluate` always use the *final* KL weight, whatever a
    warm-up has reached, so that `val_loss` can be compared from epoch to epoch.

    `compile` takes an optimizer and no loss; `fit` takes `x`, `(x, labels)` (labels are ignored),
    `(noisy, clean)`, whose first images are encoded and whose second are reconstructed, a
    `tf.data.Dataset`, a `PyDataset`: uint8, scaled inside the graph, or float in the likelihood's
    range. Calling the model gives the deterministic reconstruction (code = mean).

    Args:
        encoder: Model `images -> (z_mean, z_log_var)`, each `(batch, latent_dim)`.
        decoder: Model `codes -> likelihood parameters`.
        likelihood: A `vae_keras.likelihoods` member.
        regularizer: A `vae_keras.regularizers` member. Defaults to `KL()`.
        prior: A `vae_keras.priors` member. Defaults to `StandardNormal()`.
        objective: A `vae_keras.objectives` member. Defaults to `ELBO()`.
        kl_weight: Final weight of the regulariser, >= 0; 1 makes the loss the negative evidence
            lower bound. Defaults to `1.0`.
        kl_schedule: A `vae_keras.schedules` member, counted in training steps inside the graph.
            Without one the weight is `kl_weight` from the first step, unless a `KLWarmup`
            callback sets it. Defaults to `None`.
        binarize: Whether to draw each pixel as 0 or 1, with its grey value as the probability of 1,
            anew at every training step (dynamic binarisation); evaluation uses a fixed draw. Images
            that are binary already stay as they are. Defaults to `False`.
        seed: Seed of the sampling noise. Defaults to `None`.
        **kwargs: `skip_gradient_norm` and `highest_integer`, see `ImageModel`; `name` and the like,
            for `keras.Model`.

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

    parts = (
        "encoder",
        "decoder",
        "likelihood",
        "regularizer",
        "prior",
        "objective",
        "kl_schedule",
    )
    is_variational = True

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Likelihood,
        regularizer: Regularizer | None = None,
        *,
        prior: Prior | None = None,
        objective: Objective | None = None,
        kl_weight: float = 1.0,
        kl_schedule: Schedule | None = None,
        binarize: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._check_parts(encoder, decoder, likelihood)
        super().__init__(encoder, decoder, likelihood, seed=seed, **kwargs)
        self.regularizer = KL() if regularizer is None else regularizer
        self.prior = StandardNormal() if prior is None else prior
        self.objective = ELBO() if objective is None else objective
        check_objective(self.objective, likelihood, self.regularizer, self.prior, binarize)
        if not self.prior.built:
            self.prior.build((None, self.latent_dim))
        self.kl_weight = kl_weight
        self.kl_schedule = kl_schedule
        self.binarize = bool(binarize)
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
        if "dataset_size" in self.regularizer.needs:
            self.dataset_size = self.add_weight(
                name="dataset_size",
                initializer="zeros",
                trainable=False,
                dtype="float32",
                autocast=False,
                aggregation="only_first_replica",
            )
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")
        self.kl_scaled_tracker = keras.metrics.Mean(name="kl_scaled")
        self.kl_weight_tracker = keras.metrics.Mean(name="kl_weight")

    def call(self, x: Tensor, training: bool | None = None) -> Tensor:
        return self._mean_image(x, None, training=training)

    def _mean_image(self, x: Tensor, label: Tensor | None, *, training: bool | None) -> Tensor:
        inputs = self.encoder_inputs(to_data_range(x, self), label)
        posterior = DiagonalGaussian(*self.encoder(inputs, training=training))
        codes = self.decoder_inputs(self.sampling(posterior, training=training), label)
        return self.likelihood.mean(self.decoder(codes, training=training))

    def loss_of_batch(self, data: Any, *, training: bool) -> Tensor:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if training and self.kl_schedule is not None:
            share = ops.cast(self.kl_schedule(self.kl_step), "float32")
            self.current_kl_weight.assign(self.kl_weight * share)
        label = self._label_of_batch(y)
        target = target_of_batch(y, self.image_shape) if label is None else None
        self._track_range(x, target, training=training)
        pixel_weights = weights_of_pixels(sample_weight, self.image_shape)
        x, target, pixel_weights = self._augmented(x, target, pixel_weights, training=training)
        terms = self.loss_terms(
            x,
            label,
            target=target,
            pixel_weights=pixel_weights,
            training=training,
        )
        self.kl_weight_tracker.update_state(terms.weight)
        tracked = (
            (self.recon_tracker, terms.reconstruction),
            (self.kl_tracker, terms.kl),
            (self.kl_scaled_tracker, terms.scaled),
        )
        loss = reduce_and_track(self, terms.total, sample_weight, tracked)
        if training and (self.kl_schedule is not None or "step" in self.regularizer.needs):
            self.kl_step.assign(self.kl_step + 1)
        return loss

    def loss_terms(
        self,
        x: Tensor,
        label: Tensor | None = None,
        *,
        target: Tensor | None = None,
        pixel_weights: Tensor | None = None,
        training: bool,
    ) -> LossTerms:
        """Compute the terms of the loss of one batch.

        Args:
            x: Images, shape `(batch, height, width, channels)`.
            label: What a conditional model is conditioned on, shape `(batch,)`.
            target: The images that the reconstruction is compared with, if not `x`.
            pixel_weights: Weight of each pixel in the reconstruction, shape
                `(batch, height, width, 1 or channels)`.
            training: Whether to use training mode, fresh noise and the current KL weight, rather
                than inference mode, fixed noise and the final one.
        """
        x = to_data_range(x, self)
        target = None if target is None else to_data_range(target, self)
        if self.binarize:
            x, target = self._drawn_pixels(x, target, training=training)
        target = x if target is None else target
        inputs = self.encoder_inputs(x, label)
        posterior = DiagonalGaussian(*self.encoder(inputs, training=training))
        samples = self.objective.samples
        images, latent_dim = ops.shape(posterior.mean)[0], self.latent_dim
        source = self.sampling.seed_generator if training else EVALUATION_SEEDS.posterior

        def draw(n: Any) -> Tensor:
            return keras.random.normal((samples * n, latent_dim), seed=source)

        def reconstruction(codes: Tensor) -> Tensor:
            given = self.decoder_inputs(codes, _repeated(label, samples))
            parameters = self.decoder(given, training=training)
            images = _repeated(target, samples)
            if pixel_weights is None:
                return self.likelihood.loss(images, parameters, training=training)
            weights = _repeated(pixel_weights, samples)
            return self.likelihood.weighted_loss(images, parameters, weights)

        return self.objective(
            Batch(
                posterior=posterior,
                noise=own_rows(draw, images, samples),
                reconstruction=reconstruction,
                latent=lambda codes: self._latent_terms(posterior, codes, training=training),
                regularizer=self.regularizer,
                prior=self.prior,
                weight=(
                    ops.convert_to_tensor(self.current_kl_weight)
                    if training
                    else ops.convert_to_tensor(self.kl_weight, "float32")
                ),
            )
        )

    def _drawn_pixels(self, *images: Tensor | None, training: bool) -> list[Tensor | None]:
        """Draw each pixel as 0 or 1, with its grey value as the probability of 1.

        The draws of a target are those of its image: where the two are equal, so are their draws.
        """
        source = self.sampling.seed_generator if training else EVALUATION_SEEDS.pixels
        count, *rest = ops.shape(images[0])
        levels = own_rows(lambda n: keras.random.uniform((n, *rest), seed=source), count)

        def drawn(x: Tensor) -> Tensor:
            # A pixel that is out of range stays NaN.
            return ops.where(ops.isnan(x), x, ops.cast(levels < x, "float32"))

        return [None if one is None else drawn(one) for one in images]

    def _latent_terms(
        self, posterior: DiagonalGaussian, codes: Tensor, *, training: bool
    ) -> LatentTerms:
        """Return what the regulariser looks at: posterior, codes, prior, and what it `needs`."""
        needs = self.regularizer.needs
        given: dict[str, Tensor] = {}
        if "prior_codes" in needs:
            source = self.sampling.seed_generator if training else EVALUATION_SEEDS.prior
            given["prior_codes"] = own_rows(
                lambda n: self.prior.sample(n, seed=source), ops.shape(codes)[0]
            )
        if "dataset_size" in needs:
            given["dataset_size"] = ops.convert_to_tensor(self.dataset_size)
        if "step" in needs:
            # A test step measures where the schedule of a regulariser ends.
            done = ops.cast(self.kl_step, "float32") if training else float("inf")
            given["step"] = ops.convert_to_tensor(done, "float32")
        return LatentTerms(posterior, codes, self.prior, **given)

    def set_kl_weight(self, share: float) -> None:
        """Set the current KL weight to `share` of the final one; it is saved with the model.

        For callbacks, while `fit` runs: `fit` itself begins at the final weight.
        """
        self.current_kl_weight.assign(self.kl_weight * float(share))

    @property
    def kl_weight(self) -> float:
        """The final weight of the regulariser; a new one takes effect with the next call."""
        return self._kl_weight

    @kl_weight.setter
    def kl_weight(self, value: float) -> None:
        if self._fitting:
            raise ArgumentError(
                "`kl_weight` must not be set while `fit` runs: `set_kl_weight(share)` sets the "
                "current weight to a share of it, and `KLWarmup` or `kl_schedule` change it over "
                f"time. Received: kl_weight={value!r}"
            )
        self._kl_weight = not_negative("kl_weight", value)
        if hasattr(self, "current_kl_weight"):
            self.set_kl_weight(1.0)

    def _step_settings(self) -> tuple[Any, ...]:
        return (*super()._step_settings(), self.kl_weight, self.binarize)

    def _before_fit(self, x: Any) -> None:
        if self.kl_schedule is None:
            # An earlier warm-up that was cut short may have left its weight. `KLWarmup` sets its
            # own; without one, the weight is the final one from the first step.
            self.set_kl_weight(1.0)
        if "dataset_size" not in self.regularizer.needs:
            return
        given = getattr(self.regularizer, "dataset_size", None)
        if given is None and not isinstance(x, np.ndarray | ImageFiles):
            raise ArgumentError(
                f"`dataset_size` of `{type(self.regularizer).__name__}` must be given where `x` "
                f"is not an array: it cannot be counted. Received: x of type {type(x).__name__}"
            )
        self.dataset_size.assign(float(len(x) if given is None else given))

    def _after_fit(self) -> None:
        planned = getattr(self.regularizer, "steps", 0)
        if "step" in self.regularizer.needs and int(self.kl_step) < planned:
            warnings.warn(
                f"`{type(self.regularizer).__name__}` changes over {planned} steps and training "
                f"has done {int(self.kl_step)}: validation is measured where it would end. Train "
                "longer or give it fewer `steps`.",
                stacklevel=3,  # the caller of `fit`
            )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kl_weight": self.kl_weight, "binarize": self.binarize}

    def _check_parts(self, encoder: Any, decoder: Any, likelihood: Any) -> None:
        check_parts(encoder, decoder, likelihood)

    def _label_of_batch(self, y: Any) -> Tensor | None:
        """Return the label out of what `fit` was given beside the images."""
        return None


def _repeated(values: Tensor | None, samples: int) -> Tensor | None:
    """Return one whole batch after another, `samples` times."""
    if values is None or samples == 1:
        return values
    return ops.tile(values, (samples, *(1 for _ in values.shape[1:])))
