"""Functions on PyTorch, which calls operations one by one: nothing to compile, no gradients."""

from collections.abc import Callable
from typing import Any

import keras
import torch

FIXED_SHAPES = False


def compile_function(
    function: Callable[..., Any], variables: list[keras.Variable]
) -> Callable[..., Any]:
    """Return `function` in inference mode; an argument may be `None`, the others are arrays."""
    return torch.inference_mode()(function)
