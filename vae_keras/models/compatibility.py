"""Checks that the parts of a model fit each other."""

from typing import Any

import keras

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Likelihood, SquaredError
from vae_keras.objectives import Objective
from vae_keras.priors import Prior
from vae_keras.regularizers import KL, Regularizer

_OUTPUTS = {1: "one output, the code", 2: "two outputs of one shape, (z_mean, z_log_var)"}
_INPUTS = {
    1: "a functional model of one input",
    2: "a functional model of two inputs, the second one-hot labels",
}


def check_parts(
    encoder: Any, decoder: Any, likelihood: Any, *, conditional: bool = False, heads: int = 2
) -> None:
    """Raise `ArgumentError`, naming the part, unless the three make a model.

    Args:
        encoder: Model of images, and of one-hot labels if conditional.
        decoder: Model of codes, and of one-hot labels if conditional.
        likelihood: A `vae_keras.likelihoods` member.
        conditional: Whether encoder and decoder take one-hot labels too.
        heads: Outputs of the encoder: 2 for mean and log-variance, 1 for a code.
    """
    _check_instance("likelihood", likelihood, Likelihood)
    for name, part in (("encoder", encoder), ("decoder", decoder)):
        _check_inputs(name, part, 2 if conditional else 1)
    _check_codes(encoder, decoder, heads)
    _check_output(encoder, decoder, likelihood)
    _check_output_activation(decoder, likelihood)


def _check_instance(name: str, part: object, contract: type) -> None:
    if not isinstance(part, contract):
        raise ArgumentError(
            f"`{name}` must be an instance of `vae_keras.{contract.__module__.split('.')[1]}."
            f"{contract.__name__}`. Received: {name}={part!r}"
        )


def _check_inputs(name: str, part: Any, count: int) -> None:
    inputs = getattr(part, "inputs", None)
    if inputs is None or len(inputs) != count:
        raise ArgumentError(
            f"`{name}` must be {_INPUTS[count]}. Received: {name} with "
            f"{'no' if inputs is None else len(inputs)} inputs"
        )


def _check_codes(encoder: keras.Model, decoder: keras.Model, heads: int) -> None:
    """Check what the encoder gives, and that the decoder takes codes of the same size."""
    outputs = [output.shape for output in encoder.outputs]
    if len(outputs) != heads or len(set(outputs)) != 1:
        raise ArgumentError(
            f"`encoder` must be a functional model with {_OUTPUTS[heads]}. "
            f"Received: encoder.output_shape={encoder.output_shape!r}"
        )
    latent_dim = outputs[0][-1]
    if decoder.inputs[0].shape[-1] != latent_dim:
        raise ArgumentError(
            f"`decoder` must be a functional model of codes of size {latent_dim}, as the "
            f"encoder gives. Received: decoder.input_shape={decoder.input_shape!r}"
        )


def _check_output(encoder: keras.Model, decoder: keras.Model, likelihood: Likelihood) -> None:
    """Check that the decoder gives the likelihood's parameters for images of the encoder's size."""
    *size, channels = encoder.inputs[0].shape[1:]
    expected = (None, *size, channels * likelihood.parameters_per_channel)
    if decoder.output_shape != expected:
        raise ArgumentError(
            f"`decoder` must give {expected} for this encoder and likelihood. "
            f"Received: decoder.output_shape={decoder.output_shape!r}"
        )


def _check_output_activation(decoder: keras.Model, likelihood: Likelihood) -> None:
    """Check the last layer of a decoder from `architectures`; any other may end as it likes."""
    last = decoder.layers[-1]
    if last.name != "parameters" or not isinstance(last, keras.layers.Activation):
        return
    activation = last.activation.__name__
    if activation != likelihood.output_activation:
        raise ArgumentError(
            f"`decoder` must be built for the model's likelihood, whose output activation is "
            f"{likelihood.output_activation!r}. Received: a decoder that ends in {activation!r}"
        )


def check_objective(
    objective: Objective,
    likelihood: Likelihood,
    regularizer: Regularizer,
    prior: Prior,
    binarize: bool,
) -> None:
    """Raise `ArgumentError`, naming the part, unless the members go together."""
    _check_instance("objective", objective, Objective)
    _check_instance("regularizer", regularizer, Regularizer)
    _check_instance("prior", prior, Prior)
    name = type(objective).__name__
    if objective.is_log_likelihood_bound and not isinstance(regularizer, KL):
        raise ArgumentError(
            f"`regularizer` must be `KL` with the objective `{name}`, a bound that holds no other. "
            f"Received: regularizer={type(regularizer).__name__}"
        )
    if objective.is_log_likelihood_bound and not likelihood.normalized:
        raise ArgumentError(
            f"`likelihood` must be a density with the objective `{name}`, a bound on it. "
            f"Received: likelihood={type(likelihood).__name__}"
        )
    if regularizer.needs_factorized_prior and not prior.factorized:
        raise ArgumentError(
            f"`prior` must have independent dimensions with `{type(regularizer).__name__}`, which "
            f"takes the KL divergence apart by dimension. Received: prior={type(prior).__name__}"
        )
    if binarize and likelihood.data_range != (0.0, 1.0):
        raise ArgumentError(
            "`binarize` must go with a likelihood of data in [0, 1]. "
            f"Received: binarize=True, likelihood.data_range={likelihood.data_range}"
        )


def check_squared_error(likelihood: Likelihood) -> None:
    """Raise `ArgumentError` unless the likelihood is the squared error."""
    if not isinstance(likelihood, SquaredError):
        raise ArgumentError(
            "`likelihood` must be `SquaredError` for an autoencoder, which has no other loss. "
            f"Received: likelihood={type(likelihood).__name__}"
        )
