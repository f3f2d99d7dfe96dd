from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops

from vae_keras.errors import DataError
from vae_keras.models.images import checked_images, to_data_range

SHAPE = (4, 5, 1)
UNIT, SYMMETRIC = (0.0, 1.0), (-1.0, 1.0)


def images(value=0.5, n=3, shape=SHAPE, dtype="float32"):
    return np.full((n, *shape), value, dtype)


def with_bad_pixels(bad, at):
    x = images()
    for index in at:
        x[index, 1, 1, 0] = bad
    return x


@pytest.mark.parametrize("dtype", ["uint8", "bool", "float16", "float32", "float64"])
def test_good_arrays_are_not_copied(dtype):
    x = images(1, dtype=dtype)
    assert checked_images(x, SHAPE, UNIT) is x


@pytest.mark.parametrize("dtype", ["int64", "uint16", "int8"])
def test_other_integers_become_bytes(dtype):
    x = checked_images(images(100, dtype=dtype), SHAPE, UNIT)
    assert x.dtype == np.uint8
    np.testing.assert_array_equal(x, 100)


def test_integers_of_black_and_white_images_become_booleans():
    x = images(0, dtype="uint8")
    x[1] = 1
    seen = checked_images(x, SHAPE, UNIT, highest_integer=1)
    assert seen.dtype == np.bool_
    assert np.shares_memory(seen, x)
    np.testing.assert_array_equal(seen, x == 1)
    assert checked_images(x.astype("int64"), SHAPE, UNIT, highest_integer=1).dtype == np.bool_
    with pytest.raises(DataError, match=r"from 0 to 1, as those .*values from 0 to 2"):
        checked_images(x * 2, SHAPE, UNIT, highest_integer=1)
    with pytest.warns(UserWarning, match="`x` holds the integers 0 and 1 alone"):
        assert checked_images(x, SHAPE, UNIT) is x


def test_a_channel_axis_is_added_to_one_channel_images_only():
    x = images()[..., 0]
    result = checked_images(x, SHAPE, UNIT)
    assert result.shape == (3, *SHAPE)
    assert np.shares_memory(result, x)
    with pytest.raises(DataError, match=r"\(n, 4, 5, 3\)"):
        checked_images(x, (4, 5, 3), UNIT)


def test_lists_become_arrays_and_anything_else_passes():
    assert checked_images(images().tolist(), SHAPE, UNIT).shape == (3, *SHAPE)
    generator = (n for n in range(3))
    assert checked_images(generator, SHAPE, UNIT) is generator
    assert checked_images(None, SHAPE, UNIT) is None


def test_rounding_outside_the_range_is_forgiven():
    for value, data_range in [(1.0005, UNIT), (-0.0005, UNIT), (-1.0005, SYMMETRIC)]:
        x = images(value)
        assert checked_images(x, SHAPE, data_range) is x


@pytest.mark.parametrize(
    ("x", "data_range", "message"),
    [
        (
            images(shape=(5, 4, 1)),
            UNIT,
            r"`x` must hold images of shape \(n, 4, 5, 1\)\. Rec.*5, 4",
        ),
        (images()[0], UNIT, r"x\.shape=\(4, 5, 1\)"),
        (np.zeros((3, 20), "float32"), UNIT, r"x\.shape=\(3, 20\)"),
        (images(n=0), UNIT, "`x` must hold at least one image"),
        (images(256, dtype="int64"), UNIT, r"integers from 0 to 255\..*int64, values from 256 to"),
        (images(-1, dtype="int8"), UNIT, r"integers from 0 to 255\..*int8, values from -1 to -1"),
        (images(1, dtype="complex64"), UNIT, r"integers from 0 to 255, or float in .*complex64"),
        (np.array(images(), dtype=object), UNIT, r"x\.dtype=object"),
        (with_bad_pixels(np.nan, (0, 2)), UNIT, "`x` must be finite. Received: 2 of 3 images"),
        (with_bad_pixels(np.inf, (1,)), UNIT, "`x` must be finite. Received: 1 of 3 images"),
        (
            images(200.0),
            UNIT,
            r"\[0.0, 1.0\].*\(divide by 255, or keep uint8.*\).*from 200 to 200",
        ),
        (images(-0.5), UNIT, r"`x` must lie in \[0.0, 1.0\].*values from -0.5 to -0.5"),
        (images(1.06), UNIT, "values from 1.06 to 1.06"),
        (images(300.0), UNIT, r"the likelihood's range\. Received: values from 300 to 300"),
        (images(-1.0), UNIT, r"\(a likelihood with `data_range=\(-1, 1\)`"),
        (images(-1.11), SYMMETRIC, r"`x` must lie in \[-1.0, 1.0\]"),
    ],
)
def test_what_does_not_fit_is_a_data_error(x, data_range, message):
    with pytest.raises(DataError, match=message):
        checked_images(x, SHAPE, data_range)


