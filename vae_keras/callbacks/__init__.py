"""Callbacks, for `model.fit` in the usual Keras way."""

from vae_keras.callbacks.history_file import HistoryFile
from vae_keras.callbacks.kl_warmup import KLWarmup
from vae_keras.callbacks.progress import TrainingProgress
from vae_keras.callbacks.reconstruction_images import ReconstructionImages
from vae_keras.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from vae_keras.callbacks.stop_on_divergence import StopOnDivergence
from vae_keras.callbacks.tensorboard_log import TensorBoardLog
from vae_keras.checkpoints.callback import Checkpoint

__all__ = [
    "Checkpoint",
    "HistoryFile",
    "KLWarmup",
    "ReconstructionImages",
    "ReduceLROnPlateau",
    "StopOnDivergence",
    "TensorBoardLog",
    "TrainingProgress",
]
