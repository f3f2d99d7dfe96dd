"""Arrays through a function, a slice at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from vae_keras.errors import ArgumentError

# Of inference and evaluation. The test step draws its noise a batch at a time, so that a loss
# depends on it: arrays are evaluated in batches of this size by default.
BATCH_SIZE = 500


def in_batches(
    function: Callable[..., Any], *arrays: np.ndarray | None, batch_size: int = BATCH_SIZE
) -> Any:
    """Apply `function`, which returns a tuple of tensors, to slices of `arrays`; join the results.

    The parts of a model are called directly and not through `predict`, which would compile anew
    for each size of a last batch.

    Args:
        function: Takes as many arguments as there are arrays.
        *arrays: Arrays of one length; a `None` is handed on as it is.
        batch_size: Length of a slice, > 0.
    """
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ArgumentError(
            f"`batch_size` must be a positive integer. Received: batch_size={batch_size!r}"
        )
    length = len(next(one for one in arrays if one is not None))
    results = []
    for start in range(0, length, batch_size):
        stop = start + batch_size
        outputs = function(*(None if one is None else one[start:stop] for one in arrays))
        results.append([ops.convert_to_numpy(output) for output in outputs])
    return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))
