"""Files of images that mean harm, or are none: refused by name, soon, and in little memory."""

import gzip
import io
import os
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_keras.data import load_dataset, read_images
from vae_keras.data.images import one_image
from vae_keras.data.images.image_files import find_names
from vae_keras.data.readers.array import read_array_file
from vae_keras.data.readers.folder import read_folder
from vae_keras.data.readers.idx import IDX_FILES, read_idx
from vae_keras.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8)).astype(np.uint8)
ENDINGS = ("x.npy", "x.npz", "x.png", "x.webp", "idx")


def load(path: Path) -> object:
    """Read a file in the way that its name asks for."""
    if path.suffix in (".npy", ".npz"):
        return read_array_file(path)
    return read_idx(path, 3) if path.name == "idx" else read_images([path.parent])


def npy(images: np.ndarray = IMAGES) -> bytes:
    file = io.BytesIO()
    np.save(file, images)
    return file.getvalue()


def npz(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()


# --- what is no file ----------------------------------------------------------------------------


def within(seconds: float, call: Callable[[], object]) -> BaseException | None:
    """Return what a call raises; fail where it does not come to an end."""
    raised: list[BaseException | None] = []

    def work() -> None:
        try:
            call()
            raised.append(None)
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    assert raised, f"still at it after {seconds} s"
    return raised[0]


@pytest.mark.parametrize("name", ENDINGS)
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str):
    os.mkfifo(tmp_path / name)
    error = within(5, lambda: load(tmp_path / name))
    assert isinstance(error, DataError)
    assert str(error) == f"{tmp_path / name} must be a file. Received: a pipe"


@pytest.mark.parametrize("name", ENDINGS)
def test_a_device_is_not_read(tmp_path: Path, name: str):
    (tmp_path / name).symlink_to("/dev/zero")
    error = within(5, lambda: load(tmp_path / name))
    assert isinstance(error, DataError)
    assert str(error) == f"{tmp_path / name} must be a file. Received: a device"


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("target", ["itself", "nothing"])
def test_a_link_to_nowhere(tmp_path: Path, name: str, target: str):
    (tmp_path / name).symlink_to(tmp_path / (name if target == "itself" else "gone"))
    with pytest.raises(DataError, match=rf"{name} cannot be read"):
        load(tmp_path / name)


def test_a_folder_named_like_an_array(tmp_path: Path):
    (tmp_path / "x.npy").mkdir()
    with pytest.raises(DataError, match=r"x\.npy must be a file. Received: a folder"):
        read_array_file(tmp_path / "x.npy")


@pytest.mark.parametrize("name", ENDINGS)
def test_a_hole_of_a_tebibyte_behind_a_whole_file(tmp_path: Path, name: str):
    start: dict[str, bytes] = {
        "x.npy": npy(),
        "x.npz": npz([("x.npy", npy())]),
        "idx": gzip.compress(b"\0\0\x08\x03" + struct.pack(">3I", *IMAGES.shape) + bytes(IMAGES)),
    }
    path = tmp_path / name
    path.write_bytes(start.get(name, b"\x89PNG\r\n\x1a\n"))
    os.truncate(path, 1 << 40)
    began = time.monotonic()
    if name == "idx":  # zeros behind the end are no fault
        np.testing.assert_array_equal(read_idx(path, 3), IMAGES)
    else:
        with pytest.raises(DataError, match=name):
            load(path)
    assert time.monotonic() - began < 5


def test_a_pipe_among_the_four_files(tmp_path: Path):
    for name in IDX_FILES:
        os.mkfifo(tmp_path / name)
    error = within(5, lambda: load_dataset("fashion_mnist", tmp_path))
    assert isinstance(error, DataError)
    assert str(error).endswith("which holds neither")


# --- folders ------------------------------------------------------------------------------------


def test_links_to_folders_that_are_read_already_or_lie_around(tmp_path: Path):
    folder = tmp_path / "mine"
    (folder / "b").mkdir(parents=True)
    Image.new("L", (4, 4)).save(folder / "b" / "a.png")
    (tmp_path / "elsewhere").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "elsewhere" / "c.png")
    for name, target in [("a", "b"), ("again.png", "."), ("b/up", ".."), ("z", "../elsewhere")]:
        (folder / name).symlink_to(folder / target)
    (folder / "loop").symlink_to(folder / "loop")
    (tmp_path / "elsewhere" / "back").symlink_to(folder)
    with pytest.warns(UserWarning, match="is left out: it is a folder that is read") as caught:
        assert find_names(folder) == ["b/a.png", "z/c.png"]
    left_out = {str(one.message).split(" is left")[0] for one in caught}
    names = ("a", "again.png", "b/up", "z/back")
    assert left_out == {str(folder / name) for name in names}


