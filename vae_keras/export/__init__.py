"""Export of a trained model to other runtimes: ONNX, SavedModel, LiteRT. One file per format."""

from vae_keras.export.check import TOLERANCE
from vae_keras.export.export_model import check_request, write_export
from vae_keras.export.formats import FORMATS

__all__ = ["FORMATS", "TOLERANCE", "check_request", "write_export"]
