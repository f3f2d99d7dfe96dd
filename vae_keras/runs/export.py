"""Export for another runtime: of a model in memory, or of one that a path names."""

from pathlib import Path
from typing import Any

from vae_keras.export import FORMATS, TOLERANCE, check_request, write_export
from vae_keras.models import ImageModel
from vae_keras.runs.reading import class_names
from vae_keras.saving.load import load


def export_model(
    model: ImageModel | str | Path,
    output: str | Path,
    *,
    format: str = "onnx",
    input_type: str = "uint8",
    tolerance: float = TOLERANCE,
) -> dict[str, Any]:
    """Write encoder and decoder for another runtime, with the preprocessing inside, and check them.

    The encoder takes pixels and returns `z_mean` and `z_log_var` (of an autoencoder, `codes`); the
    decoder takes `codes` and returns expected images in `[0, 1]`. Of a conditional model both take
    `label` too, the number of a class. Batches may have any size. Both compute in float32.

    If the other runtime is installed, both are then run in it on a few images and codes, and
    compared with Keras on a CPU. The directory appears only once everything has succeeded.

    Args:
        model: A model of images, or the path of a run directory or a `.keras` file.
        output: Directory to write; must be new or empty.
        format: `"onnx"`, `"saved_model"` or `"litert"`. Defaults to `"onnx"`.
        input_type: Pixels that the encoder takes: `"uint8"` in 0 to 255, or `"float32"` in
            `[0, 1]`. Defaults to `"uint8"`.
        tolerance: Largest difference from Keras allowed, in the units of the output; if the
            largest value of the output is above 1, as a share of that value. Defaults to `1e-5`.

    Returns:
        What `export.json` in the directory holds: files, inputs, outputs, their ranges, versions,
        and the largest difference found for each output, or `None` if the runtime is missing.

    Raises:
        ArgumentError: If there is no such format or input type, this backend cannot write it, a
            package for it is missing, or `tolerance` is not above 0.
        ExportError: If the model cannot be converted, or the other runtime returns other values.
        ModelFileError: If `model` is a path without a model.
        RunDirectoryError: If `output` holds something already, or cannot be written.

    Example:
        >>> vae_keras.export_model("runs/first", "exported", format="onnx")["check"]["differences"]
    """
    names = None
    if not isinstance(model, ImageModel):
        check_request(output, format=format, input_type=input_type, tolerance=tolerance)
        path, model = model, load(model)
        names = class_names(str(path)) if model.num_classes else None
    return write_export(
        model,
        output,
        format=format,
        input_type=input_type,
        tolerance=tolerance,
        class_names=names,
    )


def export_to_folder(model: str, output: Path, *, format: str, **options: Any) -> None:
    """Export a saved model and print what was written and how it was checked.

    Args and errors are those of `export_model`.
    """
    description = export_model(model, output, format=format, **options)
    check = description["check"]
    for name in ("encoder", "decoder"):
        part = description[name]
        inputs, outputs = (" and ".join(part[side]) for side in ("inputs", "outputs"))
        print(f"{output / part['file']}: {inputs} to {outputs}")
    if check is None:
        print(f"Not checked: pip install {FORMATS[format].to_check}")
    else:
        found = [value for part in check["differences"].values() for value in part.values()]
        print(
            f"Checked in {check['runtime']}: largest difference from Keras {max(found):.1e}, "
            f"of {check['tolerance']:g} allowed"
        )