def test_folders_deeper_than_pythons_stack(tmp_path: Path):
    depth, here = 1200, os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):  # by handles: the whole path is too long to be given at once
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    try:
        assert find_names(tmp_path) == ["a.png"]
    finally:
        os.close(here)
        os.system(f"rm -rf '{tmp_path}/d'")


def test_a_file_that_is_exchanged_between_header_and_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    Image.new("L", (4, 4)).save(tmp_path / "b.png")
    whole = one_image.bytes_of

    def exchanging(file: Path) -> bytes:
        Image.new("L", (5, 4)).save(tmp_path / "b.png")
        return whole(file)

    monkeypatch.setattr(one_image, "bytes_of", exchanging)
    with pytest.raises(DataError, match=r"b\.png must be 4 x 4 pixels .*Received: 4 x 5"):
        read_images(tmp_path)


def test_names_of_classes_are_in_one_line(tmp_path: Path):
    for name in ("two\nlines", "\x1b[31mred", os.fsdecode(b"caf\xe9"), "$x$ <b>"):
        (tmp_path / name).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / name / "a.png")
    assert read_folder(tmp_path).class_names == (
        "\\x1b[31mred",
        "$x$ <b>",
        "caf\\xe9",
        "two\\nlines",
    )


def test_a_name_that_breaks_the_line_of_where_images_are(tmp_path: Path):
    folder = tmp_path / "my\nimages"
    folder.mkdir()
    Image.new("L", (4, 4)).save(folder / "a.png")
    assert read_folder(folder).origin.endswith("my\\nimages")


# --- images -------------------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + head + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (4097, 4096), (1 << 24, 2)])
@pytest.mark.parametrize("stream", [False, True])
def test_an_image_of_too_many_pixels(tmp_path: Path, size: tuple[int, int], stream: bool):
    (tmp_path / "a.png").write_bytes(png(*size))
    with pytest.raises(DataError, match=r"a\.png is too large to be safe: at most 16,777,216"):
        read_folder(tmp_path, stream=stream)


@pytest.mark.parametrize(
    ("mode", "size"),
    [("L", (8193, 8192)), ("LA", (4097, 4096)), ("RGB", None)],
    ids=["most of all", "most of transparent ones", "slow to decode"],
)
def test_an_image_of_too_many_pixels_to_be_resized(tmp_path: Path, mode: str, size):
    if size is None:
        (tmp_path / "a.ppm").write_bytes(b"P3 2000 2000 255\n")
    else:
        file = io.BytesIO(png(*size))
        content = bytearray(file.getvalue())
        content[25] = {"L": 0, "LA": 4}[mode]  # the colour type
        content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
        (tmp_path / "a.png").write_bytes(content)
    message = "is too slow to decode" if size is None else "is too large to be safe"
    with pytest.raises(DataError, match=rf"a\.p[np][mg] {message}"):
        read_images(tmp_path, image_shape=(8, 8, 1), crop="center")


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (0, 0)])
@pytest.mark.parametrize("stream", [False, True])
def test_an_image_without_pixels(tmp_path: Path, size: tuple[int, int], stream: bool):
    (tmp_path / "a.png").write_bytes(png(*size))
    with pytest.raises(DataError, match=r"a\.png"):
        read_folder(tmp_path, stream=stream)


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("L", (64, 64), 9).save(file, "JPEG", progressive=True)
    return file.getvalue()


@pytest.mark.parametrize("stream", [False, True])
def test_a_jpeg_of_too_many_scans(tmp_path: Path, stream: bool):
    content = jpeg()
    scan = content[content.rindex(b"\xff\xda") : -2]
    (tmp_path / "a.jpg").write_bytes(content[:-2] + scan * 100 + content[-2:])
    with pytest.raises(DataError, match=r"a\.jpg is too slow to decode: at most 64 scans"):
        read_folder(tmp_path, stream=stream)


def test_a_jpeg_of_too_many_segments(tmp_path: Path):
    content = jpeg()
    (tmp_path / "a.jpg").write_bytes(content[:2] + b"\xff\xfe\0\2" * 20_000 + content[2:])
    with pytest.raises(DataError, match=r"a\.jpg is too slow to decode"):
        read_images(tmp_path)


def test_what_lies_behind_a_jpeg_is_not_counted(tmp_path: Path):
    # Phones put a film there.
    (tmp_path / "a.jpg").write_bytes(jpeg() + b"\xff\xda\0\2" * 500)
    assert read_images(tmp_path)[0].shape == (1, 64, 64, 1)


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("P", "GIF"), ("1", "TIFF")])
def test_other_modes_are_converted(tmp_path: Path, mode: str, kind: str):
    Image.new(mode, (6, 4)).save(tmp_path / "a.png", kind)
    assert read_images(tmp_path)[0].shape[:3] == (1, 4, 6)
