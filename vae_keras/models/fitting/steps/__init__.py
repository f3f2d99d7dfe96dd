"""How each backend takes a training step.

Each backend's file defines `TrainingSteps`, a base class of the models with the `train_step` and
`test_step` that Keras looks for, and what has to be done around Keras' `fit` and before its
`evaluate`: `prepared_fit(model, call)`, `prepare_evaluation(model)` and `kept_on_error(model)`. The
mathematics is in the model's `loss_of_batch`, the same for all backends.
"""

import importlib
from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from vae_keras.models.fitting.steps.tensorflow import (
        TrainingSteps,
        kept_on_error,
        prepare_evaluation,
        prepared_fit,
    )
else:
    _BACKEND = importlib.import_module(f"{__name__}.{keras.backend.backend()}")
    TrainingSteps, kept_on_error = _BACKEND.TrainingSteps, _BACKEND.kept_on_error
    prepare_evaluation, prepared_fit = _BACKEND.prepare_evaluation, _BACKEND.prepared_fit

__all__ = ["TrainingSteps", "kept_on_error", "prepare_evaluation", "prepared_fit"]
