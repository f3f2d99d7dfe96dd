"""The one place that reduces a loss over images."""

from keras import ops

from vae_keras.backend.replicas import mean_over_replicas
from vae_keras.math import Tensor


def mean_over_images(values: Tensor, sample_weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean over the images of a batch, and what they weigh together.

    Where replicas have parts of the batch, of different weight maybe, the two are such that the
    plain mean over replicas of the first is the mean over all images of the batch.

    Args:
        values: Shape `(batch,)`.
        sample_weight: Shape `(batch,)`, ones for a plain mean.

    Returns:
        Two scalars: the mean, 0 for a batch that weighs nothing, and the weight, of which each
        replica has an equal part.
    """
    weight = mean_over_replicas(ops.sum(sample_weight))
    return ops.divide_no_nan(ops.sum(values * sample_weight), weight), weight


def weights_of_images(sample_weight: Tensor | None, values: Tensor) -> Tensor:
    """Return the weight of each image, shape `(batch,)`; ones where none are given.

    Args:
        sample_weight: As `fit` hands it on, shape `(batch,)` or `(batch, 1)`, or `None`.
        values: A term of the loss, shape `(batch,)`.
    """
    if sample_weight is None:
        return ops.ones_like(values)
    return ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