@pytest.mark.parametrize(("value", "data_range"), [(1.04, UNIT), (-0.04, UNIT), (1.09, SYMMETRIC)])
def test_what_is_just_beyond_the_range_is_told(value, data_range):
    with pytest.warns(UserWarning, match=r"`x` reaches a little beyond .* and is clipped"):
        assert checked_images(images(value), SHAPE, data_range) is not None


def prepared(x, data_range):
    likelihood = SimpleNamespace(data_range=data_range)
    return to_data_range(
        x, SimpleNamespace(likelihood=likelihood, image_shape=(1, 1, 1), highest_integer=None)
    )


def test_the_message_has_the_name_of_the_argument():
    with pytest.raises(DataError, match=r"`validation_data` .*validation_data\.shape=\(0, 4, 5, 1"):
        checked_images(images(n=0), SHAPE, UNIT, name="validation_data")


@pytest.mark.parametrize(
    ("data_range", "expected"), [(UNIT, [0.0, 51 / 255, 1.0]), (SYMMETRIC, [-1.0, -0.6, 1.0])]
)
def test_uint8_is_scaled_to_the_range(data_range, expected):
    x = prepared(np.array([0, 51, 255], "uint8").reshape(3, 1, 1, 1), data_range)
    np.testing.assert_allclose(ops.convert_to_numpy(x).ravel(), expected, atol=1e-6)


def test_booleans_span_the_range():
    x = prepared(np.array([False, True]).reshape(2, 1, 1, 1), SYMMETRIC)
    np.testing.assert_array_equal(ops.convert_to_numpy(x).ravel(), [-1.0, 1.0])


@pytest.mark.parametrize("dtype", ["bool", "float16", "float32", "float64"])
def test_the_rest_becomes_float32(dtype):
    x = prepared(np.array([0, 1, 1], dtype).reshape(3, 1, 1, 1), UNIT)
    assert ops.convert_to_numpy(x).dtype == np.float32
    np.testing.assert_array_equal(ops.convert_to_numpy(x).ravel(), [0.0, 1.0, 1.0])


def test_pixels_out_of_range_become_nan_and_those_just_beyond_are_clipped():
    x = np.array([-0.5, -0.04, 0.3, 1.04, 1.5, np.nan], "float32").reshape(6, 1, 1, 1)
    clipped = ops.convert_to_numpy(prepared(x, UNIT)).ravel()[1:4]
    np.testing.assert_array_equal(clipped, np.float32([0.0, 0.3, 1.0]))
    bad = np.isnan(ops.convert_to_numpy(prepared(x, UNIT))).ravel()
    assert bad.tolist() == [True, False, False, False, True, True]
    bad = np.isnan(ops.convert_to_numpy(prepared(x, SYMMETRIC))).ravel()
    assert bad.tolist() == [False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("shape", "image_shape", "message"),
    [
        ((9, 3, 4, 5), (4, 5, 3), r"\(channels before height and width: `np.moveaxis\(x, 1, -1\)`"),
        ((4, 5, 9), (4, 5, 1), r"\(images along the last axis.*: `np.moveaxis\(x, -1, 0\)`\)"),
        ((4, 5, 3, 9), (4, 5, 3), r"`np.moveaxis\(x, -1, 0\)`\)"),
        ((9, 20), (4, 5, 1), r"\(flat images: `x.reshape\(-1, 4, 5, 1\)`\)"),
        ((9, 4, 5, 4), (4, 5, 3), r"RGBA: `x\[..., :3\]` leaves out"),
        ((9, 4, 5, 13), (4, 5, 3), r"\(13 channels, where the model has 3\)"),
        ((9, 4, 5), (4, 5, 3), r"\(no channels, where the model has 3\)"),
        ((4, 5, 3), (4, 5, 3), r"\(one image: `x\[np.newaxis\]`\)"),
    ],
)
def test_the_layout_of_an_array_is_named(shape, image_shape, message):
    x = np.zeros(shape, "uint8")
    with pytest.raises(DataError, match=message) as caught:
        checked_images(x, image_shape, UNIT)
    assert str(caught.value).endswith(f"Received: x.shape={shape}")
    with pytest.raises(DataError, match=message):
        to_data_range(
            x,
            SimpleNamespace(
                likelihood=SimpleNamespace(data_range=UNIT),
                image_shape=image_shape,
                highest_integer=None,
            ),
        )
