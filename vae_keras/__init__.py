"""Variational autoencoders for Keras 3.

`import vae_keras` is light: names are loaded when they are first used, and Keras with its backend
only then. Saved models open with plain `keras.saving.load_model` once this package is imported, in
whichever order the two are.
"""

import importlib
from typing import TYPE_CHECKING

from vae_keras._registration import register_with_keras

if TYPE_CHECKING:  # `_HOMES` for type checkers and editors, which do not run `__getattr__`
    from vae_keras import architectures as architectures
    from vae_keras import callbacks as callbacks
    from vae_keras import evaluation as evaluation
    from vae_keras import generation as generation
    from vae_keras import likelihoods as likelihoods
    from vae_keras import objectives as objectives
    from vae_keras import plotting as plotting
    from vae_keras import priors as priors
    from vae_keras import regularizers as regularizers
    from vae_keras import schedules as schedules
    from vae_keras.backend.parallel import distribute as distribute
    from vae_keras.callbacks import KLWarmup as KLWarmup
    from vae_keras.callbacks import ReduceLROnPlateau as ReduceLROnPlateau
    from vae_keras.callbacks import StopOnDivergence as StopOnDivergence
    from vae_keras.config.config import Config as Config
    from vae_keras.config.presets import preset as preset
    from vae_keras.data import load_dataset as load_dataset
    from vae_keras.evaluation import diagnose as diagnose
    from vae_keras.evaluation import evaluate as evaluate
    from vae_keras.models import VAE as VAE
    from vae_keras.models import Autoencoder as Autoencoder
    from vae_keras.models import ConditionalVAE as ConditionalVAE
    from vae_keras.models.sampling import Sampling as Sampling
    from vae_keras.report import explore as explore
    from vae_keras.runs.build import build_model as build_model
    from vae_keras.runs.build import build_model_for as build_model_for
    from vae_keras.runs.callbacks import training_callbacks as training_callbacks
    from vae_keras.runs.directory import RunDirectory as RunDirectory
    from vae_keras.runs.export import export_model as export_model
    from vae_keras.runs.train import train_and_evaluate as train_and_evaluate
    from vae_keras.saving.load import load as load
    from vae_keras.studies.compare.run import compare_runs as compare_runs
    from vae_keras.studies.sweep.run import run_sweep as run_sweep

    __version__: str

# The public names, by the module that has them; the first line is modules of this package itself.
_HOMES = {
    "": "architectures callbacks evaluation generation likelihoods objectives plotting priors "
    "regularizers schedules",
    ".backend.parallel": "distribute",
    ".callbacks": "KLWarmup ReduceLROnPlateau StopOnDivergence",
    ".config.config": "Config",
    ".config.presets": "preset",
    ".data": "load_dataset",
    ".evaluation": "diagnose evaluate",
    ".models": "VAE Autoencoder ConditionalVAE",
    ".models.sampling": "Sampling",
    ".report": "explore",
    ".runs.build": "build_model build_model_for",
    ".runs.callbacks": "training_callbacks",
    ".runs.directory": "RunDirectory",
    ".runs.export": "export_model",
    ".runs.train": "train_and_evaluate",
    ".saving.load": "load",
    ".studies.compare.run": "compare_runs",
    ".studies.sweep.run": "run_sweep",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
__all__ = sorted(_HOME_OF)


if not TYPE_CHECKING:  # seeing this function, type checkers would accept any name

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return importlib.import_module("importlib.metadata").version("vae-keras")
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = _HOME_OF[name]
        if not home:
            return importlib.import_module(f"{__name__}.{name}")
        return getattr(importlib.import_module(f"{__name__}{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


register_with_keras()
