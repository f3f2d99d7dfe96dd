"""The terms of the loss, and the one place that reduces them."""

from typing import NamedTuple

from keras import ops

from vae_keras.math import Tensor


class LossTerms(NamedTuple):
    """Terms of the loss of one batch.

    Attributes:
        reconstruction: The likelihood's loss, nats per image, shape `(batch,)`.
        regularizer: The unweighted regulariser, nats per image, shape `(batch,)`.
        weight: Weight of the regulariser, a scalar.
    """

    reconstruction: Tensor
    regularizer: Tensor
    weight: Tensor

    @property
    def total(self) -> Tensor:
        """`reconstruction + weight * regularizer`, shape `(batch,)`."""
        return self.reconstruction + self.weight * self.regularizer


def mean_over_images(values: Tensor, sample_weight: Tensor) -> Tensor:
    """Weighted mean over the images of a batch; 0 for a batch that weighs nothing.

    Args:
        values: Shape `(batch,)`.
        sample_weight: Shape `(batch,)`, ones for a plain mean.
    """
    return ops.divide_no_nan(ops.sum(values * sample_weight), ops.sum(sample_weight))
