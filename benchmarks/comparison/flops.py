"""Counting the floating-point operations of a Keras model's layers."""

import math
from collections.abc import Iterator
from typing import Any

PASSES_OF_A_STEP = 3  # forward, and backward to inputs and to weights


def training_flop(*models: Any) -> int:
    """Floating-point operations of one image and training step.

    Two for each multiplication of a convolution or a dense layer, three passes; what is cheap
    beside them (biases, activations, the optimizer) is not counted. Products with the zeros of a
    padding are, as usual.

    Args:
        *models: Functional Keras models, say encoder and decoder.
    """
    return PASSES_OF_A_STEP * sum(forward_flop(model) for model in models)


def forward_flop(model: Any) -> int:
    """Floating-point operations of one image, forward."""
    return 2 * sum(multiplications(layer) for layer in _layers(model))


def multiplications(layer: Any) -> int:
    """Multiplications of one image in one layer; 0 for a layer that has no kernel.

    Raises:
        ValueError: If the layer has a kernel and is of a kind that is not counted.
    """
    kind = type(layer).__name__
    kernel = getattr(layer, "kernel", None)
    if kernel is None:
        return 0
    size = math.prod(kernel.shape)
    if kind == "Dense":
        return math.prod(layer.output.shape[1:-1]) * size
    if kind == "Conv2D":
        return math.prod(layer.output.shape[1:3]) * size
    if kind == "Conv2DTranspose":
        return math.prod(layer.input.shape[1:3]) * size
    raise ValueError(f"`layer` must be a dense or convolution layer. Received: {kind}")


def _layers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        else:
            yield layer
