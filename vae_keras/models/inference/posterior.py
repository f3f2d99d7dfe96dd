"""The methods of a model that is a distribution: posteriors, samples, bounds."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from vae_keras._types import Images, Tensor
from vae_keras.checks import check_seed, integer, positive_integer
from vae_keras.data.binarize import drawn_binary
from vae_keras.errors import ArgumentError
from vae_keras.math import DiagonalGaussian, reparameterize
from vae_keras.models.images import to_data_range
from vae_keras.models.inference.encode_decode import Inference
from vae_keras.models.inference.log_likelihood import LogLikelihood, estimate_log_likelihood
from vae_keras.priors import Prior


class ImageLosses(NamedTuple):
    """Terms of the bound of each image, in nats, each of shape `(n,)`.

    Attributes:
        recon_loss: The likelihood's loss, as published.
        kl_loss: KL divergence to the prior, unweighted.
        elbo: Evidence lower bound at weight 1; NaN where the likelihood is not normalised.
    """

    recon_loss: np.ndarray
    kl_loss: np.ndarray
    elbo: np.ndarray


class Probabilistic(Inference):
    """Methods of a VAE that use its posterior, its prior or its likelihood.

    Arrays and `label` are as for `Inference`.
    """

    prior: Prior
    binarize: bool

    def encode_distribution(
        self, x: Any, *, label: Any = None, batch_size: int | None = None
    ) -> DiagonalGaussian:
        """Encode images to their posteriors: mean and log-variance, each `(n, latent_dim)`."""
        return DiagonalGaussian(*self._of_images(self._encoded, x, label, batch_size))

    def sample(self, n: int = 1, *, label: Any = None, seed: int | None = None) -> Images:
        """Draw `n` codes from the prior and decode them to expected images.

        Args:
            n: Number of images, > 0.
            label: Class of the images, for a conditional model: one for all, or one for each.
            seed: Integer seed; `None` draws one.
        """
        n = positive_integer("n", n)
        check_seed(seed)
        # Before the draw, so that an error in a label is raised at once.
        label = self.check_label(label, n)
        if seed is None:
            seed = int(np.random.default_rng().integers(2**31))
        codes = self.prior.sample(n, seed=int(seed))
        return self.decode(ops.convert_to_numpy(codes), label=label)

    def elbo(
        self,
        x: Any,
        *,
        label: Any = None,
        seed: int = 0,
        batch_size: int | None = None,
    ) -> np.ndarray:
        """Estimate the evidence lower bound of each image from one drawn code.

        `log p(x | z) - KL(q(z | x) || p(z))` with the *normalised* likelihood and weight 1,
        whatever weight, regulariser and objective the model was trained with.

        Args:
            x: Images.
            label: Class of each, for a conditional model.
            seed: Seed of the draw.
            batch_size: Images at a time. Defaults to 256, fewer of large images.

        Returns:
            Nats, shape `(n,)`.
        """
        if not self.likelihood.normalized:
            raise ArgumentError(
                "`likelihood` must be normalised to have an evidence lower bound. "
                f"Received: likelihood={type(self.likelihood).__name__}"
            )
        return self.image_losses(x, label=label, seed=seed, batch_size=batch_size).elbo

    def image_losses(
        self,
        x: Any,
        *,
        label: Any = None,
        seed: int = 0,
        batch_size: int | None = None,
    ) -> ImageLosses:
        """Return reconstruction loss, KL divergence and bound of each image, from one drawn code.

        Args:
            x: Images.
            label: Class of each, for a conditional model.
            seed: Seed of the draw.
            batch_size: Images at a time. Defaults to 256, fewer of large images.
        """
        check_seed(seed)
        size = self._images_at_a_time(batch_size)
        generator = np.random.default_rng(seed)
        parts = []
        for images, labels in self._checked_parts(x, label):
            noise = generator.standard_normal((len(images), self.latent_dim)).astype("float32")
            images = self.binarized(images, generator)
            arrays = images, labels, noise
            parts.append(self._of_arrays(self._image_losses, *arrays, batch_size=size))
        return ImageLosses(*(np.concatenate(one) for one in zip(*parts, strict=True)))

    def binarized(self, x: Images, generator: np.random.Generator) -> Images:
        """Return one draw of binary images if the model is trained on such, else `x` as it is."""
        return drawn_binary(x, generator) if self.binarize else x

    def _image_losses(
        self, images: Tensor, label: Tensor | None, noise: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the fields of `ImageLosses`, as tensors."""
        posterior = DiagonalGaussian(*self._encoded(images, label))
        codes = reparameterize(posterior, noise)
        parameters = self.decoder(self.decoder_inputs(codes, label), training=False)
        images = to_data_range(images, self)
        kl = self.prior.kl(posterior, codes)
        if self.likelihood.normalized:
            elbo = self.likelihood.log_prob(images, parameters) - kl
        else:
            elbo = ops.full_like(kl, float("nan"))
        return self.likelihood.loss(images, parameters), kl, elbo

    def anomaly_score(
        self,
        x: Any,
        *,
        label: Any = None,
        seed: int = 0,
        batch_size: int | None = None,
    ) -> np.ndarray:
        """Score how odd each image is to the model: `recon_loss + kl_loss`, higher is odder.

        The negative evidence lower bound up to a constant, from one drawn code. A VAE may find
        images odd that are merely rich in detail, and plain ones ordinary (Nalisnick et al. 2019).

        Args:
            x: Images.
            label: Class of each, for a conditional model.
            seed: Seed of the draw.
            batch_size: Images at a time. Defaults to 256, fewer of large images.

        Returns:
            Nats, shape `(n,)`.

        References:
            An & Cho (2015), Variational autoencoder based anomaly detection using reconstruction
            probability; Nalisnick et al. (2019), Do deep generative models know what they don't
            know? arXiv:1810.09136
        """
        losses = self.image_losses(x, label=label, seed=seed, batch_size=batch_size)
        return losses.recon_loss + losses.kl_loss

    def uncertainty(
        self,
        x: Any,
        *,
        label: Any = None,
        samples: int = 32,
        seed: int = 0,
        batch_size: int | None = None,
    ) -> np.ndarray:
        """Say where the reconstruction of each image is uncertain: its spread over drawn codes.

        The standard deviation, pixel by pixel, of the expected images of `samples` codes from the
        image's posterior. What the code leaves open shows here; the noise that the likelihood
        gives to every pixel does not.

        Args:
            x: Images, shape `(n, height, width, channels)`.
            label: Class of each, for a conditional model.
            samples: Codes drawn for each image, at least 2. Defaults to `32`.
            seed: Seed of the draws. Defaults to `0`.
            batch_size: Images at a time. Defaults to 256, fewer of large images.

        Returns:
            Standard deviations in the units of the likelihood's range, shape
            `(n, height, width, channels)`, float32.
        """
        samples = integer("samples", samples, at_least=2)
        check_seed(seed)
        posterior = self.encode_distribution(x, label=label, batch_size=batch_size)
        std = np.exp(0.5 * posterior.log_var)
        generator = np.random.default_rng(seed)
        mean = squares = np.zeros(1)
        for count in range(1, samples + 1):  # Welford's recurrence
            codes = posterior.mean + std * generator.standard_normal(std.shape)
            images = self.decode(codes, label=label, batch_size=batch_size).astype("float64")
            step = images - mean
            mean = mean + step / count
            squares = squares + step * (images - mean)
        return np.sqrt(squares / (samples - 1)).astype("float32")

    def log_likelihood(
        self,
        x: Any,
        *,
        label: Any = None,
        samples: int = 5000,
        dequantize: bool = False,
        memory_mib: float = 64.0,
        seed: int = 0,
        progress: bool = False,
    ) -> LogLikelihood:
        """Estimate `log p(x)` of each image by importance sampling from its posterior.

        `log 1/K sum_k p(x | z_k) p(z_k) / q(z_k | x)`, a lower bound in expectation that rises
        with `K` to the truth. The draws do not depend on `memory_mib`.

        Args:
            x: Images, shape `(n, height, width, channels)`.
            label: Class of each, for a conditional model.
            samples: Codes drawn for each image, `K` > 0. Defaults to `5000`.
            dequantize: Whether to add uniform noise of one grey level to 8-bit images, so that
                their density bounds a probability (Theis et al. 2016). Defaults to `False`.
            memory_mib: Bound on the memory of the activations at one time, in MiB. Defaults to
                `64`, about the fastest on a CPU.
            seed: Seed of the draws. Defaults to `0`.
            progress: Whether to show a bar. Defaults to `False`.

        Returns:
            A `LogLikelihood`: nats and sampling error of each image, their mean with its standard
            error, bits per dimension.

        Raises:
            ArgumentError: If an argument is out of range, or the likelihood is not normalised.

        Example:
            >>> vae.log_likelihood(x_test, samples=5000).mean

        References:
            Burda et al. (2016), section 5. arXiv:1509.00519; Theis et al. (2016), A note on the
            evaluation of generative models. arXiv:1511.01844
        """
        check_seed(seed)
        return estimate_log_likelihood(
            self,
            x,
            label,
            log_joint=self._compiled(self._log_joint),
            samples=samples,
            dequantize=dequantize,
            memory_mib=memory_mib,
            seed=seed,
            progress=progress,
        )

    def _log_joint(self, images: Tensor, label: Tensor | None, codes: Tensor) -> Tensor:
        """Return `log p(x, z)` of each code; the codes of an image follow each other."""
        parameters = self.decoder(self.decoder_inputs(codes, label), training=False)
        count = ops.shape(codes)[0] // ops.shape(images)[0]
        images = to_data_range(images, self)
        images = ops.repeat(images, count, axis=0)
        return self.likelihood.log_prob(images, parameters) + self.prior.log_prob(codes)
