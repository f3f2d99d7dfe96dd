"""No initial values for a model whose values come from a file, and no more of them than it has."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vae_keras.saving.refused import Refused

# Random initialisers of Keras; the others, variance scaling, are its subclasses.
_RANDOM = ("VarianceScaling", "RandomNormal", "RandomUniform", "TruncatedNormal", "Orthogonal")
_FIXED = ("Zeros", "Ones", "Constant", "Identity")
_DTYPES = ("float32", "float16", "float64", "int32")  # that NumPy knows too
# A model that was never trained has its optimizer's state, up to five times the weights, not saved.
_TIMES, _SPARE = 8, 1 << 20
_one_at_a_time = threading.RLock()


@contextmanager
def without_initial_values(values: int) -> Iterator[None]:
    """Draw no initial weights on this thread: the file has their values.

    JAX would compile each draw, of each shape: most of the time that loading took. NaN stands in
    their place, so that a value that a file did not set could not go unseen.

    Args:
        values: Numbers that the file holds. A model of many times as many is refused before
            memory for them is asked for.
    """
    import keras
    import numpy as np

    thread, left = threading.get_ident(), _TIMES * values + _SPARE
    classes = [getattr(keras.initializers, name) for name in (*_RANDOM, *_FIXED)]
    originals = [one.__call__ for one in classes]

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
            for one, original, name in zip(classes, originals, (*_RANDOM, *_FIXED), strict=True):
                one.__call__ = counted(original, name)
            yield
        finally:
            for one, original in zip(classes, originals, strict=True):
                one.__call__ = original
