"""Hostile HDF5 files of weights, made by hand: links, storage elsewhere, absurd shapes."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np


def weights_files(original: bytes, canary: Path) -> Iterator[tuple[str, bytes]]:
    """Yield kind and content of every hand-made file of weights.

    Args:
        original: A whole one.
        canary: A folder that nothing may touch.
    """
    import h5py

    def edited(change: Callable[[Any], object]) -> bytes:
        file = io.BytesIO(original)
        with h5py.File(file, "r+") as h5:
            change(h5)
        return file.getvalue()

    with h5py.File(io.BytesIO(original)) as h5:
        names: list[str] = []
        h5.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
        groups = [""]
        h5.visit(lambda name: groups.append(name) if name not in names else None)

    def replaced(name: str, make: Callable[[Any], object]) -> bytes:
        def change(h5: Any) -> None:
            shape, kind = h5[name].shape, h5[name].dtype
            del h5[name]
            make((h5, name, shape, kind))

        return edited(change)

    secret = str(canary / "secret.h5")
    for name in names[:: max(1, len(names) // 12)]:

        def external(to: Any) -> None:
            to[0][to[1]] = h5py.ExternalLink(secret, "values")

        def soft(to: Any) -> None:
            to[0][to[1]] = h5py.SoftLink(f"/{to[1]}")

        def storage(to: Any) -> None:
            size = max(1, int(np.prod(to[2]))) * to[3].itemsize
            where = [(str(canary / "secret.txt"), 0, size)]
            to[0].create_dataset(to[1], to[2], to[3], external=where)

        def virtual(to: Any) -> None:
            layout = h5py.VirtualLayout(to[2], to[3])
            if to[2]:
                layout[...] = h5py.VirtualSource(secret, "values", to[2])
            to[0].create_virtual_dataset(to[1], layout)

        def absurd(to: Any) -> None:
            to[0].create_dataset(to[1], (10**6, 10**6), "f4", chunks=(1000, 1000))

        def bomb(to: Any) -> None:
            shape = (16, 1 << 24)
            made = to[0].create_dataset(to[1], shape, "u1", chunks=(1, 1 << 24), compression=9)
            made[...] = 0

        def objects(to: Any) -> None:
            to[0].create_dataset(to[1], (3,), h5py.string_dtype())[...] = "text"

        def not_finite(to: Any) -> None:
            to[0].create_dataset(to[1], data=np.full(to[2], np.nan, to[3]))

        def other_shape(to: Any) -> None:
            to[0].create_dataset(to[1], data=np.zeros((3, 5, 7)))

        def group(to: Any) -> None:
            to[0].create_group(to[1])

        yield "weights: links to other files", replaced(name, external)
        yield "weights: links that go round", replaced(name, soft)
        yield "weights: storage in other files", replaced(name, storage)
        yield "weights: storage in other files", replaced(name, virtual)
        yield "weights: absurd shape", replaced(name, absurd)
        yield "weights: other types", replaced(name, objects)
        yield "weights: not finite", replaced(name, not_finite)
        yield "weights: other shape", replaced(name, other_shape)
        yield "weights: other types", replaced(name, group)
        yield "weights: missing", replaced(name, lambda to: None)
        if name == names[0]:
            yield "weights: bomb", replaced(name, bomb)
    for name in groups[1:][:: max(1, len(groups) // 8)]:

        def linked(h5: Any, name: str = name) -> None:
            del h5[name]
            h5[name] = h5py.ExternalLink(secret, "/")

        def round_about(h5: Any, name: str = name) -> None:
            h5[f"{name}/again"] = h5py.SoftLink("/")
            h5[f"{name}/hard"] = h5["/"]

        yield "weights: links to other files", edited(linked)
        yield "weights: links that go round", edited(round_about)
    file = io.BytesIO()
    with h5py.File(file, "w", libver="latest") as h5:
        for n in range(20_000):
            h5.create_group(f"g{n}")
    yield "weights: many groups", file.getvalue()
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        h5.create_group("/".join("d" * 3000))
    yield "weights: absurd depth", file.getvalue()
