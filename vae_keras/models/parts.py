"""Do an encoder, a decoder and a likelihood fit each other?"""

from typing import Any

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Likelihood


def check_parts(encoder: Any, decoder: Any, likelihood: Any) -> None:
    """Raise `ArgumentError`, naming the part, unless the three make a VAE."""
    if not isinstance(likelihood, Likelihood):
        raise ArgumentError(
            "`likelihood` must be an instance of `vae_keras.likelihoods.Likelihood`. "
            f"Received: likelihood={likelihood!r}"
        )
    outputs = getattr(encoder, "output_shape", None)
    if not isinstance(outputs, (list, tuple)) or len(outputs) != 2 or outputs[0] != outputs[1]:
        raise ArgumentError(
            "`encoder` must be a functional model with two outputs of one shape, "
            f"(z_mean, z_log_var). Received: encoder.output_shape={outputs!r}"
        )
    codes = getattr(decoder, "input_shape", None)
    if not isinstance(codes, tuple) or codes[-1] != outputs[0][-1]:
        raise ArgumentError(
            f"`decoder` must be a functional model of codes of size {outputs[0][-1]}, as the "
            f"encoder gives. Received: decoder.input_shape={codes!r}"
        )
    *size, channels = encoder.input_shape[1:]
    expected = (None, *size, channels * likelihood.parameters_per_channel)
    if decoder.output_shape != expected:
        raise ArgumentError(
            f"`decoder` must give {expected} for this encoder and likelihood. "
            f"Received: decoder.output_shape={decoder.output_shape!r}"
        )
