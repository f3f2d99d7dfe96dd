"""Methods of a model, compiled once for arrays of any length.

Each backend's file defines `compile_function(function, variables)`, which returns a function of
arrays that sees the present values of the variables, and `FIXED_SHAPES`: whether the function is
compiled anew for each new length of the arrays.
"""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras

from vae_keras.models.host import Host

if TYPE_CHECKING:
    from vae_keras.models.inference.compiled.jax import FIXED_SHAPES, compile_function
else:
    _BACKEND = importlib.import_module(f"{__name__}.{keras.backend.backend()}")
    FIXED_SHAPES, compile_function = _BACKEND.FIXED_SHAPES, _BACKEND.compile_function

__all__ = ["FIXED_SHAPES", "CompiledMethods", "compile_function"]


class CompiledMethods:
    """The compiled methods of one model, each compiled at its first use.

    They are compiled again if the model has got other parts or other variables. This is a plain
    object, which Keras neither tracks nor saves.
    """

    def __init__(self) -> None:
        self._made_of: tuple[Any, ...] = ()
        self._made: dict[str, Callable[..., Any]] = {}

    def get(self, model: Host, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return a bound method of `model`, compiled; as it is if the model runs eagerly."""
        if model.run_eagerly:
            return method
        variables = model.variables
        # Kept, so that no new object can have the address, and with it the `id`, of an old one.
        made_of = (*(getattr(model, part) for part in model.parts), *variables)
        if [*map(id, made_of)] != [*map(id, self._made_of)]:
            self._made_of, self._made = made_of, {}
        name = method.__name__
        if name not in self._made:
            self._made[name] = compile_function(method, variables)
        return self._made[name]
