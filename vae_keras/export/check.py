"""Checks that the other runtime computes the same as Keras."""

from collections.abc import Iterator

import keras
import numpy as np
from keras import ops

from vae_keras.errors import ExportError
from vae_keras.export.base import Arrays, Runtime
from vae_keras.export.parts import Part
from vae_keras.models import ImageModel

TOLERANCE = 1e-5
_BATCH_SIZES = (3, 1)


def largest_differences(
    part: Part, model: ImageModel, runtime: Runtime, *, tolerance: float = TOLERANCE
) -> dict[str, float]:
    """Compare a runtime with the model on a few images or codes, in batches of 3 and of 1.

    The images are all black, all white and noise, the codes zero and drawn. Keras runs the
    model's own encoder and decoder on scaled images, so that the layers that the part adds are
    compared too.

    Args:
        part: What was exported.
        model: The model, in float32.
        runtime: The exported part, opened.
        tolerance: Largest difference allowed. Defaults to `1e-5`.

    Returns:
        For each output the largest difference in a batch, as a share of the largest absolute value
        if that is above 1.

    Raises:
        ExportError: If a difference is above `tolerance`, or the runtime cannot run the part.
    """
    worst = dict.fromkeys(part.outputs, 0.0)
    for inputs in _probes(part):
        expected = _expected(part, model, inputs)
        try:
            found = runtime.run(inputs)
        except Exception as error:  # runtimes raise almost anything
            raise ExportError(
                f"`{part.name}` must run in {runtime.name}. Received: {error!r}"
            ) from error
        for name, values in expected.items():
            difference = _difference(part, name, found.get(name), values)
            worst[name] = float(np.maximum(worst[name], difference))  # NaN stays
    for name, difference in worst.items():
        if not difference <= tolerance:
            raise ExportError(
                f"`{part.name}` must compute in {runtime.name} what it does in Keras, to "
                f"{tolerance:g} (a deep network may round more: allow it with `tolerance`). "
                f"Received: `{name}` with a difference of {difference:.3g}"
            )
    return worst


def _probes(part: Part) -> Iterator[Arrays]:
    """Yield inputs by name, one batch after another."""
    generator = np.random.default_rng(0)
    for size in _BATCH_SIZES:
        batch = {}
        for name, tensor in part.inputs.items():
            shape = (size, *tensor.shape[1:])
            if name == "codes":
                values = 2.0 * generator.standard_normal(shape)
                values[: size // 3] = 0.0
            else:
                low, high = part.ranges[name]
                values = generator.uniform(low, high, shape)
                if size > 1:
                    values[0], values[-1] = low, high
            if np.issubdtype(np.dtype(tensor.dtype), np.integer):
                values = np.round(values)
            batch[name] = values.astype(tensor.dtype)
        yield batch


def _expected(part: Part, model: ImageModel, inputs: Arrays) -> Arrays:
    label = inputs.get("label")
    # A GPU may round products to fewer bits than the runtimes do.
    with keras.device("cpu:0"):
        if part.name == "decoder":
            codes = model.decoder_inputs(inputs["codes"], label)
            images = model.likelihood.mean(model.decoder(codes, training=False))
            return {"images": model.to_unit_range(ops.convert_to_numpy(images))}
        low, high = model.likelihood.data_range
        share = inputs["images"].astype("float32") / part.ranges["images"][1]
        values = model.encoder_inputs(low + (high - low) * share, label)
        outputs = model.encoder(values, training=False)
        arrays = outputs if isinstance(outputs, list | tuple) else [outputs]
        return dict(zip(part.outputs, map(ops.convert_to_numpy, arrays), strict=True))


def _difference(part: Part, name: str, found: np.ndarray | None, expected: np.ndarray) -> float:
    shape = None if found is None else found.shape
    if found is None or shape != expected.shape:
        raise ExportError(
            f"`{part.name}` must give `{name}` of shape {expected.shape}. Received: {shape}"
        )
    # Rounding errors grow with the size of all values that are summed, not with one result.
    scale = max(1.0, float(np.abs(expected).max()))
    return float(np.abs(found - expected).max()) / scale  # NaN if one of them is
