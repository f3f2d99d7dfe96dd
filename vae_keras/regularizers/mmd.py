"""The maximum mean discrepancy between codes and prior."""

import keras
from keras import ops

from vae_keras._types import KerasConfig, Tensor
from vae_keras.checks import not_negative, one_of
from vae_keras.regularizers.base import (
    LatentTerms,
    Regularizer,
    same_for_every_image,
)

KERNELS = ("imq", "rbf")
_IMQ_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@keras.saving.register_keras_serializable("vae_keras")
class MMD(Regularizer):
    """InfoVAE and WAE-MMD: `kl_share KL + weight MMD^2`, between the codes and the prior.

    The discrepancy compares all codes of a batch together with draws from the prior, so that the
    posterior of a single image may stay narrow. It is the unbiased estimate, so it can be
    negative; a batch of one image gives 0. InfoVAE's `alpha` and `lambda` are
    `kl_share = 1 - alpha` and `weight = alpha + lambda - 1`; with `kl_share=0` it is MMD-VAE, and
    the penalty of a Wasserstein autoencoder.

    Kernels, for codes of dimension `d`: `"imq"`, the sum of `C / (C + |a - b|^2)` over
    `C = 2 d s` with `s` in (0.1, 0.2, 0.5, 1, 2, 5, 10), made for a prior of unit variance;
    `"rbf"`, `exp(-|a - b|^2 / d^2)`.

    Args:
        kl_share: Weight of the KL divergence, >= 0. Defaults to `0.0`.
        weight: Weight of the squared discrepancy, >= 0. Defaults to `100.0`.
        kernel: `"imq"` or `"rbf"`. Defaults to `"imq"`.

    Raises:
        ArgumentError: If `kernel` is unknown, or a weight is negative or not finite.

    Example:
        >>> VAE(encoder, decoder, SquaredError(), MMD(weight=200.0))

    References:
        Zhao et al. (2019), InfoVAE, eq. 6. arXiv:1706.02262; Tolstikhin et al. (2018),
        Wasserstein auto-encoders, algorithm 2. arXiv:1711.01558
    """

    needs = ("prior_codes",)
    batch_level = True

    def __init__(self, kl_share: float = 0.0, weight: float = 100.0, kernel: str = "imq") -> None:
        self.kl_share = not_negative("kl_share", kl_share)
        self.weight = not_negative("weight", weight)
        self.kernel = one_of("kernel", kernel, KERNELS)

    def __call__(self, latent: LatentTerms) -> Tensor:
        discrepancy = squared_mmd(latent.codes, latent.prior_codes, self.kernel)
        penalty = same_for_every_image(self.weight * discrepancy, latent)
        return penalty + self.kl_share * latent.kl if self.kl_share else penalty

    def get_config(self) -> KerasConfig:
        return {"kl_share": self.kl_share, "weight": self.weight, "kernel": self.kernel}


def squared_mmd(codes: Tensor, others: Tensor, kernel: str = "imq") -> Tensor:
    """Unbiased estimate of the squared maximum mean discrepancy of two samples.

    `mean_{i != j} k(a_i, a_j) + mean_{i != j} k(b_i, b_j) - 2 mean_{i, j} k(a_i, b_j)`.

    Args:
        codes: Shape `(batch, latent_dim)`.
        others: Shape `(batch, latent_dim)`.
        kernel: `"imq"` or `"rbf"`, see `MMD`. Defaults to `"imq"`.

    Returns:
        A scalar, float32; 0 for one image.

    References:
        Gretton et al. (2012), A kernel two-sample test, lemma 6, JMLR.
    """
    codes, others = ops.cast(codes, "float32"), ops.cast(others, "float32")
    images = ops.cast(ops.shape(codes)[0], "float32")
    apart = 1.0 - ops.eye(ops.shape(codes)[0], dtype="float32")
    within = _similarity(codes, codes, kernel) + _similarity(others, others, kernel)
    across = _similarity(codes, others, kernel)
    # Row by row: one long float32 sum would lose the digits of a small difference.
    rows = ops.sum(within * apart, axis=1) / ops.maximum(images - 1.0, 1.0)
    rows = rows - 2.0 * ops.mean(across, axis=1)
    return ops.where(images > 1.0, ops.mean(rows), 0.0)


def _similarity(a: Tensor, b: Tensor, kernel: str) -> Tensor:
    """Return the kernel of each pair, shape `(batch, batch)`."""
    # By differences: |a|^2 + |b|^2 - 2 ab would lose small distances to rounding.
    squares = ops.sum(ops.square(a[:, None, :] - b[None, :, :]), axis=-1)
    latent_dim = a.shape[-1]
    if kernel == "rbf":
        return ops.exp(-squares / latent_dim**2)
    scales = [2.0 * latent_dim * scale for scale in _IMQ_SCALES]
    return sum(scale / (scale + squares) for scale in scales)
