"""The KL divergence in three parts, with a weight for each."""

import math
from typing import Any

import keras
from keras import ops

from vae_keras._types import KerasConfig, Tensor
from vae_keras.checks import not_negative, one_of, positive_integer
from vae_keras.math import DiagonalGaussian, gaussian_log_prob
from vae_keras.regularizers.base import (
    LatentTerms,
    Regularizer,
)

ESTIMATORS = ("weighted", "stratified")


@keras.saving.register_keras_serializable("vae_keras")
class TotalCorrelation(Regularizer):
    """beta-TCVAE: `alpha MI + beta TC + gamma DW`, the parts of the KL divergence.

    At the code `z` drawn for an image, with the aggregate posterior `q(z) = 1/N sum_n q(z | x_n)`:
    `MI = log q(z | x) - log q(z)`, the mutual information of image and code;
    `TC = log q(z) - sum_j log q(z_j)`, the total correlation; and
    `DW = sum_j log q(z_j) - log p(z)`, the KL divergence of each dimension. With all weights 1 it
    is the one-sample estimate of the KL divergence, whatever the estimator. A large `beta` makes
    the dimensions independent without taking information from the codes.

    `q(z)` is estimated from the batch of `B` images, as is each `q(z_j)`. `"weighted"` is
    `1/(N B) sum_k q(z | x_k)`, a lower bound: its `1/N` moves MI by `log N`, TC by
    `(latent_dim - 1) log N` and DW by `-latent_dim log N`, constants without a gradient.
    `"stratified"` is `1/N q(z | x) + (N - 1)/(N (B - 1)) sum_{others} q(z | x_k)`: unbiased for
    batches drawn without replacement, and exact where the batch is the whole data set. The paper
    gives one of the other images a different weight; this is the mean over the choice of that
    image, and does not depend on the order of the batch. If `N < B`, `N` is taken to be `B`.
    Memory grows with `B^2 latent_dim`.

    Args:
        alpha: Weight of the mutual information, >= 0. Defaults to `1.0`.
        beta: Weight of the total correlation, >= 0. Defaults to `6.0`.
        gamma: Weight of the dimension-wise KL divergence, >= 0. Defaults to `1.0`.
        dataset_size: Images of the training set, `N`. Defaults to `None`, the number of images
            that `fit` receives.
        estimator: `"weighted"` or `"stratified"`. Defaults to `"weighted"`.

    Raises:
        ArgumentError: If a weight is negative or not finite, `dataset_size` is not a positive
            integer, or `estimator` is unknown.

    Example:
        >>> VAE(encoder, decoder, Bernoulli(), TotalCorrelation(beta=4.0))

    References:
        Chen et al. (2018), eq. 2 and appendix C. arXiv:1802.04942
    """

    needs = ("dataset_size",)
    batch_level = True

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 6.0,
        gamma: float = 1.0,
        *,
        dataset_size: int | None = None,
        estimator: str = "weighted",
    ) -> None:
        self.alpha = not_negative("alpha", alpha)
        self.beta = not_negative("beta", beta)
        self.gamma = not_negative("gamma", gamma)
        self.dataset_size = (
            None if dataset_size is None else positive_integer("dataset_size", dataset_size)
        )
        self.estimator = one_of("estimator", estimator, ESTIMATORS)

    def __call__(self, latent: LatentTerms) -> Tensor:
        information, correlation, dimension_wise = self.terms(latent)
        return self.alpha * information + self.beta * correlation + self.gamma * dimension_wise

    def terms(self, latent: LatentTerms) -> tuple[Tensor, Tensor, Tensor]:
        """Return the three parts, without their weights, each `(batch,)` in nats.

        Args:
            latent: The record that a regulariser is called with.

        Returns:
            Mutual information, total correlation, dimension-wise KL divergence.
        """
        pairs = _log_probs_of_pairs(latent.posterior, latent.codes)
        log_weights = self._log_weights(ops.shape(latent.codes)[0], latent.dataset_size)
        log_joint = ops.logsumexp(ops.sum(pairs, axis=-1) + log_weights, axis=1)
        log_each = ops.logsumexp(pairs + log_weights[:, :, None], axis=1)
        log_product = ops.sum(log_each, axis=-1)
        log_posterior = gaussian_log_prob(latent.posterior, latent.codes)
        log_prior = latent.prior.log_prob(latent.codes)
        return log_posterior - log_joint, log_joint - log_product, log_product - log_prior

    def _log_weights(self, batch: Any, dataset_size: Any) -> Tensor:
        """Return the weight of image `k` in `q(z_i)`, as a logarithm, shape `(batch, batch)`."""
        same = ops.eye(batch, dtype="bool")
        known = dataset_size if self.dataset_size is None else self.dataset_size
        b = ops.cast(batch, "float32")
        n = ops.maximum(ops.cast(known, "float32"), b)
        if self.estimator == "weighted":
            own = others = -ops.log(n) - ops.log(b)
        else:
            own = -ops.log(n)
            others = ops.log(n - 1.0) - ops.log(n) - ops.log(ops.maximum(b - 1.0, 1.0))
        return ops.where(same, own, others)

    def get_config(self) -> KerasConfig:
        return {
            "alpha": self.alpha,
            "beta": self.beta,
            "gamma": self.gamma,
            "dataset_size": self.dataset_size,
            "estimator": self.estimator,
        }


def _log_probs_of_pairs(posterior: DiagonalGaussian, codes: Tensor) -> Tensor:
    """Return `log q(z_ij | x_k)` at `[i, k, j]`, shape `(batch, batch, latent_dim)`."""
    codes = ops.cast(codes, "float32")[:, None, :]
    mean = ops.cast(posterior.mean, "float32")[None, :, :]
    log_var = ops.cast(posterior.log_var, "float32")[None, :, :]
    squares = ops.square(codes - mean) * ops.exp(-log_var)
    return -0.5 * (squares + log_var + math.log(2.0 * math.pi))
