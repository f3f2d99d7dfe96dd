import numpy as np
import pytest

from vae_keras.report.sheet import largest_count, sheet_columns, sheet_urls


@pytest.mark.parametrize("shape", [(6, 4, 1), (5, 9, 3)])
def test_tiles_lie_row_after_row_without_loss(shape, unpacked):
    images = np.random.default_rng(0).integers(0, 256, (10, *shape)).astype("uint8")
    (url,) = sheet_urls([images], 10**6)
    sheet, columns = unpacked(url), sheet_columns(10, shape)
    height, width, _ = shape
    for i, image in enumerate(images):
        top, left = i // columns * height, i % columns * width
        tile = sheet[top : top + height, left : left + width]
        np.testing.assert_array_equal(tile, np.broadcast_to(image, tile.shape))


def test_a_bound_is_kept_with_loss_and_not_at_all_if_that_is_not_enough(unpacked):
    slopes = np.linspace(0, 200, 32)[:, None, None] + np.zeros((16, 32, 32, 1))
    images = (slopes + np.random.default_rng(0).integers(0, 40, slopes.shape)).astype("uint8")
    exact = sheet_urls([images, images], 10**7)
    smaller = sheet_urls([images, images], int(0.7 * sum(map(len, exact))))
    assert sum(map(len, smaller)) <= 0.7 * sum(map(len, exact))
    assert np.abs(unpacked(smaller[0])[:32, :32, 0] - images[0, ..., 0].astype(float)).mean() < 30
    assert sheet_urls([images], 100) is None


def test_a_sheet_is_about_square_and_never_too_large_for_a_browser():
    assert sheet_columns(100, (10, 10, 1)) == 10
    assert sheet_columns(100, (10, 40, 1)) == 5
    assert largest_count((512, 512, 3)) * 512 * 512 <= 8_000_000
    assert largest_count((8000, 8000, 1)) == 1
