"""The importance-weighted bound."""

import keras
from keras import ops

from vae_keras._types import KerasConfig, Tensor
from vae_keras.checks import one_of, positive_integer
from vae_keras.math import (
    DiagonalGaussian,
    gaussian_log_prob,
    log_mean_exp,
    reparameterize,
)
from vae_keras.objectives.base import Batch, LossTerms, Objective

GRADIENTS = ("standard", "doubly_reparameterized")


@keras.saving.register_keras_serializable("vae_keras")
class ImportanceWeighted(Objective):
    """`-log 1/K sum_k w_k`, with `w_k = p(x | z_k) (p(z_k) / q(z_k | x))^weight`.

    At weight 1 a bound on `log p(x)` that is tighter than the evidence lower bound and rises with
    `K` to `log p(x)` itself; `K = 1` is the evidence lower bound. It costs `K` passes through the
    decoder. With more samples the signal in the encoder's standard gradient fades (Rainforth et
    al. 2018); the doubly reparameterised one has the same expectation and less variance, and costs
    one more pass through the decoder.

    The metric `recon_loss` is then the mean over the samples, and `kl_scaled` the loss minus it.

    Args:
        samples: Number of codes `K`, > 0. Defaults to `5`.
        gradient: `"standard"` or `"doubly_reparameterized"`. Defaults to `"standard"`.

    Raises:
        ArgumentError: If `samples` is not a positive integer or `gradient` is unknown.

    Example:
        >>> vae = VAE(encoder, decoder, Bernoulli(), objective=ImportanceWeighted(50))

    References:
        Burda et al. (2016). arXiv:1509.00519; Tucker et al. (2019), doubly reparameterized
        gradient estimators. arXiv:1810.04152; Rainforth et al. (2018). arXiv:1802.04537
    """

    is_log_likelihood_bound = True

    def __init__(self, samples: int = 5, gradient: str = "standard") -> None:
        self.samples = positive_integer("samples", samples)
        self.gradient = one_of("gradient", gradient, GRADIENTS)

    def __call__(self, batch: Batch) -> LossTerms:
        posterior = DiagonalGaussian(*(ops.tile(one, (self.samples, 1)) for one in batch.posterior))
        codes = reparameterize(posterior, batch.noise)
        if self.gradient == "standard":
            losses = batch.reconstruction(codes)
            log_weights = self._log_weights(batch, posterior, codes, losses)
            total = -log_mean_exp(log_weights, axis=0)
        else:
            losses, total = self._doubly_reparameterized(batch, posterior, codes)
        reconstruction = ops.mean(ops.reshape(losses, (self.samples, -1)), axis=0)
        one_each = codes[: ops.shape(batch.posterior.mean)[0]]
        kl = batch.prior.kl(batch.posterior, one_each)
        return LossTerms(reconstruction, kl, total - reconstruction, batch.weight, total)

    def _log_weights(
        self, batch: Batch, posterior: DiagonalGaussian, codes: Tensor, losses: Tensor
    ) -> Tensor:
        """Return `log w`, shape `(samples, batch)`."""
        log_ratios = batch.prior.log_prob(codes) - gaussian_log_prob(posterior, codes)
        return ops.reshape(batch.weight * log_ratios - losses, (self.samples, -1))

    def _doubly_reparameterized(
        self, batch: Batch, posterior: DiagonalGaussian, codes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return reconstruction losses and the bound, with the gradient of Tucker et al., eq. 8.

        The decoder's gradient weights `d log w_k` by the normalised weight, the encoder's, which
        flows through the codes alone, by its square. The factor of the codes needs the weights
        first, hence two passes.
        """
        fixed = ops.stop_gradient(codes)
        fixed_posterior = DiagonalGaussian(*(ops.stop_gradient(one) for one in posterior))
        first = self._log_weights(batch, fixed_posterior, fixed, batch.reconstruction(fixed))
        # A softmax; Keras' own warns if there is a single sample.
        share = ops.stop_gradient(ops.exp(first - ops.logsumexp(first, axis=0, keepdims=True)))

        # The same codes; a gradient that passes through them is multiplied by `factor`, which is
        # the share, as published, where the weight is 1.
        factor = ops.reshape(1.0 - batch.weight + batch.weight * share, (-1, 1))
        scaled = fixed + factor * (codes - fixed)
        losses = batch.reconstruction(scaled)
        log_weights = self._log_weights(batch, fixed_posterior, scaled, losses)
        surrogate = -ops.sum(share * log_weights, axis=0)
        bound = -log_mean_exp(log_weights, axis=0)
        total = surrogate + ops.stop_gradient(bound - surrogate)
        return losses, total

    def get_config(self) -> KerasConfig:
        return {"samples": self.samples, "gradient": self.gradient}
