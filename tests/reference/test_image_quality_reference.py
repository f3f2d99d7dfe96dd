"""Image quality against scikit-image, TensorFlow and scikit-learn."""

import numpy as np
import pytest

from vae_keras.evaluation import (
    mean_absolute_error,
    mean_squared_error,
    multi_scale_structural_similarity,
    peak_signal_to_noise_ratio,
    structural_similarity,
)


def _pair(shape, noise, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.random(shape)
    # Neighbours agree, as in photographs: pure noise would leave the means without structure.
    images = (images + np.roll(images, 1, axis=1) + np.roll(images, 1, axis=2)) / 3
    copies = np.clip(images + noise * rng.normal(size=shape), 0, 1)
    return images.astype(np.float32), copies.astype(np.float32)


def _reference_skimage_ssim(images, copies, data_range):
    from skimage.metrics import structural_similarity as skimage_ssim

    # scikit-image averages over the positions where its 11 x 11 window fits, as we do.
    return [
        skimage_ssim(
            x.astype(np.float64),
            y.astype(np.float64),
            win_size=11,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=data_range,
            channel_axis=-1,
        )
        for x, y in zip(images, copies, strict=True)
    ]


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("size", [(11, 11), (28, 28), (32, 19), (12, 64)])
@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_matches_skimage(size, channels, noise):
    images, copies = _pair((4, *size, channels), noise)
    expected = _reference_skimage_ssim(images, copies, 1.0)
    np.testing.assert_allclose(structural_similarity(images, copies), expected, atol=1e-9)


def test_ssim_matches_skimage_on_another_range():
    images, copies = _pair((3, 20, 20, 1), 0.2)
    expected = _reference_skimage_ssim(2 * images - 1, 2 * copies - 1, 2.0)
    scores = structural_similarity(2 * images - 1, 2 * copies - 1, data_range=2.0)
    np.testing.assert_allclose(scores, expected, atol=1e-9)


def test_ssim_matches_skimage_where_the_images_take_several_chunks():
    images, copies = _pair((200, 28, 28, 1), 0.1)
    expected = _reference_skimage_ssim(images, copies, 1.0)
    np.testing.assert_allclose(structural_similarity(images, copies), expected, atol=1e-9)


def test_ssim_matches_tensorflow():
    import tensorflow as tf

    images, copies = _pair((8, 28, 28, 3), 0.1)
    # TensorFlow computes in float32.
    expected = tf.image.ssim(images, copies, max_val=1.0).numpy()
    np.testing.assert_allclose(structural_similarity(images, copies), expected, atol=1e-5)

    bytes_x, bytes_y = (np.round(255 * x).astype(np.uint8) for x in (images, copies))
    expected = tf.image.ssim(bytes_x, bytes_y, max_val=255).numpy()
    np.testing.assert_allclose(structural_similarity(bytes_x, bytes_y), expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 8, 8, 1), (300, 28, 28, 1), (5, 32, 17, 3)])
@pytest.mark.parametrize("noise", [0.0, 0.1, 1.0])
def test_mse_matches_sklearn_and_skimage(shape, noise):
    from skimage.metrics import mean_squared_error as skimage_mse
    from sklearn.metrics import mean_squared_error as sklearn_mse

    images, copies = (x.astype(np.float64) for x in _pair(shape, noise))
    scores = mean_squared_error(images, copies)
    expected = [skimage_mse(x, y) for x, y in zip(images, copies, strict=True)]
    np.testing.assert_allclose(scores, expected, rtol=1e-12, atol=1e-15)
    flat = [x.reshape(len(x), -1).T for x in (images, copies)]
    np.testing.assert_allclose(
        scores, sklearn_mse(*flat, multioutput="raw_values"), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("noise", [0.05, 1.0])
def test_mae_matches_sklearn(noise):
    from sklearn.metrics import mean_absolute_error as sklearn_mae

    images, copies = (x.astype(np.float64) for x in _pair((300, 28, 28, 1), noise))
    flat = [x.reshape(len(x), -1).T for x in (images, copies)]
    np.testing.assert_allclose(
        mean_absolute_error(images, copies),
        sklearn_mae(*flat, multioutput="raw_values"),
        rtol=1e-12,
    )


@pytest.mark.parametrize("noise", [0.05, 1.0])
def test_psnr_matches_tensorflow_and_skimage(noise):
    import tensorflow as tf
    from skimage.metrics import peak_signal_noise_ratio

    images, copies = _pair((5, 13, 28, 3), noise)
    ratios = peak_signal_to_noise_ratio(images, copies)
    np.testing.assert_allclose(ratios, tf.image.psnr(images, copies, max_val=1.0), rtol=1e-5)
    expected = [
        peak_signal_noise_ratio(x.astype(float), y.astype(float), data_range=1.0)
        for x, y in zip(images, copies, strict=True)
    ]
    np.testing.assert_allclose(ratios, expected, rtol=1e-12)


@pytest.mark.parametrize("noise", [0.02, 0.3])
@pytest.mark.parametrize("shape", [(2, 161, 161, 1), (2, 177, 203, 3), (1, 256, 176, 3)])
def test_ms_ssim_matches_tensorflow(shape, noise):
    import tensorflow as tf

    images, copies = _pair(shape, noise)
    expected = tf.image.ssim_multiscale(images, copies, max_val=1.0)
    # TensorFlow computes in float32.
    np.testing.assert_allclose(
        multi_scale_structural_similarity(images, copies), expected, atol=2e-5
    )


def test_ms_ssim_matches_tensorflow_on_bytes_and_where_a_channel_is_inverted():
    import tensorflow as tf

    images, copies = (np.round(255 * x).astype(np.uint8) for x in _pair((2, 170, 181, 3), 0.1))
    copies[..., 1] = 255 - images[..., 1]  # contrast terms below zero, which count as zero
    expected = tf.image.ssim_multiscale(images, copies, max_val=255).numpy()
    scores = multi_scale_structural_similarity(images, copies)
    np.testing.assert_allclose(scores, expected, atol=2e-5)
    assert (scores > 0.3).all() and (scores < 2 / 3).all()


def test_ms_ssim_matches_tensorflow_on_another_range():
    import tensorflow as tf

    images, copies = (2 * x - 1 for x in _pair((1, 176, 176, 1), 0.2))
    expected = tf.image.ssim_multiscale(images, copies, max_val=2.0)
    scores = multi_scale_structural_similarity(images, copies, data_range=2.0)
    np.testing.assert_allclose(scores, expected, atol=2e-5)
