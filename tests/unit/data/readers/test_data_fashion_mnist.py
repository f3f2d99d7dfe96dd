import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from vae_keras.data import load_dataset
from vae_keras.data.readers import download, fashion_mnist
from vae_keras.data.readers.idx import IDX_FILES
from vae_keras.errors import DataError

IMAGES = "train-images-idx3-ubyte.gz"


def assert_is_seed(data, arrays):
    np.testing.assert_array_equal(data.test.images[..., 0], arrays["t10k-images-idx3-ubyte.gz"])


def test_cache_comes_first(cache: Path, write_idx, published):
    write_idx(cache / "fashion-mnist", 0)
    write_idx(fashion_mnist.SYSTEM_FOLDER, 1)  # would fail the checksum
    data = load_dataset()
    assert_is_seed(data, published)
    assert data.source == f"Keras cache ({cache / 'fashion-mnist'})"
    assert data.notice is None
    assert data.class_names is not None
    assert data.class_names[9] == "Ankle boot"


def test_system_package_comes_second(cache: Path, write_idx, published):
    write_idx(fashion_mnist.SYSTEM_FOLDER, 0)
    data = load_dataset()
    assert_is_seed(data, published)
    assert data.source.startswith("system package (")


def test_incomplete_cache_is_passed_over(cache: Path, write_idx, published):
    (write_idx(cache / "fashion-mnist", 0) / IMAGES).unlink()
    write_idx(fashion_mnist.SYSTEM_FOLDER, 0)
    assert load_dataset().source.startswith("system package (")


def test_download_comes_third(cache: Path, tmp_path: Path, write_idx, published, monkeypatch):
    server = write_idx(tmp_path / "server", 0)
    present = cache / "fashion-mnist" / IDX_FILES[1]
    present.parent.mkdir(parents=True)
    shutil.copy(server / IDX_FILES[1], present)
    asked = []

    def fetch(url, target, verify):
        asked.append(url)
        shutil.copy(server / target.name, target)
        verify(target)

    monkeypatch.setattr(download, "download", fetch)
    data = load_dataset()
    assert_is_seed(data, published)
    assert data.source == f"download into the Keras cache ({cache / 'fashion-mnist'})"
    assert asked == [fashion_mnist.URL + name for name in IDX_FILES if name != IDX_FILES[1]]
    assert load_dataset().source.startswith("Keras cache (")


def test_first_failed_download_ends_it(monkeypatch):
    asked = []

    def fail(url):
        asked.append(url)
        raise OSError("unplugged")

    monkeypatch.setattr(download, "_open", fail)
    data = load_dataset()
    assert len(asked) == 1
    assert data.notice is not None
    assert "unplugged" in data.notice


def test_bundled_part_comes_last_and_says_so(monkeypatch):
    monkeypatch.setenv("VAE_KERAS_OFFLINE", "1")
    data = load_dataset()
    assert data.notice is not None
    for text in ("10,000", "2,000", "apt install dataset-fashion-mnist", "--data", "OFFLINE"):
        assert text in data.notice
    assert "\n" not in data.notice
    assert (len(data.train), len(data.validation), len(data.test)) == (9000, 1000, 2000)
    assert data.image_shape == (28, 28, 1)
    assert data.train.images.dtype == np.uint8
    assert data.source == "bundled part (fashion_mnist_part.npz)"
    whole = load_dataset(validation_size=0)
    assert whole.train.labels is not None
    assert whole.train.labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert whole.test.labels is not None
    assert whole.test.labels[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]
    assert int(whole.train.images[0].sum()) == 76247
    assert whole.checksum == data.checksum


def test_damaged_bundled_part(monkeypatch):
    monkeypatch.setattr(fashion_mnist, "BUNDLED_SHA256", "0" * 64)
    with pytest.raises(DataError, match="Reinstall vae-keras"):
        load_dataset()


@pytest.mark.parametrize(
    ("place", "advice"), [("cache", "Delete the file"), ("system", "Reinstall the package")]
)
def test_other_content_in_a_known_place(
    cache: Path, write_idx, idx_bytes, published, place: str, advice: str
):
    folder = cache / "fashion-mnist" if place == "cache" else fashion_mnist.SYSTEM_FOLDER
    write_idx(folder, 0)
    changed = published[IMAGES].copy()
    changed[3, 2, 1] ^= 1
    (folder / IMAGES).write_bytes(gzip.compress(idx_bytes(changed), 1))
    expected = fashion_mnist.CHECKSUMS[IMAGES]
    with pytest.raises(DataError, match=f"{IMAGES}.*{advice}.*{expected}.*Received: [0-9a-f]+$"):
        load_dataset()


def test_truncated_file_in_the_cache(cache: Path, write_idx, published):
    path = write_idx(cache / "fashion-mnist", 0) / IMAGES
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=f"{IMAGES} is damaged or cut short: delete it"):
        load_dataset()


def test_same_content_in_another_gzip_is_the_published_set(
    cache: Path, write_idx, idx_bytes, published
):
    path = write_idx(cache / "fashion-mnist", 0) / IMAGES
    path.write_bytes(gzip.compress(idx_bytes(published[IMAGES]), 9, mtime=12345))
    assert_is_seed(load_dataset(), published)


def test_users_folder_comes_before_all_and_may_hold_other_images(
    cache: Path, tmp_path: Path, write_idx, published
):
    write_idx(cache / "fashion-mnist", 0)
    mine = write_idx(tmp_path / "mine", 1)
    data = load_dataset("fashion_mnist", mine)
    assert data.source == f"folder {mine}"
    assert data.class_names == fashion_mnist.CLASS_NAMES
    assert not np.array_equal(data.test.images[..., 0], published["t10k-images-idx3-ubyte.gz"])


def test_error_in_the_users_folder_is_not_papered_over(
    cache: Path, tmp_path: Path, write_idx, published
):
    write_idx(cache / "fashion-mnist", 0)
    mine = write_idx(tmp_path / "mine", 1)
    (mine / IMAGES).write_bytes(b"")
    with pytest.raises(DataError, match=f"mine/{IMAGES}"):
        load_dataset("fashion_mnist", mine)


def test_more_labels_than_names_means_no_names(tmp_path: Path, write_idx, idx_bytes):
    mine = write_idx(tmp_path / "mine", 1)
    letters = np.full(12, 25, np.uint8)
    (mine / "t10k-labels-idx1-ubyte.gz").write_bytes(idx_bytes(letters))
    assert load_dataset(path=mine).class_names is None
