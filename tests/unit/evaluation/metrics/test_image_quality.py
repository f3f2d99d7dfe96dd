import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import (
    mean_absolute_error,
    mean_squared_error,
    ms_ssim_is_defined,
    multi_scale_structural_similarity,
    peak_signal_to_noise_ratio,
    ssim_is_defined,
    structural_similarity,
)


def test_mse_of_known_images_is_per_image():
    images = np.zeros((3, 4, 5, 2), np.float32)
    copies = images.copy()
    copies[1] = 0.5
    copies[2, 0, 0, 0] = 1.0
    np.testing.assert_allclose(mean_squared_error(images, copies), [0.0, 0.25, 1 / 40])


def test_absolute_error_of_known_images():
    images = np.zeros((3, 4, 5, 2), np.float32)
    copies = images.copy()
    copies[1] = -0.5
    copies[2, 0, 0, 0] = 1.0
    np.testing.assert_allclose(mean_absolute_error(images, copies), [0.0, 0.5, 1 / 40])


def test_psnr_of_known_images_is_in_decibels_and_infinite_for_a_copy():
    images = np.zeros((3, 4, 5, 2), np.float32)
    copies = images + np.array([0.1, 1.0, 0.0], np.float32)[:, None, None, None]
    np.testing.assert_allclose(
        peak_signal_to_noise_ratio(images, copies), [20.0, 0.0, np.inf], atol=1e-5
    )


def test_uint8_is_divided_by_255_before_it_is_subtracted():
    images = np.full((1, 12, 12, 1), 10, np.uint8)
    copies = np.full((1, 12, 12, 1), 61, np.uint8)
    assert mean_squared_error(images, copies) == pytest.approx(0.04)
    assert mean_squared_error(images, copies / 255) == pytest.approx(0.04)
    np.testing.assert_allclose(
        structural_similarity(images, copies), structural_similarity(images / 255, copies / 255)
    )


def test_ssim_of_flat_images_is_the_luminance_term():
    images, copies = np.full((2, 16, 16, 1), 0.25), np.full((2, 16, 16, 1), 0.75)
    expected = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    np.testing.assert_allclose(structural_similarity(images, copies), expected, rtol=1e-9)


def test_ssim_is_one_for_the_same_image_and_symmetric():
    x, y = np.random.default_rng(0).random((2, 3, 15, 14, 3))
    np.testing.assert_allclose(structural_similarity(x, x), 1.0, atol=1e-12)
    np.testing.assert_allclose(structural_similarity(x, y), structural_similarity(y, x))


def test_scores_do_not_depend_on_the_chunks(monkeypatch):
    from vae_keras.evaluation.metrics import _images

    x, y = np.random.default_rng(0).random((2, 7, 12, 12, 1))
    whole = structural_similarity(x, y), mean_squared_error(x, y)
    monkeypatch.setattr(_images, "CHUNK_VALUES", 300)
    np.testing.assert_allclose(structural_similarity(x, y), whole[0], rtol=1e-12)
    np.testing.assert_allclose(mean_squared_error(x, y), whole[1], rtol=1e-12)


def test_a_reconstruction_that_is_not_a_number_scores_nan_alone():
    images = np.full((2, 11, 11, 1), 0.5)
    copies = images.copy()
    copies[1, 0, 0, 0] = np.nan
    assert list(np.isnan(mean_squared_error(images, copies))) == [False, True]
    assert list(np.isnan(structural_similarity(images, copies))) == [False, True]
    assert list(np.isnan(mean_absolute_error(images, copies))) == [False, True]
    assert list(np.isnan(peak_signal_to_noise_ratio(images, copies))) == [False, True]


@pytest.mark.parametrize(
    ("shape", "defined"),
    [((11, 11, 1), True), ((28, 28), True), ((10, 28, 1), False), ((28, 10, 3), False)],
)
def test_ssim_is_defined_from_eleven_pixels(shape, defined):
    assert ssim_is_defined(shape) is defined


@pytest.mark.parametrize(
    ("shape", "defined"), [((161, 161, 3), True), ((160, 500, 1), False), ((500, 160), False)]
)
def test_ms_ssim_is_defined_from_161_pixels(shape, defined):
    assert ms_ssim_is_defined(shape) is defined


def test_ms_ssim_is_one_for_a_copy_and_zero_for_a_negative():
    images = np.random.default_rng(0).random((2, 161, 162, 1))
    np.testing.assert_allclose(multi_scale_structural_similarity(images, images), 1.0, atol=1e-12)
    np.testing.assert_array_equal(multi_scale_structural_similarity(images, 1 - images), 0.0)


@pytest.mark.parametrize(
    "measure",
    [
        mean_squared_error,
        mean_absolute_error,
        peak_signal_to_noise_ratio,
        structural_similarity,
        multi_scale_structural_similarity,
    ],
)
@pytest.mark.parametrize(
    ("images", "copies", "message"),
    [
        (np.zeros((2, 12, 12)), np.zeros((2, 12, 12)), "`images`.*Received: images.shape="),
        (np.zeros((0, 12, 12, 1)), np.zeros((0, 12, 12, 1)), "`images`"),
        (
            np.zeros((2, 12, 12, 1)),
            np.zeros((1, 12, 12, 1)),
            r"`reconstructions`.*\(1, 12, 12, 1\)",
        ),
        (
            np.zeros((1, 12, 12, 1), int),
            np.zeros((1, 12, 12, 1)),
            "`images` must be float or uint8",
        ),
        (np.linspace(-1, 1, 144).reshape(1, 12, 12, 1), np.zeros((1, 12, 12, 1)), "`images`"),
        (np.full((1, 12, 12, 1), np.nan), np.zeros((1, 12, 12, 1)), "`images` must be finite"),
    ],
)
def test_wrong_pairs_are_refused(measure, images, copies, message):
    with pytest.raises(ArgumentError, match=message):
        measure(images, copies)


@pytest.mark.parametrize(
    "measure", [mean_squared_error, mean_absolute_error, peak_signal_to_noise_ratio]
)
def test_errors_of_pixels_refuse_images_of_another_scale(measure):
    # No more than 1 from end to end, but not in [0, 1].
    with pytest.raises(ArgumentError, match=r"`images` must lie in \[0, 1\]"):
        measure(np.full((1, 4, 4, 1), -0.5), np.zeros((1, 4, 4, 1)))


def test_ssim_refuses_small_images_and_wrong_ranges():
    small = np.zeros((3, 8, 8, 1))
    with pytest.raises(ArgumentError, match=r"at least 11 pixels.*Received: .*\(3, 8, 8, 1\)"):
        structural_similarity(small, small)
    with pytest.raises(ArgumentError, match=r"at least 161 pixels.*Received: .*\(3, 8, 8, 1\)"):
        multi_scale_structural_similarity(small, small)
    with pytest.raises(ArgumentError, match=r"`data_range` must be > 0\. Received"):
        structural_similarity(np.zeros((1, 11, 11, 1)), np.zeros((1, 11, 11, 1)), data_range=0)
    pixels = np.zeros((1, 11, 11, 1), np.uint8)
    with pytest.raises(ArgumentError, match=r"`data_range` must stay 1\.0"):
        structural_similarity(pixels, pixels, data_range=255)
