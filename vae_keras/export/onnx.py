"""ONNX, which ONNX Runtime runs on servers, telephones and in browsers."""

from pathlib import Path

from vae_keras.export.base import Arrays, Format, Runtime
from vae_keras.export.parts import Part


class Onnx(Format):
    """One `.onnx` file, written by tf2onnx."""

    suffix = ".onnx"
    packages = ("tf2onnx", "onnx")
    to_write = "'vae-keras[onnx]'"
    to_check = "onnxruntime"

    def write(self, part: Part, path: Path) -> None:
        import onnx

        part.network.export(path, format="onnx", verbose=False)
        model = onnx.load(path)
        # tf2onnx sorts the outputs by name and gives the batch a different name in each tensor.
        outputs = {output.name: output for output in model.graph.output}
        ordered = [outputs[name] for name in part.outputs]
        del model.graph.output[:]
        model.graph.output.extend(ordered)
        for value in (*model.graph.input, *model.graph.output):
            value.type.tensor_type.shape.dim[0].dim_param = "batch"
        onnx.checker.check_model(model)
        onnx.save(model, path)

    def open(self, path: Path) -> Runtime:
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]

        def run(inputs: Arrays) -> Arrays:
            return dict(zip(names, session.run(None, inputs), strict=True))

        return Runtime(f"onnxruntime {onnxruntime.__version__}", run)
