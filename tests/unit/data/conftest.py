"""Small stand-ins for the published data sets, in folders of the test's own."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vae_keras.data.readers import checksum, download, fashion_mnist
from vae_keras.data.readers.idx import IDX_FILES

TRAIN, TEST = 40, 12
WriteIdx = Callable[[Path, int], Path]


def _idx_bytes(array: np.ndarray) -> bytes:
    """Encode a uint8 array as IDX, by the format's definition."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def idx_arrays(seed: int) -> dict[str, np.ndarray]:
    """Return what the four files hold: random images, 6 x 5."""
    generator = np.random.default_rng(seed)
    return {
        name: generator.integers(
            0,
            256 if "images" in name else 10,
            (TRAIN if name.startswith("train") else TEST, 6, 5)[: 3 if "images" in name else 1],
        ).astype(np.uint8)
        for name in IDX_FILES
    }


@pytest.fixture
def idx_bytes() -> Callable[[np.ndarray], bytes]:
    """Return the encoder of one IDX file."""
    return _idx_bytes


@pytest.fixture
def write_idx() -> WriteIdx:
    """Return a function that writes the four files for a seed into a folder."""

    def write(folder: Path, seed: int) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in idx_arrays(seed).items():
            (folder / name).write_bytes(gzip.compress(_idx_bytes(array), 1))
        return folder

    return write


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Make the files of seed 0 the published ones."""
    arrays = idx_arrays(0)
    sums = {name: checksum.sha256(array) for name, array in arrays.items()}
    monkeypatch.setattr(fashion_mnist, "CHECKSUMS", sums)
    return arrays


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras cache, no system package, no network."""

    def no_network(url: str) -> None:
        raise OSError("no network in tests")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("VAE_KERAS_OFFLINE", raising=False)
    monkeypatch.setattr(fashion_mnist, "SYSTEM_FOLDER", tmp_path / "system")
    monkeypatch.setattr(download, "_open", no_network)
    return tmp_path / "keras" / "datasets"
