"""Checks that the parts of a model fit each other."""

import warnings
from typing import Any

import keras

from vae_keras.array_checks import unusual_layout
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Likelihood, SquaredError
from vae_keras.objectives import Objective
from vae_keras.priors import Prior
from vae_keras.regularizers import KL, Regularizer

_OUTPUTS = {1: "one output, the code", 2: "two outputs of one shape, (z_mean, z_log_var)"}
_BOUNDED = ("sigmoid", "hard_sigmoid", "tanh", "softmax")
_KEEP_VALUES = (  # layers that only arrange what they get
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Cropping2D,
    keras.layers.Dropout,
)
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
    advice = ""
    if len(outputs) == 3 and heads == 2:  # keras.io's
        advice = "; without a drawn code, `keras.Model(encoder.input, encoder.outputs[:2])`"
    if len(outputs) != heads or len(set(outputs)) != 1:
        raise ArgumentError(
            f"`encoder` must be a functional model with {_OUTPUTS[heads]}{advice}. "
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


def warn_of_output_activation(decoder: keras.Model, likelihood: Likelihood) -> None:
    """Warn if a decoder of one's own ends in an activation that does not fit the likelihood."""
    found = _last_activation(decoder)
    expected = likelihood.output_activation
    if found is None or found[0] == expected:
        return
    activation, layer = found
    name = type(likelihood).__name__
    why = (
        f"{name} applies an activation of its own, and expects values without bounds"
        if expected == "linear"
        else f"the images of {name} lie in {list(likelihood.data_range)}"
    )
    warnings.warn(
        f"`decoder` ends in the activation {activation!r} of the layer {layer!r}, but {why}: "
        f"build that layer with `activation={None if expected == 'linear' else expected!r}`",
        stacklevel=4,  # who makes the model
    )


def warn_of_layout(encoder: keras.Model) -> None:
    """Warn if an encoder seems to be built for images with the channels first."""
    shape = tuple(encoder.inputs[0].shape)
    if None not in shape[1:] and (layout := unusual_layout((1, *shape[1:]))):
        height, width, channels = shape[1:]
        warnings.warn(
            f"`encoder` takes images {height} high and {width} wide, of {channels} channels. If "
            f"they have {layout}, for a model of shape {(*shape[2:], shape[1])}",
            stacklevel=4,  # who makes the model
        )


def _last_activation(model: keras.Model) -> tuple[str, str] | None:
    """Return a bounded activation at the end of a model, and its layer; `None` if there is none."""
    operation = model.outputs[0]._keras_history.operation
    while isinstance(operation, _KEEP_VALUES):
        operation = operation.input._keras_history.operation
    if isinstance(operation, keras.Model) and getattr(operation, "outputs", None):
        return _last_activation(operation)
    own = getattr(operation, "activation", None)
    name = getattr(own, "__name__", type(operation).__name__).lower()
    return (name, operation.name) if name in _BOUNDED else None


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
