"""Builds a model without drawing initial weights, which a file has, and limits their number."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vae_keras.saving.refused import Refused

# Random initializers of Keras. Those not listed (Glorot, He, LeCun) derive from `VarianceScaling`.
_RANDOM = ("VarianceScaling", "RandomNormal", "RandomUniform", "TruncatedNormal", "Orthogonal")
_FIXED = ("Zeros", "Ones", "Constant", "Identity")
_DTYPES = ("float32", "float16", "float64", "int32")  # NumPy has these as well
# The file may have fewer values than the model: the state of an optimizer that never stepped, up to
# five times the weights, is not saved.
_TIMES, _SPARE = 8, 1 << 20
_one_at_a_time = threading.RLock()


@contextmanager
def without_initial_values(values: int) -> Iterator[None]:
    """Draw no initial weights on this thread: their values come from the file.

    JAX would compile one kernel per initializer and shape, which dominated loading time. The
    weights are NaN instead, so that a weight that the file does not set is noticed.

    While this context is entered, the classes of initializers are changed for the whole process;
    other threads get the original behaviour.

    Args:
        values: Number of values in the file. A model with many times as many is refused before
            memory is allocated for them.

    Raises:
        Refused: Within the context, if the model has too many weights.
    """
    import keras
    import numpy as np

    thread, left = threading.get_ident(), _TIMES * values + _SPARE
    classes = [getattr(keras.initializers, name) for name in (*_RANDOM, *_FIXED)]
    originals = [cls.__call__ for cls in classes]

    def counted(original: Any, name: str) -> Any:
        def call(self: Any, shape: Any, dtype: Any = None, **options: Any) -> Any:
            nonlocal left
            if threading.get_ident() != thread:
                return original(self, shape, dtype=dtype, **options)
            left -= math.prod(shape)
            if left < 0:
                raise Refused(f"a model of many more weights than the {values} values in it")
            quick = name in _RANDOM or name == "Zeros"
            if not quick or options or dtype not in _DTYPES:
                return original(self, shape, dtype=dtype, **options)
            return np.full(shape, 0.0 if name == "Zeros" else float("nan"), dtype)

        return call

    with _one_at_a_time:
        try:
            for cls, original, name in zip(classes, originals, (*_RANDOM, *_FIXED), strict=True):
                cls.__call__ = counted(original, name)
            yield
        finally:
            for cls, original in zip(classes, originals, strict=True):
                cls.__call__ = original
