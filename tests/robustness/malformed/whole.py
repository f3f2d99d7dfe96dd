"""Whole files, small ones, that the malformed ones are made from."""

import gzip
import io
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np

COUNT = 24  # images of a file
_MODEL = """
import sys, numpy as np, vae_keras
settings = {"architecture": "mlp", "encoder_units": (8,), "model": sys.argv[2]}
vae = vae_keras.build_model(vae_keras.Config(**settings), (8, 8, 1), num_classes=3)
labels = np.arange(8) % 3 if sys.argv[2] == "conditional" else None
vae.fit(np.zeros((8, 8, 8, 1), "uint8"), labels, verbose=0)
vae.save(sys.argv[1])
"""


def images() -> np.ndarray:
    """Return `COUNT` images of 8 x 8 pixels, uint8."""
    return np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8)).astype(np.uint8)


def labels() -> np.ndarray:
    """Return their classes, 0 to 2."""
    return np.arange(COUNT, dtype=np.uint8) % 3


def idx(array: np.ndarray) -> bytes:
    """Return an IDX file."""
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + bytes(array)
    )


def idx_gz() -> bytes:
    """Return an IDX file of images, compressed."""
    return gzip.compress(idx(images()), 6, mtime=0)


def npy(array: np.ndarray | None = None) -> bytes:
    """Return a `.npy` file of images."""
    file = io.BytesIO()
    np.save(file, images() if array is None else array)
    return file.getvalue()


def npz(*, compressed: bool = True, **arrays: np.ndarray) -> bytes:
    """Return an `.npz` file, of images and labels where no arrays are given."""
    file = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(file, allow_pickle=True, **(arrays or {"x": images(), "y": labels()}))
    return file.getvalue()


def picture(kind: str, *, colour: bool = True, size: int = 24) -> bytes:
    """Return an image file of a format that Pillow knows by this name."""
    from PIL import Image

    shape = (size, size, 3) if colour else (size, size)
    noise = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, kind)
    return file.getvalue()


def model(folder: Path, kind: str = "vae") -> bytes:
    """Return a `.keras` file; it is made once, in another process, and kept in `folder`."""
    path = folder / f"whole_{kind}.keras"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_stem(f"making_{kind}")
        line = [sys.executable, "-c", _MODEL, str(beside), kind]
        subprocess.run(line, check=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
        beside.replace(path)
    return path.read_bytes()


def members(archive: bytes) -> dict[str, bytes]:
    """Return what a zip archive holds."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(
    contents: dict[str, bytes] | list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED
) -> bytes:
    """Return a zip archive; of pairs, names may come twice."""
    pairs = contents.items() if isinstance(contents, dict) else contents
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in pairs:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()
