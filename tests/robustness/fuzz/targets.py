"""What the fuzzers call: each loader on a file of any bytes, and what it may do with it."""

import contextlib
import os
import resource
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from malformed import whole

ROOT = Path(__file__).parents[3]

MOST_SECONDS, MOST_MIB = 2.0, 1024
MODEL = ROOT / "tests/fixtures/models/format_0/autoencoder.keras"  # a small one


class Finding(Exception):
    """A file that a loader took too long for, or too much memory."""


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Let the package's own error pass; raise `Finding` where a limit was not kept.

    Seconds are those of the processor, by this thread and those it started.
    """
    from vae_keras.errors import VAEKerasError

    before, start = _peak_mib(), time.process_time()
    with contextlib.suppress(VAEKerasError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras and Pillow have much to say on damaged files
        yield
    seconds, mib = time.process_time() - start, _peak_mib() - before
    if seconds > MOST_SECONDS or mib > MOST_MIB:
        raise Finding(f"{seconds:.1f} s, {mib:.0f} MiB")


def idx(data: bytes) -> None:
    """Give bytes to the reader of IDX."""
    from vae_keras.data.readers.idx import read_idx

    with _file(data, "idx") as path, bounded():
        read_idx(path, 3)


def arrays(data: bytes) -> None:
    """Give bytes to the reader of `.npy` and `.npz`."""
    from vae_keras.data.readers.array import read_array_file

    ending = "npz" if data.startswith(b"PK") else "npy"
    with _file(data, f"array.{ending}") as path, bounded():
        read_array_file(path)


def images(data: bytes) -> None:
    """Give bytes to the readers of image files, in memory and as needed."""
    from vae_keras.data.readers.folder import read_folder

    with _file(data, "image.png") as path:
        with bounded():
            read_folder(path.parent, stream=False)
        with bounded():
            read_folder(path.parent, stream=True).train.in_memory()


def model(data: bytes) -> None:
    """Give bytes to the loader of models.

    The archive's checksums would stop almost all damage there: bytes that are no archive stand for
    the settings or the weights within a whole one, as the first of them says.
    """
    import vae_keras

    if not data.startswith(b"PK") and data:
        member = "config.json" if data[0] in b"{[" else "model.weights.h5"
        data = whole.zipped({**whole.members(MODEL.read_bytes()), member: data})
    with _file(data, "model.keras") as path, bounded():
        vae_keras.load(path)


def seeds(target: str) -> list[bytes]:
    """Return whole files that a target reads, to begin with."""
    if target == "idx":
        return [whole.idx_gz(), whole.idx(whole.images())]
    if target == "arrays":
        return [whole.npy(), whole.npz(), whole.npz(compressed=False)]
    if target == "images":
        kinds = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
        return [whole.picture(kind, size=8) for kind in kinds]
    parts = whole.members(MODEL.read_bytes())
    return [MODEL.read_bytes(), parts["config.json"], parts["model.weights.h5"]]


TARGETS: dict[str, Callable[[bytes], None]] = {
    "idx": idx,
    "arrays": arrays,
    "images": images,
    "model": model,
}


@contextlib.contextmanager
def _file(data: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=_folder()) as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        yield path


def _folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
