import itertools
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_keras.checks import CROPS
from vae_keras.data import Preparation, read_images
from vae_keras.data.images.image_files import EXTENSIONS
from vae_keras.errors import ArgumentError, DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def save(path: Path, pixels: np.ndarray = PIXELS, mode: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path)
    return path


def test_single_file(tmp_path: Path):
    images, names = read_images(str(save(tmp_path / "a.png")))
    np.testing.assert_array_equal(images, PIXELS[np.newaxis])
    assert images.dtype == np.uint8
    assert names == ["a.png"]


def test_nested_folder_names_paths_within_it(tmp_path: Path):
    for name in ("b/2.png", "a.png", "b/1.png"):
        save(tmp_path / name)
    images, names = read_images(tmp_path)
    assert len(images) == 3
    assert names == ["a.png", "b/1.png", "b/2.png"]


def test_several_paths_keep_their_order_and_full_names(tmp_path: Path):
    first, second = save(tmp_path / "x" / "same.png"), save(tmp_path / "y" / "same.png")
    images, names = read_images([second, tmp_path / "x"])
    assert len(images) == 2
    assert names == [second.as_posix(), first.as_posix()]


def test_no_paths():
    with pytest.raises(ArgumentError, match=r"`path` must hold at least one.*Received: path=\[\]"):
        read_images([])


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_extension(tmp_path: Path, extension: str):
    save(tmp_path / f"a{extension.upper()}", np.full((5, 7), 200, np.uint8))
    images, _ = read_images(tmp_path, image_shape=(5, 7, 1))
    assert images.shape == (1, 5, 7, 1)
    np.testing.assert_allclose(images, 200, atol=2)  # JPEG and WebP are lossy


@pytest.mark.parametrize(
    ("mode", "channels"), [("1", 1), ("L", 1), ("LA", 1), ("RGB", 3), ("RGBA", 3), ("P", 3)]
)
def test_channels_found(tmp_path: Path, mode: str, channels: int):
    path = save(tmp_path / "a.png", mode=mode)
    assert read_images(path)[0].shape == (1, 5, 7, channels)


@pytest.mark.parametrize(
    ("background", "rgb"), [("white", (255, 255, 255)), ("#ff8000", (255, 128, 0))]
)
def test_transparency_is_laid_over_the_background(tmp_path: Path, background: str, rgb):
    alpha = np.random.default_rng(1).integers(0, 256, (5, 7, 1)).astype(np.uint8)
    save(tmp_path / "a.png", np.concatenate([PIXELS, alpha], axis=-1))
    images, _ = read_images(tmp_path / "a.png", background=background)
    share = alpha / 255
    np.testing.assert_allclose(images[0], PIXELS * share + np.array(rgb) * (1 - share), atol=1)


@pytest.mark.parametrize(("background", "channels"), [("black", 1), ("red", 3)])
def test_grey_stays_grey_over_a_grey_background(tmp_path: Path, background: str, channels: int):
    save(tmp_path / "a.png", mode="LA")
    assert read_images(tmp_path, background=background)[0].shape[-1] == channels


def test_palette_with_transparency(tmp_path: Path):
    image = Image.fromarray(PIXELS).quantize(4)
    image.save(tmp_path / "a.png", transparency=b"\x00\x80\xff\xff")
    assert read_images(tmp_path)[0].shape == (1, 5, 7, 3)


def test_conversion_to_the_models_channels(tmp_path: Path):
    path = save(tmp_path / "a.png")
    grey = read_images(path, image_shape=(5, 7, 1))[0]
    luminance = PIXELS @ np.array([0.299, 0.587, 0.114])  # ITU-R 601
    np.testing.assert_allclose(grey[0, ..., 0], luminance, atol=1)
    save(tmp_path / "b.png", PIXELS[..., 0])
    colour = read_images(tmp_path / "b.png", image_shape=(5, 7, 3))[0]
    np.testing.assert_array_equal(colour[0], np.repeat(PIXELS[..., :1], 3, axis=-1))


def test_two_sizes_name_two_files(tmp_path: Path):
    save(tmp_path / "a.png")
    save(tmp_path / "b.png", PIXELS[:4])
    with pytest.raises(
        DataError, match=r"b.png must be 5 x 7 .*a.png.*--image-size.*Received: 4 x 7"
    ):
        read_images(tmp_path)


