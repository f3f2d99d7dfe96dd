import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_keras.data import read_images
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


def test_alpha_is_dropped_not_blended(tmp_path: Path):
    save(tmp_path / "a.png", np.dstack([PIXELS, np.zeros((5, 7), np.uint8)]))
    np.testing.assert_array_equal(read_images(tmp_path / "a.png")[0][0], PIXELS)


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
    with pytest.raises(DataError, match=r"b.png must be 5 x 7 .*a.png.*resize.*Received: 4 x 7"):
        read_images(tmp_path)


def test_size_other_than_the_models(tmp_path: Path):
    save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"a.png must be 28 x 28 .*model expects.*Received: 5 x 7"):
        read_images(tmp_path, image_shape=(28, 28, 1))


def test_model_with_channels_that_no_file_has(tmp_path: Path):
    with pytest.raises(ArgumentError, match=r"Received: image_shape=\(5, 7, 4\)"):
        read_images(save(tmp_path / "a.png"), image_shape=(5, 7, 4))


def test_sixteen_bits_are_refused_by_name(tmp_path: Path):
    save(tmp_path / "deep.png", np.full((5, 7), 40_000, np.uint16))
    with pytest.raises(DataError, match=r"deep.png must have 8 bits.*'I;16'"):
        read_images(tmp_path)


def test_float_tiff_is_refused_by_name(tmp_path: Path):
    save(tmp_path / "deep.tif", np.full((5, 7), 0.5, np.float32))
    with pytest.raises(DataError, match=r"deep.tif must have 8 bits.*'F'"):
        read_images(tmp_path)


def test_first_frame_of_several(tmp_path: Path):
    frames = [Image.new("L", (7, 5), value) for value in (10, 200)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    assert read_images(tmp_path)[0].max() == 10


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
