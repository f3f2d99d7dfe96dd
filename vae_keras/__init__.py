"""Variational autoencoders for Keras 3.

`import vae_keras` is light: names are loaded when they are first used, and Keras with its backend
only then. Saved models open with plain `keras.saving.load_model` once this package is imported, in
whichever order the two are.
"""

import importlib
from typing import TYPE_CHECKING, Any

import wrapt

if TYPE_CHECKING:
    from vae_keras import architectures, callbacks, evaluation, likelihoods, plotting, regularizers
    from vae_keras.building import build_model, training_callbacks
    from vae_keras.callbacks import KLWarmup, ReduceLROnPlateau, StopOnDivergence
    from vae_keras.config import Config
    from vae_keras.data import load_dataset
    from vae_keras.evaluation import evaluate
    from vae_keras.experiment import train_and_evaluate
    from vae_keras.inference import load
    from vae_keras.layers import Sampling
    from vae_keras.models import VAE
    from vae_keras.presets import preset
    from vae_keras.run import RunDirectory

__version__ = "0.1.0"

_HOMES = {
    "Config": "config",
    "KLWarmup": "callbacks",
    "ReduceLROnPlateau": "callbacks",
    "RunDirectory": "run",
    "Sampling": "layers",
    "StopOnDivergence": "callbacks",
    "VAE": "models",
    "build_model": "building",
    "evaluate": "evaluation",
    "load": "inference",
    "load_dataset": "data",
    "preset": "presets",
    "train_and_evaluate": "experiment",
    "training_callbacks": "building",
}
_SUBPACKAGES = (
    "architectures",
    "callbacks",
    "evaluation",
    "likelihoods",
    "plotting",
    "regularizers",
)

__all__ = [
    "VAE",
    "Config",
    "KLWarmup",
    "ReduceLROnPlateau",
    "RunDirectory",
    "Sampling",
    "StopOnDivergence",
    "architectures",
    "build_model",
    "callbacks",
    "evaluate",
    "evaluation",
    "likelihoods",
    "load",
    "load_dataset",
    "plotting",
    "preset",
    "regularizers",
    "train_and_evaluate",
    "training_callbacks",
]


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _register_with_keras(_: Any) -> None:
    """Import the models and all they are made of, which registers every class."""
    importlib.import_module(f"{__name__}.models")


wrapt.when_imported("keras")(_register_with_keras)
