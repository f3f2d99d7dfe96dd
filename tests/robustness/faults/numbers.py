"""What must be equal, bit for bit, between a run that was interrupted and one that was not."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

MODELS = ("model.keras", "encoder.keras", "decoder.keras")
# Time and memory are no results; the last is an address, by which Keras tells objects apart.
_NOT_COMPARED = ("seconds", "peak_memory_mib", "shared_object_id")


def differences(reference: str | Path, run: str | Path) -> list[str]:
    """Return a line for each number of a run that is not that of the reference.

    Weights, optimizer, step, KL weight and seed state of the three model files, their
    configuration, the history but for its seconds, the metrics but for seconds and memory, every
    array of the evaluation and the settings.

    Args:
        reference: The run directory of a run that nothing interrupted.
        run: The other one.
    """
    reference, run = Path(reference), Path(run)
    found = []
    for name in (*MODELS, "history.csv", "metrics.json", "evaluation.npz", "config.json"):
        wanted, got = reference / name, run / name
        try:
            lines = _differences_of(wanted, got)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            lines = [f"cannot be read: {error}"]
        found += [f"{name}: {line}" for line in lines]
    return found


def left_behind(reference: str | Path, run: str | Path) -> list[str]:
    """Return the files of a run that the reference has not, and with a minus those it lacks.

    TensorBoard's are left out: each process writes its own.
    """
    wanted, got = (
        {
            file.relative_to(folder).as_posix()
            for file in Path(folder).rglob("*")
            if file.is_file() and file.relative_to(folder).parts[0] != "tensorboard"
        }
        for folder in (reference, run)
    )
    return [*sorted(got - wanted), *(f"-{name}" for name in sorted(wanted - got))]


def _differences_of(wanted: Path, got: Path) -> list[str]:
    if wanted.suffix == ".keras":
        return _of_models(wanted, got)
    if wanted.suffix == ".npz":
        with np.load(wanted, allow_pickle=False) as one, np.load(got, allow_pickle=False) as other:
            return _of_arrays(
                {name: one[name] for name in one}, {name: other[name] for name in other}
            )
    if wanted.suffix == ".csv":
        return _of_values(_rows(wanted), _rows(got))
    return _of_values(*(json.loads(path.read_text(encoding="utf-8")) for path in (wanted, got)))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _of_models(wanted: Path, got: Path) -> list[str]:
    (config, arrays), (other_config, other_arrays) = (_model(path) for path in (wanted, got))
    return _of_values(config, other_config) + _of_arrays(arrays, other_arrays)


def _model(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    import h5py

    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        weights = io.BytesIO(archive.read("model.weights.h5"))
    arrays: dict[str, np.ndarray] = {}
    with h5py.File(weights) as file:
        file.visititems(
            lambda name, item: (
                arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return config, arrays


def _of_arrays(wanted: dict[str, Any], got: dict[str, Any]) -> list[str]:
    lines = [f"{name} is missing" for name in sorted(wanted.keys() - got.keys())]
    lines += [f"{name} is new" for name in sorted(got.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & got.keys()):
        one, other = (np.asarray(arrays[name]) for arrays in (wanted, got))
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            lines.append(f"{name}: {one.dtype} {one.shape} and {other.dtype} {other.shape}")
        elif one.tobytes() != other.tobytes():
            lines.append(f"{name}: {_how_different(one, other)}")
    return lines


def _how_different(one: np.ndarray, other: np.ndarray) -> str:
    unequal = one != other
    text = f"{np.count_nonzero(unequal)} of {one.size} values differ"
    if one.dtype.kind not in "fiu":
        return text
    gap = np.abs(one.astype("float64") - other.astype("float64"))
    return f"{text}, by {np.nanmax(gap):.3g} at most"


def _of_values(wanted: Any, got: Any, name: str = "") -> list[str]:
    if isinstance(wanted, dict) and isinstance(got, dict):
        keys = [key for key in {**wanted, **got} if key not in _NOT_COMPARED]
        return [
            line
            for key in keys
            for line in _of_values(
                wanted.get(key, "nothing"), got.get(key, "nothing"), f"{name}.{key}".lstrip(".")
            )
        ]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = enumerate(zip(wanted, got, strict=True))
        return [line for number, pair in pairs for line in _of_values(*pair, f"{name}[{number}]")]
    # As text: NaN equals itself, 1 is not 1.0, and no digit is rounded away.
    if repr(wanted) == repr(got):
        return []
    return [f"{name}: {repr(wanted)[:60]} and {repr(got)[:60]}"]
