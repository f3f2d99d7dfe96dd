"""From the loss of each image to that of the batch: the one place that reduces over images."""

from collections.abc import Iterable

import keras
from keras import ops

from vae_keras._types import Tensor
from vae_keras.backend.replicas import mean_over_replicas
from vae_keras.models.host import Host


def reduce_and_track(
    model: Host,
    losses: Tensor,
    sample_weight: Tensor | None,
    terms: Iterable[tuple[keras.metrics.Mean, Tensor]],
) -> Tensor:
    """Reduce the loss of each image to that of the batch, and update the metrics.

    Args:
        model: The model; what its layers add to the loss, such as weight decay, is added here.
        losses: The loss of each image, shape `(batch,)`.
        sample_weight: Weight of each image, as Keras passes it on, or `None`.
        terms: Metrics, and the term of each image that each is the mean of, shape `(batch,)`.

    Returns:
        The loss of the batch, a scalar.
    """
    weights = weights_of_images(sample_weight, losses)
    for tracker, values in terms:
        tracker.update_state(values, weights)
    loss, weight = mean_over_images(losses, weights)
    for extra in model.losses:
        loss = loss + ops.cast(extra, "float32")
    model.loss_tracker.update_state(loss, sample_weight=weight)
    return loss


def mean_over_images(values: Tensor, sample_weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weighted mean over the images of a batch, and their total weight.

    Where replicas have parts of the batch, maybe of different weight, the mean is scaled such that
    its plain mean over the replicas is the mean over all images of the batch.

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
        sample_weight: As `fit` passes it on, shape `(batch,)` or `(batch, 1)`, or `None`.
        values: A term of the loss, shape `(batch,)`.
    """
    if sample_weight is None:
        return ops.ones_like(values)
    return ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
