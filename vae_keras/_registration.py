"""Has every class registered as soon as Keras is there, in whichever order things are imported."""

import copy
import importlib
import importlib.abc
import sys
from types import ModuleType
from typing import Any

import wrapt

_PACKAGE = __name__.rpartition(".")[0]
# What the models are made of, and imports Keras.
_PARTS = (
    "architectures",
    "likelihoods",
    "math",
    "models",
    "objectives",
    "priors",
    "regularizers",
    "backend.replicas",
    "schedules",
)


def register_with_keras() -> None:
    """Import the models, and all they are made of, when Keras is imported, or was before."""
    sys.meta_path.insert(0, _KerasFirst())
    wrapt.when_imported("keras")(_import_models)


def _import_models(_: Any) -> None:
    importlib.import_module(f"{_PACKAGE}.models")


class _KerasFirst(importlib.abc.MetaPathFinder):
    """Imports Keras before the first part that needs it, rather than in the middle of that.

    Keras' import brings the models, and they the parts: one that is half way there cannot be had.
    """

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        package, _, name = fullname.partition(".")
        if package != _PACKAGE or name not in _PARTS:
            return None
        sys.meta_path.remove(self)
        if "keras" in sys.modules:
            return None
        importlib.import_module("keras")
        module = sys.modules.get(fullname)
        if module is None or module.__spec__ is None:
            return None
        spec = copy.copy(module.__spec__)
        spec.loader = _AsItIs(module)
        return spec


class _AsItIs(importlib.abc.Loader):
    """Gives a module that has been imported meanwhile."""

    def __init__(self, module: ModuleType) -> None:
        self.module, self.spec = module, module.__spec__

    def create_module(self, spec: Any) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec
