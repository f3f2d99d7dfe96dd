"""SavedModel, TensorFlow's own format, which TensorFlow Serving reads too."""

from pathlib import Path

from vae_keras.export.base import Arrays, Format, Runtime
from vae_keras.export.parts import Part


class SavedModel(Format):
    """A directory with the graph and the weights, read by TensorFlow without Keras."""

    backends = ("tensorflow", "jax")
    to_check = "tensorflow"

    def write(self, part: Part, path: Path) -> None:
        part.network.export(path, format="tf_saved_model", verbose=False)

    def open(self, path: Path) -> Runtime:
        import tensorflow as tf

        with tf.device("cpu:0"):
            loaded = tf.saved_model.load(str(path))
        serve = loaded.signatures["serving_default"]

        def run(inputs: Arrays) -> Arrays:
            _ = loaded  # keeps the variables alive
            with tf.device("cpu:0"):
                tensors = {name: tf.constant(array) for name, array in inputs.items()}
                return {name: tensor.numpy() for name, tensor in serve(**tensors).items()}

        return Runtime(f"tensorflow {tf.__version__}", run)