def test_size_other_than_the_models(tmp_path: Path):
    save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"a.png must be 28 x 28 .*model expects.*Received: 5 x 7"):
        read_images(tmp_path, image_shape=(28, 28, 1))


def test_model_with_channels_that_no_file_has(tmp_path: Path):
    with pytest.raises(ArgumentError, match=r"Received: image_shape=\(5, 7, 4\)"):
        read_images(save(tmp_path / "a.png"), image_shape=(5, 7, 4))


@pytest.mark.parametrize("name", ["deep.png", "deep.tif", "deep.pgm"])
def test_sixteen_bits_are_scaled_by_their_depth(tmp_path: Path, name: str):
    values = np.array([[0, 256, 40_000], [128, 129, 65_535]], np.uint16)
    save(tmp_path / name, values)
    images, _ = read_images(tmp_path)
    np.testing.assert_array_equal(images[0, ..., 0], np.rint(values / 257))


def test_twelve_bits_of_a_tiff_are_scaled_by_twelve(tmp_path: Path):
    values = np.array([[0, 4095], [16, 2048]])  # in pairs of three bytes
    pairs = [(a >> 4, (a & 15) << 4 | b >> 8, b & 255) for a, b in values]
    tags = [(256, 2), (257, 2), (258, 12), (259, 1), (262, 1), (273, 200), (277, 1), (278, 2)]
    tags.append((279, 6))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4)
    (tmp_path / "a.tif").write_bytes(head.ljust(200, b"\0") + bytes(sum(pairs, ())))
    expected = np.rint(values * (255 / 4095))
    np.testing.assert_array_equal(read_images(tmp_path)[0][0, ..., 0], expected)


def test_floats_from_0_to_1(tmp_path: Path):
    save(tmp_path / "a.tif", np.array([[0, 0.5, 1.0]], np.float32))
    assert read_images(tmp_path)[0].ravel().tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.float32([[-40, 900]]), r"floats in 0..1: .*Received: float32 from -40 to 900"),
        (np.float32([[0.5, np.nan]]), r"Received: float32 from nan to nan"),
        (np.int32([[-7, 70_000]]), r"at most 16 bits.*Received: int32 from -7 to 70000"),
    ],
)
def test_values_of_unknown_range_are_refused_with_it(tmp_path: Path, values, message: str):
    save(tmp_path / "deep.tif", values)
    with pytest.raises(DataError, match=rf"deep.tif must hold .*{message}"):
        read_images(tmp_path)


@pytest.mark.parametrize("name", ["a.tif", "a.gif", "a.png", "a.webp"])
def test_several_pages_are_refused_by_name(tmp_path: Path, name: str):
    frames = [Image.new("L", (7, 5), value) for value in (10, 200)]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match=f"{name} must hold one image: .*several pages or frames"):
        read_images(tmp_path)


def test_the_photo_of_a_jpeg_with_previews(tmp_path: Path):
    photo, preview = Image.new("L", (7, 5), 10), Image.new("L", (7, 5), 200)
    photo.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[preview])
    np.testing.assert_allclose(read_images(tmp_path)[0], 10, atol=2)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_exif_sets_images_upright(tmp_path: Path, name: str, turn: int):
    upright = PIXELS
    swapped = upright.swapaxes(0, 1)
    stored = {  # Exif 2.3: where the first row and the first column of what is stored are seen
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: swapped,
        6: swapped[::-1],
        7: swapped[::-1, ::-1],
        8: swapped[:, ::-1],
    }[turn]
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"lossless": True} if name == "a.webp" else {}
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / name, exif=exif, **options)
    np.testing.assert_array_equal(read_images(tmp_path)[0][0], upright)


