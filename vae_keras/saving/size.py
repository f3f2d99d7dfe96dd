"""Checks the memory that one image takes in a model that has been built."""

import math
from typing import Any

from vae_keras.saving.refused import Refused

_MAX_VALUES = 1 << 28  # 1 GiB of float32


def check_size(model: Any) -> None:
    """Raise `Refused` if a layer's output for one image would be larger than 1 GiB.

    Few weights can take much memory: a convolution after an upsampling, for example.
    """
    stack, seen = [model], set()
    while stack:
        item = stack.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        stack.extend(getattr(item, "_layers", ()) or ())
        stack.extend(getattr(item, "operations", ()))
        for node in getattr(item, "_inbound_nodes", ()):
            for tensor in node.output_tensors:
                if math.prod(n for n in tensor.shape if n is not None) > _MAX_VALUES:
                    name = getattr(item, "name", "a layer")
                    raise Refused(f"{name!r} gives {tuple(tensor.shape)}, more than 1 GiB an image")
    samples = getattr(getattr(model, "objective", None), "samples", 1)
    if samples * model.latent_dim > _MAX_VALUES:
        raise Refused(f"an objective of {samples} samples")
