"""All malformed files, in an order of their own, each with a kind and a place to be loaded from."""

import os
import shutil
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from malformed import whole
from malformed.data_files import Case, data_files
from malformed.model_files import model_files
from malformed.mutations import MUTATIONS, spliced

LOADERS = {"idx": "idx", "npy": "array", "npz": "array", "keras": "model"}  # others: "folder"
_DAMAGED = 6  # files of each damage and format
_IDX = {
    "t10k-images-idx3-ubyte": lambda: whole.idx(whole.images()[:9]),
    "t10k-labels-idx1-ubyte": lambda: whole.idx(whole.labels()[:9]),
    "train-labels-idx1-ubyte": lambda: whole.idx(whole.labels()),
}
IDX_NAME = "train-images-idx3-ubyte.gz"


@dataclass(frozen=True)
class Malformed:
    """One file.

    Attributes:
        name: Its own, by which a result is found again.
        kind: What is wrong with it.
        ending: What it says it is.
        make: Puts it at a path.
    """

    name: str
    kind: str
    ending: str
    make: Callable[[Path], None]

    @property
    def loader(self) -> str:
        """Name of what has to read it."""
        return LOADERS.get(self.ending, "folder")

    def put(self, folder: Path) -> tuple[Path, Path]:
        """Make the file in an empty folder, among what its loader needs beside it.

        Returns:
            What to load, and the file.
        """
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if self.loader in ("array", "model"):
            path = folder / f"malformed.{self.ending}"
            self.make(path)
            return path, path
        if self.loader == "idx":
            path = folder / IDX_NAME
            for name, content in _IDX.items():
                (folder / name).write_bytes(content())
        else:
            path = folder / f"malformed.{self.ending}"
            for number in range(4):
                (folder / f"{number}.png").write_bytes(whole.picture("PNG"))
        self.make(path)
        return folder, path


def all_cases(model: bytes, canary: Path) -> Iterator[Malformed]:
    """Yield every file; those of the same name are the same ones each time."""
    seen: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what makes them: names twice, numbers cut
        for kind, ending, content in (*data_files(canary), *model_files(model, canary)):
            seen[kind] += 1
            yield Malformed(f"{kind} {seen[kind]}", kind, ending, _writer(content))
    for kind, ending, make in _places():
        seen[kind] += 1
        yield Malformed(f"{kind} {seen[kind]}", kind, ending, make)
    for kind, ending, content in _damaged(model):
        seen[kind] += 1
        yield Malformed(f"{kind} {seen[kind]}", kind, ending, _writer(content))


def _writer(content: bytes | Callable[[], bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content if isinstance(content, bytes) else content())

    return write


def _damaged(model: bytes) -> Iterator[Case]:
    """Yield whole files with every damage."""
    wholes: list[tuple[str, bytes]] = [
        ("idx", whole.idx_gz()),
        ("idx", whole.idx(whole.images())),
        ("npy", whole.npy()),
        ("npz", whole.npz()),
        ("npz", whole.npz(compressed=False)),
    ]
    kinds = {"png": "PNG", "jpg": "JPEG", "gif": "GIF", "bmp": "BMP", "tif": "TIFF", "webp": "WEBP"}
    wholes += [(ending, whole.picture(kind)) for ending, kind in kinds.items()]
    models = [("keras", model)] * 3  # the archive, its settings, its weights
    parts = whole.members(model)
    random = np.random.default_rng(0)
    for name, mutation in MUTATIONS.items():
        for ending, content in wholes:
            for _ in range(_DAMAGED // (2 if ending in kinds else 1)):
                yield f"data: {name}", ending, mutation(content, random)
        for place, (ending, content) in enumerate(models):
            for _ in range(_DAMAGED):
                if place == 0:
                    changed = mutation(content, random)
                else:
                    member = ("config.json", "model.weights.h5")[place - 1]
                    changed = whole.zipped({**parts, member: mutation(parts[member], random)})
                where = ("archive", "settings", "weights")[place]
                yield f"keras, {where}: {name}", ending, changed
    for ending, first in (*wholes, *models[:1]):
        for _, second in (*wholes, *models[:1]):
            if first is not second:
                kind = "keras: splice" if ending == "keras" else "data: splice"
                yield kind, ending, spliced(first, second, random)


def _places() -> Iterator[tuple[str, str, Callable[[Path], None]]]:
    """Yield what is no file, or no small one, under a file's name."""

    def sparse(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(1 << 40)

    def sparse_with_start(path: Path) -> None:
        starts = {".npy": whole.npy(), ".npz": whole.npz(), ".png": whole.picture("PNG")}
        path.write_bytes(starts.get(path.suffix, whole.idx_gz()))
        os.truncate(path, 1 << 40)

    makers: dict[str, Callable[[Path], None]] = {
        "no file: pipe": os.mkfifo,
        "no file: folder": lambda path: path.mkdir(),
        "no file: link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
        "no file: link to /dev/stdin": lambda path: path.symlink_to("/dev/stdin"),
        "no file: link to itself": lambda path: path.symlink_to(path),
        "no file: link to nothing": lambda path: path.symlink_to(path.with_name("gone")),
        "hole of 1 TiB": sparse,
        "hole of 1 TiB after a whole file": sparse_with_start,
    }
    for kind, make in makers.items():
        for ending in ("idx", "npy", "npz", "png", "webp", "keras"):
            yield kind, ending, make
