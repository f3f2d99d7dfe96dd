"""LiteRT, formerly TensorFlow Lite, which runs on telephones and small devices."""

import importlib.metadata
from pathlib import Path
from typing import Any

from vae_keras.export.base import Arrays, Format, Runtime
from vae_keras.export.parts import Part


class LiteRT(Format):
    """One `.tflite` file in float32, of LiteRT's own operations only."""

    suffix = ".tflite"
    to_check = "'vae-keras[litert]'"

    def write(self, part: Part, path: Path) -> None:
        import tensorflow as tf

        # By default Keras also allows TensorFlow's operations, which small runtimes do not have.
        builtin = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
        part.network.export(path, format="litert", verbose=False, target_spec=builtin)

    def open(self, path: Path) -> Runtime:
        interpreter, name = _interpreter(path)
        runner = interpreter.get_signature_runner()

        def run(inputs: Arrays) -> Arrays:
            return dict(runner(**inputs))

        return Runtime(name, run)


def _interpreter(path: Path) -> tuple[Any, str]:
    """Return LiteRT's interpreter or, if that is not installed, TensorFlow's copy of it."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow as tf

        if not hasattr(tf.lite, "Interpreter"):
            raise  # TensorFlow has announced its removal
        return tf.lite.Interpreter(str(path)), f"tensorflow.lite {tf.__version__}"
    version = importlib.metadata.version("ai-edge-litert")
    return Interpreter(str(path)), f"ai-edge-litert {version}"
