import hashlib
import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from vae_keras.data import ImageFiles, Preparation, read_images
from vae_keras.data.images import scan_images
from vae_keras.data.images.scan_images import scan_images as scan
from vae_keras.errors import ArgumentError, DataError


def write(path: Path, *, mode: str = "L", size: tuple[int, int] = (7, 5), seed: int = 0, **options):
    """Write noise, or a smooth picture as a JPEG; `size` is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype("uint8")
    picture = Image.fromarray(noise)
    if mode in ("LA", "RGBA"):
        alpha = Image.fromarray(noise[..., 0])
        picture = picture.convert(mode)
        picture.putalpha(alpha)
    else:
        picture = picture.convert(mode)
    picture.save(path, **options)
    return path


@pytest.fixture
def files(tmp_path: Path) -> ImageFiles:
    paths = [write(tmp_path / f"{number}.png", seed=number) for number in range(200)]
    return ImageFiles(paths, (5, 7, 1))


def test_looks_like_an_array(files: ImageFiles):
    images = np.stack([np.asarray(Image.open(files.path(i)))[..., None] for i in range(200)])
    assert files.shape == images.shape
    assert (len(files), files.ndim, files.dtype, files.nbytes) == (200, 4, np.uint8, images.nbytes)
    mask = np.arange(200) % 3 == 0
    for index in (3, -1, np.int64(5), slice(2, 190, 4), [7, 1], np.array([150, 3]), mask, slice(0)):
        expected = images[index]
        received = files[index]
        assert received.dtype == np.uint8
        np.testing.assert_array_equal(received, expected)
    np.testing.assert_array_equal(np.asarray(files), images)
    assert np.asarray(files.take(slice(2)), "float32").dtype == np.float32


def test_a_part_is_lazy(files: ImageFiles):
    part = files.take(np.array([150, 3, 7]))
    assert len(part) == 3
    assert part.path(1) == files.path(3)
    files.path(7).unlink()
    assert part[:2].shape == (2, 5, 7, 1)
    with pytest.raises(
        DataError, match=r"7.png cannot be read as an image. Received: No such file"
    ):
        part[2]


def test_channels_are_converted(tmp_path: Path):
    grey, colour = write(tmp_path / "a.png"), write(tmp_path / "b.png", mode="RGB")
    for channels in (1, 3):
        expected, _ = read_images([grey, colour], image_shape=(5, 7, channels))
        np.testing.assert_array_equal(ImageFiles([grey, colour], (5, 7, channels))[:], expected)


def test_paths_take_their_characters_and_no_more(tmp_path: Path):
    names = [f"class/{number:07d}.png" for number in range(1000)]
    files = ImageFiles([tmp_path / name for name in names], (64, 64, 1))
    assert files.path(999) == tmp_path / names[999]
    prefix, rest = files.encoded_paths()
    assert prefix + rest[17] == str(tmp_path / names[17]).encode()
    assert rest.nbytes <= 1000 * len("0000.png")  # but for what all begin with


def test_one_file_and_names_that_are_no_text(tmp_path: Path):
    path = write(tmp_path / "\udcff é.png")
    files = ImageFiles([path], (5, 7, 1))
    assert files.path(0) == path
    assert files[0].shape == (5, 7, 1)


@pytest.mark.parametrize(
    ("paths", "shape", "message"),
    [
        ([], (5, 7, 1), "`paths` must hold at least one file"),
        (["a.png"], (5, 7, 2), r"Received: image_shape=\(5, 7, 2\)"),
        (["a.png"], (0, 7, 1), r"Received: image_shape=\(0, 7, 1\)"),
    ],
)
def test_refused(paths: list[str], shape: tuple[int, ...], message: str):
    with pytest.raises(ArgumentError, match=message):
        ImageFiles(paths, shape)


def test_another_size_is_named(files: ImageFiles):
    write(files.path(4), size=(6, 5))
    with pytest.raises(DataError, match=r"4.png must be 5 x 7 pixels.* Received: 5 x 6"):
        files[:10]


def test_scan(tmp_path: Path):
    names = ["b.png", "a/c.png", "d.bmp"]
    for seed, name in enumerate(names):
        write(tmp_path / name, seed=seed)
    seen: list[int] = []
    found = scan(tmp_path, names, progress=seen.append)
    assert found.image_shape == (5, 7, 1)
    assert found.native.tolist() == [True, True, False]
    assert seen == [3]
    contents = [hashlib.sha256((tmp_path / name).read_bytes()).digest() for name in names]
    lines = zip(names, contents, strict=True)
    expected = b"".join(name.encode() + b"\0" + digest for name, digest in lines)
    assert found.checksum == hashlib.sha256(expected).hexdigest()
    write(tmp_path / "a" / "c.png", seed=99)
    assert scan(tmp_path, names).checksum != found.checksum


def test_scan_in_pieces_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    names = [f"{number}.png" for number in range(9)]
    for name in names:
        write(tmp_path / name, seed=int(name[0]), mode="RGB" if name == "8.png" else "L")
    whole = scan(tmp_path, names)
    monkeypatch.setattr(scan_images, "_PER_TASK", 4)
    pieces = scan(tmp_path, names)
    assert (whole.checksum, whole.image_shape) == (pieces.checksum, pieces.image_shape)
    assert pieces.image_shape == (5, 7, 3)  # one colour image makes all RGB
    assert pieces.native.tolist() == [True] * 9


def texts(**entries: str) -> PngInfo:
    info = PngInfo()
    for name, text in entries.items():
        info.add_text(name, text)
    return info


TURNED = Image.Exif()
TURNED[0x0112] = 3  # upside down
_BYTES = TURNED.tobytes()
TURNED_TEXT = f"\nexif\n{len(_BYTES):8}\n{_BYTES.hex()}\n"  # as ImageMagick writes it
# Mode, file name, options of Pillow's; and whether TensorFlow is known to decode the same.
KINDS = [
    ("L", "a.png", {}, True),
    ("RGB", "a.png", {}, True),
    ("LA", "a.png", {}, False),
    ("RGBA", "a.png", {}, False),
    ("L", "a.png", {"transparency": 7}, False),
    ("RGB", "a.png", {"transparency": (1, 2, 3)}, False),
    ("RGB", "a.png", {"exif": TURNED}, False),
    ("RGB", "a.png", {"pnginfo": texts(Software="a camera's")}, True),
    ("RGB", "a.png", {"pnginfo": texts(**{"Raw profile type exif": TURNED_TEXT})}, False),
    ("RGB", "a.jpg", {"exif": TURNED}, False),
    ("1", "a.png", {}, False),
    ("P", "a.png", {}, False),
    ("L", "a.jpg", {}, True),
    ("RGB", "a.jpg", {}, True),
    ("RGB", "a.jpg", {"subsampling": 0, "quality": 30}, True),
    ("RGB", "a.jpg", {"progressive": True}, True),
    ("CMYK", "a.jpg", {}, False),
    ("RGB", "a.webp", {}, False),
    ("P", "a.gif", {}, False),
]


@pytest.mark.parametrize(("mode", "name", "options", "native"), KINDS)
def test_tensorflow_decodes_as_pillow_does(mode, name, options, native, tmp_path: Path):
    tf = pytest.importorskip("tensorflow", reason="the decoder in question is TensorFlow's")
    from vae_keras.data.streams.tensorflow import decoded

    path = write(tmp_path / name, mode=mode, size=(33, 21), **options)
    found = scan(tmp_path, [name])
    assert found.native.tolist() == [native]
    for channels in {found.image_shape[2], 3}:
        files = ImageFiles([path], (21, 33, channels), native=found.native)
        pixels = decoded(tf.constant(str(path)), tf.constant(native), files).numpy()
        np.testing.assert_array_equal(pixels, files[0])


def test_files_of_any_size_are_the_same_however_they_are_read(tmp_path: Path):
    tf = pytest.importorskip("tensorflow", reason="one of the ways is TensorFlow's")
    from vae_keras.data.streams.tensorflow import decoded

    sizes = {"a.png": (7, 5), "b.jpg": (40, 20), "c.png": (12, 30)}
    for name, size in sizes.items():
        write(tmp_path / name, mode="RGB", size=size)
    preparation = Preparation("pad", "blue")
    found = scan(tmp_path, [*sizes], image_size=(5, 7), preparation=preparation)
    assert found.native.tolist() == [True, False, False]  # the first has its size already
    paths = [tmp_path / name for name in sizes]
    files = ImageFiles(paths, found.image_shape, native=found.native, preparation=preparation)
    expected, _ = read_images(paths, image_shape=(5, 7, 3), crop="pad", background="blue")
    np.testing.assert_array_equal(files.take(slice(3))[:], expected)
    for number, path in enumerate(paths):
        pixels = decoded(tf.constant(str(path)), tf.constant(found.native[number]), files)
        np.testing.assert_array_equal(pixels.numpy(), expected[number])


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("name", "mode"), [("z.png", "L"), ("z.jpg", "RGB"), ("z.bmp", "L"), ("z.gif", "P")]
)
@pytest.mark.parametrize("share", [0.0, 0.05, 0.8])
def test_scan_names_a_file_that_was_cut_short(name: str, mode: str, share: float, tmp_path: Path):
    write(tmp_path / "a.png", size=(40, 40))
    cut(write(tmp_path / name, mode=mode, size=(40, 40)), share)
    with pytest.raises(DataError, match=f"{name} (must be an image|cannot be read)"):
        scan(tmp_path, ["a.png", name])


def test_scan_names_another_size_and_unknown_values(tmp_path: Path):
    write(tmp_path / "a.png")
    write(tmp_path / "b.jpg", size=(7, 6))
    with pytest.raises(DataError, match=r"b.jpg must be 5 x 7 pixels .*a.png has.*Received: 6 x 7"):
        scan(tmp_path, ["a.png", "b.jpg"])
    Image.fromarray(np.full((5, 7), 2, np.float32)).save(tmp_path / "c.tif")
    with pytest.raises(DataError, match=r"c.tif must hold floats in 0..1.*from 2 to 2"):
        scan(tmp_path, ["a.png", "c.tif"])


def test_scan_refuses_a_small_file_with_a_huge_image(tmp_path: Path):
    write(tmp_path / "a.png")
    huge = Image.new("1", (12_000, 12_000))
    huge.save(tmp_path / "b.png")
    for names in itertools.permutations(["a.png", "b.png"]):
        with pytest.raises(DataError, match=r"b\.png is too large to be safe"):
            scan(tmp_path, list(names))


def test_a_png_without_an_end_is_taken_where_pillow_takes_it(tmp_path: Path):
    path = write(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:-12])
    found = scan(tmp_path, ["a.png"])
    assert found.native.tolist() == [False]  # TensorFlow's decoder need not take it
    assert ImageFiles([path], found.image_shape)[0].shape == (5, 7, 1)
