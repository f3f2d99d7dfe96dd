"""Compiled functions on TensorFlow: a graph for each type of the arrays, of any length.

XLA is not used: on a CPU it was slower for wide convolutions and no faster for the rest.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

FIXED_SHAPES = False


def compile_function(
    function: Callable[..., Any], variables: list[keras.Variable]
) -> Callable[..., Any]:
    """Return `function` as a graph; an argument may be `None`, the others are arrays."""
    graphs: dict[Any, Callable[..., Any]] = {}

    def call(*arrays: Any) -> Any:
        kind = tuple(None if one is None else (one.dtype, *one.shape[1:]) for one in arrays)
        if kind not in graphs:
            graphs[kind] = _graph(function, arrays)
        return graphs[kind](*(tf.convert_to_tensor(one) for one in arrays if one is not None))

    return call


def _graph(function: Callable[..., Any], arrays: tuple[Any, ...]) -> Callable[..., Any]:
    there = [one is not None for one in arrays]

    def body(*tensors: Any) -> Any:
        given = iter(tensors)
        return function(*(next(given) if one else None for one in there))

    signature = [
        tf.TensorSpec((None, *one.shape[1:]), one.dtype) for one in arrays if one is not None
    ]
    graph = tf.function(body, input_signature=signature, autograph=False)
    return graph.get_concrete_function()
