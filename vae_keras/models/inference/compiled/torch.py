"""Functions on PyTorch, where operations are called one by one: without gradients."""

from collections.abc import Callable
from typing import Any

import torch

FIXED_SHAPES = False


def compile_function(function: Callable[..., Any], variables: Any) -> Callable[..., Any]:
    """Return `function` in inference mode; an argument may be `None`, the others are arrays."""
    return torch.inference_mode()(function)
