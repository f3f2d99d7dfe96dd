"""The decoder as a list of steps and 16-bit weights, which `static/decoder.js` computes."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

from vae_keras.report.decoder_layers import NotExportable, Step, step_of
from vae_keras.report.encoding import base64_array

# Limits beyond which a page is slow to open, and slow to follow a pointer.
MAX_WEIGHT_BYTES = 3 * 2**20
MAX_FLOPS = 60_000_000


def export_decoder(
    model: Any, *, max_bytes: int = MAX_WEIGHT_BYTES, max_flops: int = MAX_FLOPS
) -> dict[str, Any]:
    """Describe the computation of the expected image from a code, step by step.

    The steps are those of the decoder's graph, as Keras saves it, and then of the operations in the
    likelihood's `mean`. So a likelihood made of known operations needs no code of its own here.

    Args:
        model: Any model of images.
        max_bytes: Bound on the weights, in bytes at 16 bits each. Defaults to 3 MiB.
        max_flops: Bound on the floating-point operations of an image. Defaults to 60 million.

    Returns:
        A mapping for JSON: `steps`, `inputs` and `output` (numbers of arrays), `weights` (base64
        of little-endian float16), `low` and `high` of the images' range, `flops`.

    Raises:
        NotExportable: If the page cannot compute the image, or not fast enough.
    """
    steps: list[dict[str, Any]] = []
    numbers: dict[tuple[Any, ...], int] = {}
    packed: list[np.ndarray] = []
    size = flops = 0
    graph = _graph(model)
    config = graph.get_config()
    for entry in config["layers"]:
        if entry["class_name"] == "InputLayer":
            _number(numbers, (entry["name"], 0, 0))
            continue
        step, inputs = _step(graph, entry, numbers)
        flops += step.flops
        places = {}
        for name, array in step.weights.items():
            places[name] = {"start": size, "shape": array.shape}
            packed.append(array.ravel())
            size += array.size
        parts = step.options.get("parts", 1)
        outputs = [_number(numbers, (entry["name"], 0, part)) for part in range(parts)]
        steps.append(
            {
                "op": step.op,
                "inputs": inputs,
                "outputs": outputs,
                "options": step.options,
                "weights": places,
            }
        )
    if 2 * size > max_bytes:
        raise NotExportable(
            f"the decoder's weights would take {2 * size / 1e6:.1f} MB of the page, more than the "
            f"limit of {max_bytes / 1e6:.1f} MB"
        )
    if flops > max_flops:
        raise NotExportable(
            f"the decoder takes {flops / 1e6:.0f} million operations for an image, more than the "
            f"{max_flops / 1e6:.0f} million with which a page follows a pointer"
        )
    low, high = model.likelihood.data_range
    return {
        "steps": steps,
        "inputs": [numbers[tuple(place)] for place in _places(config["input_layers"])],
        "output": numbers[tuple(config["output_layers"])],
        "weights": base64_array(_half_precision(packed)),
        "low": low,
        "high": high,
        "flops": flops,
    }


def _graph(model: Any) -> keras.Model:
    """Return a model from codes to expected images."""
    decoder = model.decoder
    try:
        mean = model.likelihood.mean(decoder.outputs[0])
        return keras.Model(decoder.inputs, mean)
    except Exception as error:  # a user's own likelihood may raise anything here
        raise NotExportable(
            f"the mean of {type(model.likelihood).__name__} is not made of Keras operations "
            f"({str(error).strip().splitlines()[0] if str(error).strip() else error!r})"
        ) from error


def _step(
    graph: keras.Model, entry: dict[str, Any], numbers: dict[tuple[Any, ...], int]
) -> tuple[Step, list[Any]]:
    """Describe one layer of a functional model's config, and return its inputs.

    An input is the number of an array, or a list that contains a constant.
    """
    if len(entry["inbound_nodes"]) != 1:
        raise NotExportable(f"the decoder uses its layer {entry['name']!r} more than once")
    node = entry["inbound_nodes"][0]
    if any(isinstance(value, dict) for value in _flat(node["kwargs"].values())):
        raise NotExportable(f"the decoder's layer {entry['name']!r} has inputs by keyword")
    inputs: list[Any] = []
    shapes: list[tuple[int, ...]] = []
    for value in _flat(node["args"]):
        if isinstance(value, dict):
            inputs.append(numbers[tuple(value["config"]["keras_history"])])
            shapes.append(tuple(value["config"]["shape"][1:]))
        elif isinstance(value, int | float):
            inputs.append([float(value)])
            shapes.append(())
        else:
            raise NotExportable(f"the decoder's layer {entry['name']!r} has an input {value!r}")
    layers = {layer.name: layer for layer in graph.layers}
    layer = layers.get(entry["name"])
    return step_of(entry["class_name"], entry["config"], layer, shapes), inputs


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the values of nested lists."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        else:
            yield value


def _places(layers: list[Any]) -> list[list[Any]]:
    """Return each input of a model as `[name, node, tensor]`; Keras writes a single one bare."""
    return layers if isinstance(layers[0], list) else [layers]


def _number(numbers: dict[tuple[Any, ...], int], place: tuple[Any, ...]) -> int:
    """Return the number of a layer's output, the next free one if it has none yet."""
    return numbers.setdefault(place, len(numbers))


def _half_precision(arrays: list[np.ndarray]) -> np.ndarray:
    """Join arrays as little-endian float16."""
    joined = np.concatenate(arrays) if arrays else np.zeros(0)
    largest = float(np.finfo("float16").max)
    if not np.all(np.abs(joined) <= largest):  # false for NaN too
        raise NotExportable(f"a weight of the decoder is not a number below {largest:.0f}")
    return joined.astype("<f2")
