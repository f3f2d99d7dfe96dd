"""The two models that are exported: from pixels to codes, and from codes to pixels."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras.errors import ExportError
from vae_keras.math import Tensor
from vae_keras.models import ImageModel
from vae_keras.models.images import to_data_range

# Far below any log-variance, and within float32.
_NO_BOUND = -1e30


@dataclass(frozen=True)
class Part:
    """An encoder or a decoder, with the scaling of its inputs and outputs.

    Attributes:
        name: `"encoder"` or `"decoder"`.
        network: Functional model, whose outputs are a dictionary.
        outputs: Its symbolic outputs, by name.
        ranges: Lowest and highest value of the inputs and outputs that have a range, by name.
    """

    name: str
    network: keras.Model
    outputs: dict[str, Tensor]
    ranges: dict[str, tuple[float, float]]

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The symbolic inputs, by name."""
        return {tensor.name: tensor for tensor in self.network.inputs}


def encoder_part(model: ImageModel, input_type: str) -> Part:
    """Build the encoder, from unscaled pixels to codes.

    Args:
        model: Any model of images, in float32.
        input_type: `"uint8"` for pixels in 0 to 255, or 0 and 1 if the model was trained on those;
            `"float32"` for `[0, 1]`.
    """
    images = keras.Input(model.image_shape, dtype=input_type, name="images")
    label, classes = _label(model)
    low, high = model.likelihood.data_range
    pixels = images if input_type == "uint8" else images * (high - low) + low
    values = to_data_range(pixels, model)
    outputs = model.encoder(values if classes is None else [values, classes], training=False)
    if isinstance(outputs, list | tuple):
        named = dict(zip(("z_mean", "z_log_var"), outputs, strict=True))
    else:
        named = {"codes": outputs}
    highest = float(model.highest_integer or 255) if input_type == "uint8" else 1.0
    ranges = {"images": (0.0, highest), **_label_range(model)}
    return _part("encoder", [images, label], named, ranges)


def decoder_part(model: ImageModel) -> Part:
    """Build the decoder from codes to expected images in `[0, 1]`.

    Args:
        model: Any model of images, in float32.

    Raises:
        ExportError: If the likelihood's mean cannot be part of a Keras graph.
    """
    codes = keras.Input((model.latent_dim,), name="codes")
    label, classes = _label(model)
    parameters = model.decoder(codes if classes is None else [codes, classes], training=False)
    try:
        images = model.likelihood.mean(parameters)
    except Exception as error:  # a user's own likelihood may compute its mean in any way
        raise ExportError(
            "`model` must have a likelihood whose `mean` is made of Keras operations. "
            f"Received: {type(model.likelihood).__name__} ({error!r})"
        ) from error
    low, high = model.likelihood.data_range
    named = {"images": ops.clip((images - low) / (high - low), 0.0, 1.0)}
    ranges = {"images": (0.0, 1.0), **_label_range(model)}
    return _part("decoder", [codes, label], named, ranges)


def in_float32(model: ImageModel) -> ImageModel:
    """Return the model itself or, if it computes in fewer bits, a copy in float32."""
    config = model.get_config()
    if not _set_float32(config):
        return model
    copy = type(model).from_config(config)
    for part in ("encoder", "decoder", "likelihood"):
        getattr(copy, part).set_weights(getattr(model, part).get_weights())
    return copy


def _set_float32(config: Any) -> bool:
    """Set every precision in a nested config to float32; return whether one was different."""
    if isinstance(config, list | tuple):
        return any([_set_float32(value) for value in config])
    if not isinstance(config, dict):
        return False
    changed = any([_set_float32(value) for value in config.values()])
    if config.get("class_name") == "DTypePolicy" and config["config"]["name"] != "float32":
        config["config"] = {**config["config"], "name": "float32"}
        return True
    return changed


def _label(model: ImageModel) -> tuple[Tensor | None, Tensor | None]:
    """Return the input for the number of a class, and the one-hot labels made of it.

    As in training, a class that does not exist makes the result NaN.
    """
    if not model.num_classes:
        return None, None
    label = keras.Input((), dtype="int32", name="label")
    # A NumPy array becomes a constant of the graph; a tensor would become an input.
    numbers = np.arange(model.num_classes, dtype="float32")
    same = ops.equal(ops.expand_dims(ops.cast(label, "float32"), -1), numbers)
    known = ops.any(same, axis=1, keepdims=True)
    return label, ops.where(known, ops.cast(same, "float32"), float("nan"))


def _label_range(model: ImageModel) -> dict[str, tuple[float, float]]:
    return {"label": (0, model.num_classes - 1)} if model.num_classes else {}


def _part(
    name: str,
    inputs: list[Tensor | None],
    outputs: dict[str, Tensor],
    ranges: dict[str, tuple[float, float]],
) -> Part:
    given = [tensor for tensor in inputs if tensor is not None]
    network = keras.Model(given if len(given) > 1 else given[0], outputs, name=name)
    portable = keras.models.clone_model(
        network, clone_function=lambda layer: layer, call_function=_portable, recursive=True
    )
    return Part(name, portable, outputs, ranges)


def _portable(layer: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Call a layer or an operation, or an equal one that converts better."""
    if type(layer).__name__ == "Expm1":  # which ONNX does not have
        return ops.tanh(0.5 * args[0]) * (ops.exp(args[0]) + 1.0)
    values = layer(*args, **kwargs)
    if layer.name == "z_log_var":
        # Without this, LiteRT's converter adds the constant of `soft_bound` to the bias of this
        # layer, and its sum over the features is then rounded as for numbers of that size.
        values = ops.maximum(values, _NO_BOUND)
    return values
