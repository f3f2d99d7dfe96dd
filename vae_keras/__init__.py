"""Variational autoencoders for Keras 3.

`import vae_keras` is light: names are loaded when they are first used, and Keras with its backend
only then. Saved models open with plain `keras.saving.load_model` once this package is imported, in
whichever order the two are.
"""

import importlib
from typing import TYPE_CHECKING, Any

from vae_keras._registration import register_with_keras

if TYPE_CHECKING:
    from vae_keras import (
        architectures,
        callbacks,
        evaluation,
        likelihoods,
        objectives,
        plotting,
        priors,
        regularizers,
        schedules,
    )
    from vae_keras.backend.parallel import distribute
    from vae_keras.callbacks import KLWarmup, ReduceLROnPlateau, StopOnDivergence
    from vae_keras.config.config import Config
    from vae_keras.config.presets import preset
    from vae_keras.data import load_dataset
    from vae_keras.evaluation import diagnose, evaluate
    from vae_keras.generation import codes as generation
    from vae_keras.models import VAE, Autoencoder, ConditionalVAE
    from vae_keras.models.sampling import Sampling
    from vae_keras.report import explore
    from vae_keras.runs.build import build_model, build_model_for
    from vae_keras.runs.callbacks import training_callbacks
    from vae_keras.runs.directory import RunDirectory
    from vae_keras.runs.export import export_model
    from vae_keras.runs.train import train_and_evaluate
    from vae_keras.saving.load import load
    from vae_keras.studies.compare.run import compare_runs
    from vae_keras.studies.sweep.run import run_sweep

__version__ = "0.1.0"

_HOMES = {
    "Autoencoder": "models",
    "ConditionalVAE": "models",
    "Config": "config.config",
    "KLWarmup": "callbacks",
    "ReduceLROnPlateau": "callbacks",
    "RunDirectory": "runs.directory",
    "Sampling": "models.sampling",
    "StopOnDivergence": "callbacks",
    "VAE": "models",
    "build_model": "runs.build",
    "build_model_for": "runs.build",
    "compare_runs": "studies.compare.run",
    "diagnose": "evaluation",
    "distribute": "backend.parallel",
    "evaluate": "evaluation",
    "explore": "report",
    "export_model": "runs.export",
    "load": "saving.load",
    "load_dataset": "data",
    "preset": "config.presets",
    "run_sweep": "studies.sweep.run",
    "train_and_evaluate": "runs.train",
    "training_callbacks": "runs.callbacks",
}
_SUBPACKAGES = (
    "architectures",
    "callbacks",
    "evaluation",
    "generation",
    "likelihoods",
    "objectives",
    "plotting",
    "priors",
    "regularizers",
    "schedules",
)

__all__ = [
    "VAE",
    "Autoencoder",
    "ConditionalVAE",
    "Config",
    "KLWarmup",
    "ReduceLROnPlateau",
    "RunDirectory",
    "Sampling",
    "StopOnDivergence",
    "architectures",
    "build_model",
    "build_model_for",
    "callbacks",
    "compare_runs",
    "diagnose",
    "distribute",
    "evaluate",
    "evaluation",
    "explore",
    "export_model",
    "generation",
    "likelihoods",
    "load",
    "load_dataset",
    "objectives",
    "plotting",
    "preset",
    "priors",
    "regularizers",
    "run_sweep",
    "schedules",
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


register_with_keras()
