"""The Keras layers and operations that the page can compute, each as one step of a list.

A step names a function of `static/decoder.js`, with plain options and with weights as arrays. The
names of activations and of element-wise operations are passed on to it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from keras import ops


class NotExportable(Exception):
    """Raised for a decoder that the page cannot compute; the message is a clause that says why."""


@dataclass(frozen=True)
class Step:
    """One step of the page's decoder.

    Attributes:
        op: Name of the function in `static/decoder.js`.
        options: Its options, numbers and words.
        weights: Its arrays, by name.
        flops: Floating-point operations for one image, counting only matrix products.
    """

    op: str
    options: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    flops: int = 0


# fmt: off
_ACTIVATIONS = frozenset({
    "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear", "mish",
    "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign", "tanh",
})
# fmt: on
# Class name of the layer or operation, and name of the page's function.
_ELEMENTWISE = {
    "Absolute": "abs",
    "Add": "add",
    "Divide": "divide",
    "Exp": "exp",
    "Expm1": "expm1",
    "Greater": "greater",
    "Less": "less",
    "Multiply": "multiply",
    "Negative": "negative",
    "Square": "square",
    "Subtract": "subtract",
    "TrueDivide": "divide",
    "Where": "where",
}
_ACTIVATING = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Silu": "silu",
    "Softplus": "softplus",
    "Tanh": "tanh",
}
# Layers and operations that do nothing outside training.
# fmt: off
_IDENTITIES = frozenset({
    "ActivityRegularization", "AlphaDropout", "Cast", "Dropout", "GaussianDropout",
    "GaussianNoise", "Identity", "SpatialDropout2D", "StopGradient",
})
# fmt: on


def step_of(
    class_name: str, config: dict[str, Any], layer: Any, inputs: list[tuple[int, ...]]
) -> Step:
    """Describe a layer or an operation to the page.

    Args:
        class_name: Its Keras class.
        config: Its Keras config.
        layer: The layer, which owns the weights; `None` for an operation.
        inputs: Shape of each input, without the batch.

    Raises:
        NotExportable: If the page does not know the layer, or one of its options.
    """
    if class_name in _IDENTITIES:
        return Step("identity")
    if class_name in _ELEMENTWISE:
        if len({shape for shape in inputs if shape}) > 1:
            raise NotExportable(f"the decoder combines arrays of different shapes ({class_name})")
        return Step(_ELEMENTWISE[class_name])
    if class_name in _ACTIVATING:
        return Step("activate", {"activation": _ACTIVATING[class_name]})
    known = _OPERATIONS if layer is None else _LAYERS
    if class_name not in known:
        kind = "operation" if layer is None else "layer"
        raise NotExportable(f"the page does not know the decoder's {kind} {class_name}")
    return known[class_name](config, layer, inputs)


def _dense(config: dict[str, Any], layer: Any, inputs: list[tuple[int, ...]]) -> Step:
    weights = _weights(layer, "kernel", "bias")
    flops = 2 * math.prod(inputs[0]) * weights["kernel"].shape[-1]
    return Step("dense", {"activation": _activation(config)}, weights, flops)


def _convolution(config: dict[str, Any], layer: Any, inputs: list[tuple[int, ...]]) -> Step:
    _only(config, dilation_rate=(1, 1), groups=1, data_format="channels_last")
    weights = _weights(layer, "kernel", "bias")
    rows, columns = layer.compute_output_shape((None, *inputs[0]))[1:3]
    flops = 2 * rows * columns * weights["kernel"].size
    return Step("convolution", _kernel_options(config), weights, flops)


def _transposed(config: dict[str, Any], layer: Any, inputs: list[tuple[int, ...]]) -> Step:
    _only(config, dilation_rate=(1, 1), output_padding=None, data_format="channels_last")
    weights = _weights(layer, "kernel", "bias")
    flops = 2 * math.prod(inputs[0][:2]) * weights["kernel"].size
    return Step("transposedConvolution", _kernel_options(config), weights, flops)


def _kernel_options(config: dict[str, Any]) -> dict[str, Any]:
    if config["padding"] not in ("same", "valid"):
        raise NotExportable(f"the decoder has a convolution with padding {config['padding']!r}")
    return {
        "strides": list(config["strides"]),
        "same": config["padding"] == "same",
        "activation": _activation(config),
    }


def _layer_normalization(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    _only(config, rms_scaling=False)
    _last_axis(config, inputs[0])
    weights = _weights(layer, "gamma", "beta")
    return Step("layerNormalization", {"epsilon": config["epsilon"]}, weights)


def _group_normalization(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    _last_axis(config, inputs[0])
    # -1 stands for a group for each channel.
    groups = layer.groups if layer.groups > 0 else inputs[0][-1]
    options = {"groups": groups, "epsilon": config["epsilon"]}
    return Step("groupNormalization", options, _weights(layer, "gamma", "beta"))


def _batch_normalization(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    _last_axis(config, inputs[0])
    arrays = _weights(layer, "gamma", "beta", "moving_mean", "moving_variance")
    scale = arrays.get("gamma", 1.0) / np.sqrt(arrays["moving_variance"] + config["epsilon"])
    shift = arrays.get("beta", 0.0) - arrays["moving_mean"] * scale
    return Step("scaleAndShift", {}, {"scale": scale, "shift": shift})


def _activation_layer(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    return Step("activate", {"activation": _activation(config)})


def _relu(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    _only(config, max_value=None, negative_slope=0.0, threshold=0.0)
    return Step("activate", {"activation": "relu"})


def _reshape(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    return Step("reshape", {"shape": list(layer.compute_output_shape((None, *inputs[0]))[1:])})


def _padding(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    _only(config, data_format="channels_last")
    return Step("pad", {"sides": [list(pair) for pair in layer.padding]})


def _cropping(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    _only(config, data_format="channels_last")
    # Cropping is padding by a negative number.
    return Step("pad", {"sides": [[-before, -after] for before, after in layer.cropping]})


def _upsampling(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    _only(config, interpolation="nearest", data_format="channels_last")
    return Step("upsample", {"size": list(layer.size)})


def _concatenate(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    _last_axis(config, inputs[0])
    return Step("concatenate")


def _split(config: dict[str, Any], layer: Any, inputs: list[Any]) -> Step:
    _last_axis(config, inputs[0])
    parts = config["indices_or_sections"]
    if not isinstance(parts, int):
        raise NotExportable("the likelihood splits the decoder's output into unequal parts")
    return Step("split", {"parts": parts})


_Describe = Callable[[dict[str, Any], Any, list[Any]], Step]
_OPERATIONS: dict[str, _Describe] = {"Split": _split}
_LAYERS: dict[str, _Describe] = {
    "Activation": _activation_layer,
    "BatchNormalization": _batch_normalization,
    "Concatenate": _concatenate,
    "Conv2D": _convolution,
    "Conv2DTranspose": _transposed,
    "Cropping2D": _cropping,
    "Dense": _dense,
    "Flatten": _reshape,
    "GroupNormalization": _group_normalization,
    "LayerNormalization": _layer_normalization,
    "ReLU": _relu,
    "Reshape": _reshape,
    "UpSampling2D": _upsampling,
    "ZeroPadding2D": _padding,
}


def _weights(layer: Any, *names: str) -> dict[str, np.ndarray]:
    """Return the weights that the layer has, by name, as float32."""
    found = {name: getattr(layer, name, None) for name in names}
    return {
        name: ops.convert_to_numpy(ops.cast(weight, "float32"))
        for name, weight in found.items()
        if weight is not None
    }


def _activation(config: dict[str, Any]) -> str:
    name = config["activation"]
    if name not in _ACTIVATIONS:
        raise NotExportable(f"the page does not know the decoder's activation {name!r}")
    return name


def _only(config: dict[str, Any], **known: Any) -> None:
    """Raise `NotExportable` unless options have the values that the page knows."""
    for name, value in known.items():
        given = config.get(name, value)
        given = tuple(given) if isinstance(given, list) else given
        if given != value:
            raise NotExportable(f"the page does not know layers with {name}={given!r}")


def _last_axis(config: dict[str, Any], shape: tuple[int, ...]) -> None:
    axis = config["axis"]
    axes = axis if isinstance(axis, list | tuple) else [axis]
    if list(axes) not in ([-1], [len(shape)]):
        raise NotExportable(f"the page knows only the last axis, and a layer has axis={axis!r}")
