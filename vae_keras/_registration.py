"""Registers the package's classes with Keras as soon as Keras is imported, in whichever order.

Why: `import vae_keras` must not import Keras, because the command line chooses the backend first;
but `keras.saving.load_model` must find the package's classes once both are imported.
"""

import copy
import importlib
import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import wrapt

_PACKAGE = __name__.partition(".")[0]
# The models, and the modules that import Keras and are imported by the models.
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
    """Import the models, which registers all classes, once Keras is imported, or now if it is."""
    sys.meta_path.insert(0, _KerasFirst())
    wrapt.when_imported("keras")(_import_models)


def _import_models(_: ModuleType) -> None:
    importlib.import_module(f"{_PACKAGE}.models")


class _KerasFirst(importlib.abc.MetaPathFinder):
    """Imports Keras first when someone imports, say, `vae_keras.likelihoods`.

    Why: otherwise Keras's import would trigger an import of the models, which import the
    half-initialised `likelihoods`, and fail.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
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
        spec.loader = _AlreadyLoaded(module)
        return spec


class _AlreadyLoaded(importlib.abc.Loader):
    """Hands out the module that Keras's import has loaded.

    Why: `_KerasFirst` runs while Python is about to load that module, and would run it again.
    """

    def __init__(self, module: ModuleType) -> None:
        self.module, self.spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec
