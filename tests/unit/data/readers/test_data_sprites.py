import math

import numpy as np
import pytest

from vae_keras.data import draw_sprites, load_dataset
from vae_keras.data.dataset import Source, Split
from vae_keras.data.readers import sprites
from vae_keras.errors import ArgumentError

SHAPES = [0.0, 1.0, 2.0]
CHECKSUM = "37309de8762926016e7d25937261cf29da51d144324f8c6315e62a3f925e2fdc"


@pytest.fixture(scope="module")
def source() -> Source:
    return sprites.read_sprites()


def values_of(factors: np.ndarray) -> np.ndarray:
    columns = zip(sprites.FACTORS.values(), factors.T, strict=True)
    return np.stack([np.array(values)[levels] for values, levels in columns], axis=-1)


def factors_of(split: Split) -> np.ndarray:
    assert split.factors is not None
    return split.factors


def draw(shape: float, scale: float = 12.0, turn: float = 0.0, x: float = 32, y: float = 32):
    return draw_sprites([[shape, scale, turn, x, y]])[0, ..., 0].astype(int)


def test_every_combination_of_levels_once(source: Source):
    factors = factors_of(source.train)
    assert factors.shape == (3 * 4 * 8 * 12 * 12, 5)
    assert len(np.unique(factors, axis=0)) == len(factors)
    assert factors.min(axis=0).tolist() == [0] * 5
    assert factors.max(axis=0).tolist() == [2, 3, 7, 11, 11]
    assert factors.dtype == np.int64
    assert source.train.labels is not None
    np.testing.assert_array_equal(source.train.labels, factors[:, 0])


def test_images_are_white_on_black_and_whole(source: Source):
    images = source.train.images
    assert images.shape == (13_824, 64, 64, 1)
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous
    assert (images.max(axis=(1, 2, 3)) == 255).all()
    assert len(np.unique(images[:100])) > 30  # grey edges
    assert not images[:, [0, -1]].any()
    assert not images[:, :, [0, -1]].any()


def test_no_two_images_are_the_same(source: Source):
    assert len({image.tobytes() for image in source.train.images}) == len(source.train)


def test_position_is_the_centre_of_mass(source: Source):
    mass = source.train.images[..., 0].sum(axis=(1, 2), dtype=np.int64)
    middles = np.arange(64) + 0.5
    x = source.train.images[..., 0].sum(axis=1, dtype=np.int64) @ middles / mass
    y = source.train.images[..., 0].sum(axis=2, dtype=np.int64) @ middles / mass
    expected = values_of(factors_of(source.train))[:, 3:]
    np.testing.assert_allclose(np.stack([x, y], axis=-1), expected, atol=0.05)


def test_other_factors_show_in_the_centred_image(source: Source):
    """Position is known (above), so what is left must tell the 96 combinations apart."""
    factors = factors_of(source.train)
    centred = (factors[:, 3:] == [6, 6]).all(axis=1)
    images = source.train.images[centred].reshape(96, -1) / 255.0
    differences = np.array([np.abs(images - image).sum(axis=1) for image in images])
    np.fill_diagonal(differences, np.inf)
    assert differences.min() > 8  # white pixels; the smallest shape has 103


@pytest.mark.parametrize(("shape", "period"), [(0, 90), (1, 180), (2, 360)])
def test_orientation_stops_short_of_each_symmetry(shape: int, period: int):
    np.testing.assert_array_equal(draw(shape, 12.1, period + 11.25), draw(shape, 12.1, 11.25))
    for turn in range(10, period, 10):
        assert np.abs(draw(shape, 12.1, turn) - draw(shape, 12.1)).sum() > 8 * 255
    assert max(sprites.FACTORS["orientation"]) < period


@pytest.mark.parametrize("change", [1 - 1e-9, 1 + 1e-9])
def test_no_sub_pixel_is_decided_by_rounding(source: Source, change: float):
    """So that the checksum is the same where cosines differ in their last bit."""
    values = values_of(factors_of(source.train))[factors_of(source.train)[:, 3:].sum(axis=1) == 0]
    assert len(values) == 96
    np.testing.assert_array_equal(draw_sprites(values * [1, change, 1, 1, 1]), draw_sprites(values))


def test_orientation_turns_counter_clockwise_from_the_tip_down():
    rows, columns = np.nonzero(draw(2))
    assert draw(2)[rows.max(), 31:33].all()  # the tip
    assert not draw(2)[rows.min(), 31:33].any()  # the notch
    np.testing.assert_array_equal(draw(2, 12.1, 90), np.rot90(draw(2, 12.1)))
    np.testing.assert_array_equal(draw(1, 12.1, 90), np.rot90(draw(1, 12.1)))
    rows, columns = np.nonzero(draw(1))
    assert np.ptp(columns) > 1.8 * np.ptp(rows)  # the long axis is horizontal


@pytest.mark.parametrize("shape", SHAPES)
def test_position_moves_the_shape_right_and_down(shape: float):
    image = draw(shape, 9.3, 20, 20.3, 30.8)
    np.testing.assert_array_equal(draw(shape, 9.3, 20, 27.3, 30.8), np.roll(image, 7, axis=1))
    np.testing.assert_array_equal(draw(shape, 9.3, 20, 20.3, 33.8), np.roll(image, 3, axis=0))
    assert np.abs(draw(shape, 9.3, 20, 20.5, 30.8) - image).sum() > 255  # less than a pixel


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [9.0, 9.4])
def test_shape_at_the_edge_is_whole(shape: float, scale: float):
    middle = draw(shape, scale, 45, 32 + scale % 1, 32 + scale % 1)
    low = draw(shape, scale, 45, scale, scale)
    np.testing.assert_array_equal(np.roll(middle, (-32 + 9, -32 + 9), axis=(0, 1)), low)
    high = draw(shape, scale, 45, 64 - scale, 64 - scale)
    assert high.sum() == pytest.approx(low.sum(), rel=0.01)
    assert len(draw_sprites(np.empty((0, 5)))) == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_scale_is_the_distance_to_the_farthest_point(shape: float):
    rows, columns = np.nonzero(draw(shape, 20.0, 0, 32, 32))
    farthest = np.hypot(rows + 0.5 - 32, columns + 0.5 - 32).max()
    assert 19 < farthest < 20 + math.sqrt(0.5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([2, 12, 0, 32, 32], r"shape, scale.*shape \(n, 5\).*Received: values.shape=\(5,\)"),
        ([[2, 12, 0, 32]], r"Received: values.shape=\(1, 4\)"),
        ([[3, 12, 0, 32, 32]], r"a shape of 0, 1 or 2.*Received: \[3\.0, 12\.0"),
        ([[0.5, 12, 0, 32, 32]], "a shape of 0, 1 or 2"),
        ([[0, 12, 0, 32, 32], [0, 0, 0, 32, 32]], r"scale > 0.*Received: \[0\.0, 0\.0"),
        ([[0, 12, math.nan, 32, 32]], "finite orientation"),
        ([[0, 12, 0, 11.9, 32]], "x from scale to 64 - scale"),
        ([[0, 12, 0, 32, 52.1]], "y from scale to 64 - scale"),
        ([[0, math.inf, 0, 32, 32]], "x from scale"),
        ([[0, 12, 0, math.nan, 32]], "x from scale"),
    ],
)
def test_values_that_cannot_be_drawn(values: list, message: str):
    with pytest.raises(ArgumentError, match=message) as caught:
        draw_sprites(values)
    assert str(caught.value).startswith("`values` must")


def test_splits_carry_the_factors_of_their_images():
    data = load_dataset("sprites", seed=3)
    assert (len(data.train), len(data.validation), len(data.test)) == (9954, 1105, 2765)
    assert data.factor_names == ("shape", "scale", "orientation", "x", "y")
    assert data.class_names == ("square", "ellipse", "heart")
    assert data.image_shape == (64, 64, 1)
    for split in (data.train, data.validation, data.test):
        np.testing.assert_array_equal(draw_sprites(values_of(factors_of(split))), split.images)
        np.testing.assert_array_equal(split.labels, factors_of(split)[:, 0])
    assert repr(data.test) == (
        "Split(images=(2765, 64, 64, 1) uint8, labels=(2765,), factors=(2765, 5))"
    )


def test_checksum_and_split_by_seed():
    first, again, other = (load_dataset("sprites", seed=seed) for seed in (0, 0, 1))
    assert first.checksum == other.checksum == CHECKSUM
    np.testing.assert_array_equal(factors_of(first.test), factors_of(again.test))
    assert (factors_of(first.test) != factors_of(other.test)).any()


def test_first_training_images_hold_every_level():
    few = factors_of(load_dataset("sprites", train_size=200).train)
    assert [len(np.unique(levels)) for levels in few.T] == [3, 4, 8, 12, 12]
