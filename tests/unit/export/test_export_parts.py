"""The two models that are handed over, in Keras itself: what is inside them."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.config import presets
from vae_keras.errors import ExportError
from vae_keras.export.parts import decoder_part, encoder_part, in_float32
from vae_keras.likelihoods import SquaredError

pytestmark = pytest.mark.backend

CODES = np.array([[0, 0, 0], [1, -2, 0.5]], "float32")


def outputs_of(part, *inputs):
    """Return the outputs of a part by name, as arrays."""
    outputs = part.network(list(inputs) if len(inputs) > 1 else inputs[0])
    return {name: ops.convert_to_numpy(value) for name, value in outputs.items()}


@pytest.mark.parametrize("data_range", [(0, 1), (-1, 1)])
@pytest.mark.parametrize("input_type", ["uint8", "float32"])
def test_encoder_takes_pixels(input_type, data_range, make_model, pixels):
    model = make_model(data_range=data_range)
    part = encoder_part(model, input_type)
    given = pixels if input_type == "uint8" else (pixels / 255).astype("float32")
    found = outputs_of(part, given)
    posterior = model.encode_distribution(pixels)
    assert list(part.outputs) == ["z_mean", "z_log_var"]
    np.testing.assert_allclose(found["z_mean"], posterior.mean, atol=1e-5)
    np.testing.assert_allclose(found["z_log_var"], posterior.log_var, atol=1e-5)
    assert part.ranges["images"] == (0, 255 if input_type == "uint8" else 1)
    assert np.std(found["z_mean"], axis=0).min() > 1e-3  # it tells the images apart


def test_the_encoder_of_black_and_white_images_takes_0_and_1(make_model, pixels):
    model = make_model()
    model.highest_integer = 1
    black_and_white = (pixels > 127).astype("uint8")
    part = encoder_part(model, "uint8")
    found = outputs_of(part, black_and_white)["z_mean"]
    np.testing.assert_allclose(found, model.encode(black_and_white), atol=1e-5)
    np.testing.assert_allclose(found, model.encode(black_and_white.astype("float32")), atol=1e-5)
    assert part.ranges["images"] == (0, 1)
    assert np.isnan(outputs_of(part, black_and_white + 1)["z_mean"]).any()


def test_float_pixels_out_of_range_become_nan(make_model, pixels):
    part = encoder_part(make_model(), "float32")
    found = outputs_of(part, pixels.astype("float32"))  # 0 to 255, where [0, 1] is wanted
    assert np.isfinite(found["z_mean"][0]).all()  # black
    assert np.isnan(found["z_mean"][1:]).all()


@pytest.mark.parametrize("name", presets.member_names("likelihoods"))
def test_decoder_gives_expected_images_of_every_likelihood(name, make_model):
    model = make_model(likelihood=name)
    part = decoder_part(model)
    found = outputs_of(part, CODES)["images"]
    np.testing.assert_allclose(found, model.to_unit_range(model.decode(CODES)), atol=1e-6)
    assert part.ranges == {"images": (0, 1)}


def test_decoder_gives_the_unit_range(make_model):
    model = make_model(data_range=(-1, 1))
    found = outputs_of(decoder_part(model), CODES)["images"]
    np.testing.assert_allclose(found, (model.decode(CODES) + 1) / 2, atol=1e-6)


def test_autoencoder_gives_codes(make_model, pixels):
    model = make_model("autoencoder")
    found = outputs_of(encoder_part(model, "uint8"), pixels)
    assert list(found) == ["codes"]
    np.testing.assert_allclose(found["codes"], model.encode(pixels), atol=1e-5)


def test_labels_are_numbers_of_classes(make_model, pixels):
    model = make_model("conditional")
    label = np.array([2, 0, 1], "int32")
    encoder, decoder = encoder_part(model, "uint8"), decoder_part(model)
    found = outputs_of(encoder, pixels, label)["z_mean"]
    np.testing.assert_allclose(found, model.encode(pixels, label=label), atol=1e-5)
    assert np.abs(found - model.encode(pixels, label=label[::-1])).max() > 1e-3
    images = outputs_of(decoder, CODES, label[:2])["images"]
    np.testing.assert_allclose(images, model.decode(CODES, label=label[:2]), atol=1e-5)
    assert encoder.ranges["label"] == decoder.ranges["label"] == (0, 2)
    assert list(encoder.inputs) == ["images", "label"]
    assert list(decoder.inputs) == ["codes", "label"]


def test_a_class_that_does_not_exist_gives_nan(make_model, pixels):
    found = outputs_of(
        encoder_part(make_model("conditional"), "uint8"), pixels, np.array([-1, 2, 3], "int32")
    )
    assert np.isnan(found["z_mean"]).all(axis=1).tolist() == [True, False, True]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_is_undone(policy, make_model, pixels):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        mixed = make_model()
    finally:
        keras.config.set_dtype_policy(before)
    whole = make_model()
    whole.encoder.set_weights(mixed.encoder.get_weights())
    whole.decoder.set_weights(mixed.decoder.get_weights())
    found = in_float32(mixed)
    assert found is not mixed
    np.testing.assert_allclose(found.encode(pixels), whole.encode(pixels), atol=1e-6)
    np.testing.assert_allclose(found.decode(CODES), whole.decode(CODES), atol=1e-6)
    assert np.abs(mixed.encode(pixels) - whole.encode(pixels)).max() > 1e-5


def test_float32_is_left_alone(make_model):
    model = make_model()
    assert in_float32(model) is model


class Outside(SquaredError):
    """A likelihood that computes its mean outside of Keras."""

    def mean(self, parameters):
        return np.asarray(parameters)


def test_a_mean_outside_of_keras_is_an_error(make_model):
    model = make_model()
    model.likelihood = Outside()
    with pytest.raises(ExportError, match=r"`mean` is made of Keras operations\. Received: Outs"):
        decoder_part(model)
