"""From the loss of each image to that of the batch: the one place that reduces over images.

And what the loss is of: the target and the weights that a batch may hold beside its images.
"""

from collections.abc import Iterable
from typing import Any

import keras
from keras import ops

from vae_keras._types import ImageShape, Tensor
from vae_keras.backend.replicas import mean_over_replicas
from vae_keras.errors import DataError
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
        sample_weight: Weights, as Keras passes them on, or `None`; see `weights_of_images`.
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
        sample_weight: As `fit` passes it on: `None`, or shape `(batch,)` or `(batch, 1)`, or the
            weights of pixels. An image none of whose pixels is seen then weighs nothing.
        values: A term of the loss, shape `(batch,)`.
    """
    if sample_weight is None:
        return ops.ones_like(values)
    if tuple(sample_weight.shape[1:]) not in ((), (1,)):
        seen = ops.any(sample_weight > 0, axis=tuple(range(1, len(sample_weight.shape))))
        return ops.cast(seen, "float32")
    return ops.reshape(ops.cast(sample_weight, "float32"), (-1,))


def weights_of_pixels(sample_weight: Tensor | None, image_shape: ImageShape) -> Tensor | None:
    """Return the weight of each pixel, `(batch, height, width, 1 or channels)`, if it has one.

    Args:
        sample_weight: As `fit` passes it on.
        image_shape: `(height, width, channels)` of the model.

    Raises:
        DataError: If they are neither weights of images nor of pixels.
    """
    if sample_weight is None or tuple(sample_weight.shape[1:]) in ((), (1,)):
        return None
    weights = ops.cast(sample_weight, "float32")
    if tuple(weights.shape[1:]) == image_shape[:-1]:
        weights = ops.expand_dims(weights, -1)
    if tuple(weights.shape[1:]) not in ((*image_shape[:-1], 1), image_shape):
        raise DataError(
            "`sample_weight` must weigh images, shape (n,), or their pixels, shape "
            f"(n, {', '.join(map(str, image_shape[:-1] or image_shape))}). "
            f"Received: shape {tuple(sample_weight.shape)}"
        )
    return weights


def target_of_batch(y: Any, image_shape: ImageShape) -> Tensor | None:
    """Return the images that those of the batch are to become; `None` where `y` is their labels.

    Args:
        y: What a batch holds beside its images, or `None`.
        image_shape: `(height, width, channels)` of the model.

    Raises:
        DataError: If it is neither.
    """
    shape = getattr(y, "shape", None)
    if y is None or (shape is not None and tuple(shape[1:]) in ((), (1,))):
        return None
    if shape is not None and tuple(shape[1:]) == image_shape:
        return y
    if shape is not None and (*shape[1:], 1) == image_shape:
        return ops.expand_dims(y, -1)
    raise DataError(
        "`y` must be labels, shape (n,), or the images that `x` is to become, shape "
        f"(n, {', '.join(map(str, image_shape))}). Received: "
        + (type(y).__name__ if shape is None else f"shape {tuple(shape)}")
    )
