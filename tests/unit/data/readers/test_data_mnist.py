import shutil
from pathlib import Path

import numpy as np
import pytest

from vae_keras.data import load_dataset
from vae_keras.data.readers import checksum, download, mnist
from vae_keras.errors import DataError


@pytest.fixture
def arrays(monkeypatch) -> dict[str, np.ndarray]:
    """A small set, which counts as the published one."""
    generator = np.random.default_rng(0)
    arrays = {
        "x_train": generator.integers(0, 256, (30, 4, 3)).astype(np.uint8),
        "y_train": generator.integers(0, 10, 30).astype(np.uint8),
        "x_test": generator.integers(0, 256, (7, 4, 3)).astype(np.uint8),
        "y_test": generator.integers(0, 10, 7).astype(np.uint8),
    }
    sums = {key: checksum.sha256(array) for key, array in arrays.items()}
    monkeypatch.setattr(mnist, "CHECKSUMS", sums)
    return arrays


def test_cache(cache: Path, arrays):
    cache.mkdir(parents=True)
    np.savez_compressed(cache / "mnist.npz", **arrays)
    data = load_dataset("mnist")
    np.testing.assert_array_equal(data.test.images[..., 0], arrays["x_test"])
    assert data.class_names == tuple("0123456789")
    assert data.source == f"Keras cache ({cache / 'mnist.npz'})"


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_one_changed_value_in_the_cache(cache: Path, arrays, key: str):
    cache.mkdir(parents=True)
    changed = dict(arrays)
    changed[key] = arrays[key].copy()
    changed[key].flat[0] ^= 1
    np.savez(cache / "mnist.npz", **changed)
    with pytest.raises(
        DataError, match=r"mnist\.npz is damaged.*Delete the file.*Received: [0-9a-f]"
    ):
        load_dataset("mnist")


def test_cached_file_without_a_test_set(cache: Path, arrays):
    cache.mkdir(parents=True)
    np.savez(cache / "mnist.npz", x_train=arrays["x_train"], y_train=arrays["y_train"])
    with pytest.raises(DataError, match=r"must be MNIST.*Received: no x_test"):
        load_dataset("mnist")


def test_cut_short_in_the_cache(cache: Path, arrays):
    cache.mkdir(parents=True)
    np.savez(cache / "mnist.npz", **arrays)
    content = (cache / "mnist.npz").read_bytes()
    (cache / "mnist.npz").write_bytes(content[:-200])
    with pytest.raises(DataError, match=r"^Delete the file .*mnist\.npz is damaged or cut short"):
        load_dataset("mnist")


def test_download(cache: Path, tmp_path: Path, arrays, monkeypatch):
    np.savez(tmp_path / "served.npz", **arrays)

    def fetch(url, target, verify):
        assert url.endswith("/mnist.npz")
        target.parent.mkdir(parents=True)
        shutil.copy(tmp_path / "served.npz", target)
        verify(target)

    monkeypatch.setattr(download, "download", fetch)
    assert load_dataset("mnist").source.startswith("download into the Keras cache (")
    assert load_dataset("mnist").source.startswith("Keras cache (")


def test_not_to_be_had_is_an_error_that_says_how(cache: Path):
    with pytest.raises(
        DataError, match=r"not found.*no network in tests.*https://.*`--data FOLDER`"
    ):
        load_dataset("mnist")


def test_users_file_and_folder(tmp_path: Path, arrays):
    np.savez(tmp_path / "mnist.npz", **arrays)
    for path in (tmp_path, tmp_path / "mnist.npz"):
        data = load_dataset("mnist", path)
        assert data.name == "mnist"
        assert data.source == f"file {tmp_path / 'mnist.npz'}"
        assert len(data.test) == 7


def test_users_idx_files(tmp_path: Path, write_idx):
    data = load_dataset("mnist", write_idx(tmp_path, 1))
    assert data.source == f"folder {tmp_path}"
    assert data.class_names == tuple("0123456789")


def test_users_folder_without_mnist(cache: Path, tmp_path: Path, arrays):
    cache.mkdir(parents=True)
    np.savez(cache / "mnist.npz", **arrays)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty must be mnist.npz, or a folder with it"):
        load_dataset("mnist", tmp_path / "empty")
