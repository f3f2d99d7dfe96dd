"""What the check finds, with a runtime whose results are known."""

import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ExportError
from vae_keras.export.base import Runtime
from vae_keras.export.check import largest_differences
from vae_keras.export.parts import decoder_part, encoder_part

pytestmark = pytest.mark.backend


def runtime_of(part, seen=None, change=lambda outputs, size: outputs):
    """Return Keras as a runtime, with something between it and its results."""

    def run(inputs):
        if seen is not None:
            seen.append(inputs)
        values = list(inputs.values())
        outputs = part.network(values if len(values) > 1 else values[0])
        arrays = {name: ops.convert_to_numpy(value) for name, value in outputs.items()}
        return change(arrays, len(values[0]))

    return Runtime("other 1.0", run)


@pytest.mark.parametrize("kind", ["vae", "conditional", "autoencoder"])
@pytest.mark.parametrize("input_type", ["uint8", "float32"])
def test_what_is_tried(kind, input_type, make_model):
    model = make_model(kind)
    encoder, decoder = encoder_part(model, input_type), decoder_part(model)
    seen = []
    found = largest_differences(encoder, model, runtime_of(encoder, seen))
    assert max(found.values()) <= 1e-5
    assert [len(batch["images"]) for batch in seen] == [3, 1]
    images = seen[0]["images"]
    top = 255 if input_type == "uint8" else 1
    assert images.dtype == input_type
    assert images[0].max() == 0 and images[2].min() == top
    assert len(np.unique(images[1])) > 10
    if kind == "conditional":
        assert seen[0]["label"].tolist()[::2] == [0, 2]
    seen.clear()
    assert largest_differences(decoder, model, runtime_of(decoder, seen)).keys() == {"images"}
    assert (seen[0]["codes"][0] == 0).all()
    assert seen[0]["codes"][1:].std() > 0.5


def test_the_difference_is_a_share_of_the_largest_value_above_one(make_model):
    model = make_model()
    model.encoder.get_layer("z_mean").bias.assign([0.0, 100.0, 0.0])
    z_log_var = model.encoder.get_layer("z_log_var")
    z_log_var.kernel.assign(0.0 * z_log_var.kernel)
    part = encoder_part(model, "uint8")

    def moved(outputs, size):
        return {name: values + np.float32(4e-4) for name, values in outputs.items()}

    runtime = runtime_of(part, change=moved)
    found = largest_differences(part, model, runtime, tolerance=1e-3)
    assert found["z_mean"] == pytest.approx(4e-6, rel=0.1)
    assert found["z_log_var"] == pytest.approx(4e-4, rel=0.1)
    with pytest.raises(ExportError, match=r"to 1e-05 .* Received: `z_log_var` with a difference"):
        largest_differences(part, model, runtime)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda out: out | {"z_log_var": out["z_log_var"] + 3e-5}, "`z_log_var` with a difference"),
        (lambda out: out | {"z_mean": out["z_mean"] * np.nan}, "`z_mean` with a difference of nan"),
        (lambda out: out | {"z_mean": out["z_mean"][0]}, r"of shape \(1, 3\). Received: \(3,\)"),
        (lambda out: {"z_mean": out["z_mean"]}, "must give `z_log_var` .* Received: None"),
        (lambda out: 1 / 0, "`encoder` must run in other 1.0. Received: ZeroDivisionError"),
    ],
)
@pytest.mark.parametrize("wrong_at", [1, 3])
def test_another_result_is_an_error(wrong_at, change, message, make_model):
    model = make_model()
    part = encoder_part(model, "uint8")
    runtime = runtime_of(
        part, change=lambda outputs, size: change(outputs) if size == wrong_at else outputs
    )
    with pytest.raises(ExportError, match=message.replace("(1,", rf"({wrong_at},")):
        largest_differences(part, model, runtime)
