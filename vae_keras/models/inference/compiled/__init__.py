"""Methods of a model, compiled once for arrays of any length.

Each backend's file defines `compile_function(function, variables)`, which returns a function of
arrays that sees the present values of the variables, and `FIXED_SHAPES`: whether a new length of
the arrays is compiled anew.
"""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from vae_keras.models.inference.compiled.jax import FIXED_SHAPES, compile_function
else:
    _BACKEND = importlib.import_module(f"{__name__}.{keras.backend.backend()}")
    FIXED_SHAPES, compile_function = _BACKEND.FIXED_SHAPES, _BACKEND.compile_function

__all__ = ["FIXED_SHAPES", "CompiledMethods", "compile_function"]


class CompiledMethods:
    """The methods of one model that were compiled, made when they are first asked for.

    Of a model that has got other parts or other variables they are made again. It is a plain
    object, which Keras neither tracks nor saves.
    """

    def __init__(self) -> None:
        self._made_of: tuple[Any, ...] = ()
        self._made: dict[str, Callable[..., Any]] = {}

    def get(self, model: Any, name: str) -> Callable[..., Any]:
        """Return the method of that name, compiled; as it is where the model runs eagerly."""
        if model.run_eagerly:
            return getattr(model, name)
        variables = model.variables
        # Held, so that no other object can take the place in memory by which it is compared.
        made_of = (*(getattr(model, part) for part in model.parts), *variables)
        if [*map(id, made_of)] != [*map(id, self._made_of)]:
            self._made_of, self._made = made_of, {}
        if name not in self._made:
            self._made[name] = compile_function(getattr(model, name), variables)
        return self._made[name]
