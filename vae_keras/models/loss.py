"""The one place that reduces a loss over images."""

import warnings
from typing import Any

import numpy as np
from keras import ops

from vae_keras.backend.replicas import mean_over_replicas, own_rows
from vae_keras.data import ImageFiles
from vae_keras.errors import ArgumentError
from vae_keras.math import DiagonalGaussian, Tensor
from vae_keras.regularizers import LatentTerms

# Of the prior's draw in the test step, which has to be the same each time.
EVALUATION_SEED = 1338


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


def latent_terms(
    vae: Any, posterior: DiagonalGaussian, codes: Tensor, *, training: bool
) -> LatentTerms:
    """Return the record that the model's regulariser looks at, with the fields that it needs.

    Args:
        vae: The model.
        posterior: `q(z | x)` of each image.
        codes: The draw `z` that was decoded, shape `(batch, latent_dim)`.
        training: Whether to use fresh noise and the step reached, rather than fixed noise and the
            end of a schedule.
    """
    needs = vae.regularizer.needs
    given: dict[str, Any] = {}
    if "prior_codes" in needs:
        source = vae.sampling.seed_generator if training else EVALUATION_SEED
        given["prior_codes"] = own_rows(
            lambda n: vae.prior.sample(n, seed=source), ops.shape(codes)[0]
        )
    if "dataset_size" in needs:
        given["dataset_size"] = ops.convert_to_tensor(vae.dataset_size)
    if "step" in needs:
        done = ops.cast(vae.kl_step, "float32") if training else float("inf")
        given["step"] = ops.convert_to_tensor(done, "float32")
    return LatentTerms(posterior, codes, vae.prior, **given)


def learn_dataset_size(vae: Any, x: Any) -> None:
    """Tell a regulariser that corrects for the size of the data set what it is.

    Raises:
        ArgumentError: If it is not given and `x` is no array, so that it cannot be counted.
    """
    if "dataset_size" not in vae.regularizer.needs:
        return
    given = getattr(vae.regularizer, "dataset_size", None)
    if given is None and not isinstance(x, np.ndarray | list | ImageFiles):
        raise ArgumentError(
            f"`dataset_size` of `{type(vae.regularizer).__name__}` must be given where `x` "
            f"is not an array: it cannot be counted. Received: x of type {type(x).__name__}"
        )
    vae.dataset_size.assign(float(len(x) if given is None else given))


def warn_if_unfinished(vae: Any) -> None:
    """Warn if the regulariser changes over more steps than training has done."""
    planned = getattr(vae.regularizer, "steps", 0)
    if "step" in vae.regularizer.needs and int(vae.kl_step) < planned:
        warnings.warn(
            f"`{type(vae.regularizer).__name__}` changes over {planned} steps and training has "
            f"done {int(vae.kl_step)}: validation is measured where it would end. Train longer or "
            "give it fewer `steps`.",
            stacklevel=3,
        )