def test_damaged_exif_leaves_an_image_as_it_is(tmp_path: Path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    np.testing.assert_array_equal(read_images(tmp_path)[0][0], PIXELS)


@pytest.mark.parametrize(
    ("crop", "expected"),
    [
        ("center", [[25, 45], [25, 45]]),
        ("none", [[15, 55], [15, 55]]),
        ("pad", [[15, 55], [76, 76]]),  # the luminance of red
    ],
)
def test_what_is_kept_of_another_shape(tmp_path: Path, crop: str, expected: list[list[int]]):
    columns = np.repeat(np.arange(0, 80, 10, dtype=np.uint8)[np.newaxis], 4, axis=0)
    save(tmp_path / "a.png", columns)
    images, _ = read_images(tmp_path, image_shape=(2, 2, 1), crop=crop, background="red")
    np.testing.assert_allclose(images[0, ..., 0].astype(int), expected, atol=2)  # Pillow's filter


@pytest.mark.parametrize("crop", CROPS)
def test_any_shape_becomes_any_other(crop: str):
    preparation = Preparation(crop)
    shapes = [(1, 1), (1, 97), (83, 1), (64, 49), (49, 64), (30, 30)]
    for before, after in itertools.product(shapes, [(1, 1), (1, 40), (49, 3), (7, 7), (31, 29)]):
        fitted = preparation.fitted(Image.new("L", before, 255), after)
        assert np.asarray(fitted).shape == after
        assert np.asarray(fitted).min() == 255


@pytest.mark.parametrize("turn", [1, 6])
@pytest.mark.parametrize("crop", CROPS)
def test_a_jpeg_that_is_decoded_smaller_is_the_same(tmp_path: Path, crop: str, turn: int):
    wave = np.sin(np.arange(640) / 40)
    pixels = np.uint8(127 + 100 * wave[:400, None, None] * wave[None, :, None] * np.ones(3))
    exif = Image.Exif()
    exif[0x0112] = turn
    for name in ("a.png", "a.jpg"):
        Image.fromarray(pixels).save(tmp_path / name, exif=exif)
    images, _ = read_images(tmp_path, image_shape=(32, 24, 3), crop=crop)
    np.testing.assert_allclose(images[0].astype(int), images[1], atol=6)
    assert np.abs(images[0].astype(int) - images[1]).mean() < 1


def test_resizing_is_antialiased(tmp_path: Path):
    stripes = np.tile(np.uint8([0, 255]), (64, 32))  # without a filter all 0 or all 255
    save(tmp_path / "a.png", stripes)
    image = read_images(tmp_path, image_shape=(8, 8, 1), crop="none")[0]
    np.testing.assert_allclose(image, 127.5, atol=6)


def test_crop_without_a_shape_is_refused(tmp_path: Path):
    with pytest.raises(ArgumentError, match="`crop` must go with `image_shape`"):
        read_images(save(tmp_path / "a.png"), crop="center")
    with pytest.raises(ArgumentError, match=r"middle"):
        read_images(save(tmp_path / "a.png"), image_shape=(4, 4, 3), crop="middle")
    with pytest.raises(ArgumentError, match=r"`background` must be .*Received: background='none'"):
        read_images(save(tmp_path / "a.png"), background="none")


@pytest.mark.parametrize("content", [b"", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_not_an_image(tmp_path: Path, content: bytes):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=r"a.png must be an image \(PNG"):
        read_images(tmp_path)


@pytest.mark.parametrize("extension", [".png", ".jpg", ".gif", ".tif", ".webp", ".bmp"])
def test_cut_short(tmp_path: Path, extension: str):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    path = save(tmp_path / f"half{extension}", noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"half{extension}") as caught:
        read_images(tmp_path)
    assert "Received: " in str(caught.value)


def png_of(width: int, height: int) -> bytes:
    """Return a PNG file that promises a size, and holds no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [10_000, 60_000])  # Pillow warns of the first, refuses the second
def test_decompression_bomb(tmp_path: Path, side: int):
    (tmp_path / "bomb.png").write_bytes(png_of(side, side))
    with pytest.raises(DataError, match=r"bomb.png is too large to be safe"):
        read_images(tmp_path)


def test_no_such_path(tmp_path: Path):
    with pytest.raises(DataError, match="Received: no such path"):
        read_images(tmp_path / "none")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(tmp_path: Path):
    path = save(tmp_path / "a.png")
    path.chmod(0)
    with pytest.raises(DataError, match=r"a.png cannot be read.*Permission denied"):
        read_images(tmp_path)


def test_folder_named_like_an_image(tmp_path: Path):
    save(tmp_path / "set.png" / "a.png")
    assert read_images(tmp_path)[1] == ["set.png/a.png"]


def test_dangling_link_is_named(tmp_path: Path):
    (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(DataError, match=r"a.png cannot be read.*No such file"):
        read_images(tmp_path)
