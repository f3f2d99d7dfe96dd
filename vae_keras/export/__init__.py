"""Handing a trained model to other runtimes: ONNX, SavedModel, LiteRT. One file a format."""

from vae_keras.export.check import TOLERANCE
from vae_keras.export.export_model import export_model, export_to_folder
from vae_keras.export.formats import FORMATS

__all__ = ["FORMATS", "TOLERANCE", "export_model", "export_to_folder"]
