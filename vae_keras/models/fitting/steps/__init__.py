"""The one place that knows how each backend takes a gradient.

Each file defines `TrainingSteps` with `train_step` and `test_step`; the mathematics is in the
model's `training_loss` and `test_loss`, the same for all.
"""

import importlib
from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from vae_keras.models.fitting.steps.tensorflow import TrainingSteps
else:
    TrainingSteps = importlib.import_module(f"{__name__}.{keras.backend.backend()}").TrainingSteps

__all__ = ["TrainingSteps"]
