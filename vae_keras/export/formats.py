"""The formats by name."""

from vae_keras.export.base import Format
from vae_keras.export.litert import LiteRT
from vae_keras.export.onnx import Onnx
from vae_keras.export.saved_model import SavedModel

FORMATS: dict[str, Format] = {"onnx": Onnx(), "saved_model": SavedModel(), "litert": LiteRT()}
