import io
import json
import zipfile
from pathlib import Path

import h5py
import keras
import ml_dtypes
import numpy as np
import pytest

import vae_keras
from vae_keras.architectures import mlp
from vae_keras.likelihoods import SquaredError
from vae_keras.saving import hdf5
from vae_keras.saving.archive import private_copy, read_members
from vae_keras.saving.hdf5 import read_weights
from vae_keras.saving.refused import Refused

FILES = sorted((Path(__file__).parents[2] / "fixtures" / "models").glob("format_*/*.keras"))


def made(build):
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        build(file)
    return content.getvalue()


def by_the_library(content):
    """What h5py reads: arrays by path, and the paths of all groups."""
    arrays, groups = {}, []

    def visit(path, item):
        if isinstance(item, h5py.Dataset):
            arrays[path] = item[()]
        else:
            groups.append(path)

    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(visit)
    return arrays, groups


def assert_read_as_by_the_library(content):
    weights = read_weights(content)
    arrays, groups = by_the_library(content)
    assert sorted(weights.groups) == sorted(groups)
    assert sorted(weights.arrays) == sorted(arrays)
    for path, array in arrays.items():
        assert weights.arrays[path].dtype.str[1:] == array.dtype.str[1:]  # a number is native
        np.testing.assert_array_equal(weights.arrays[path], array)
    assert weights.values == sum(array.size for array in arrays.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_reads_what_the_library_reads_of_a_model(path):
    with zipfile.ZipFile(path) as archive:
        assert_read_as_by_the_library(archive.read("model.weights.h5"))


TYPES = ["f2", "f4", "f8", ">f4", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i8", "?"]


@pytest.mark.parametrize("dtype", TYPES)
def test_reads_what_the_library_reads_of_every_type(dtype):
    generator = np.random.default_rng(0)

    def build(file):
        for number, shape in enumerate([(), (0,), (1,), (2, 3), (3, 1, 2, 2), (4, 0)]):
            file[f"a/vars/{number}"] = generator.integers(0, 2, shape).astype(dtype)

    assert_read_as_by_the_library(made(build))


@pytest.mark.parametrize("count", [0, 1, 8, 9, 100, 2_000])
def test_reads_groups_of_any_size(count):
    def build(file):
        for number in range(count):
            file[f"a/{number}"] = np.float32(number)

    assert_read_as_by_the_library(made(build))


def test_reads_groups_with_many_notes():
    def build(file):
        group = file.create_group("a")
        for number in range(200):
            group.attrs[f"note {number}"] = "x" * 200
        group["vars/0"] = np.arange(3.0)

    assert_read_as_by_the_library(made(build))


def test_bfloat16_as_keras_writes_it():
    values = np.arange(4.0).astype(ml_dtypes.bfloat16).reshape(2, 2)
    content = made(lambda file: file.create_dataset("0", data=values))
    found = read_weights(content).arrays["0"]
    np.testing.assert_array_equal(found.view(ml_dtypes.bfloat16), values)


@pytest.mark.backend
def test_a_model_in_bfloat16_comes_back(tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    try:
        likelihood = SquaredError()
        parts = mlp((4, 4, 1), 2, likelihood, encoder_units=(4,))
        model = vae_keras.VAE(*parts, likelihood, seed=0)
    finally:
        keras.config.set_dtype_policy("float32")
    model.save(tmp_path / "model.keras")
    loaded = vae_keras.load(tmp_path / "model.keras")
    assert {keras.backend.standardize_dtype(w.dtype) for w in loaded.encoder.weights} >= {
        "bfloat16"
    }
    for weight, expected in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(weight).astype("float32"),
            keras.ops.convert_to_numpy(expected).astype("float32"),
        )


def compound(file):
    file["0"] = np.zeros(3, [("a", "f4"), ("b", "f4")])


def strings(file):
    file["0"] = ["a", "b"]


def ragged(file):
    array = file.create_dataset("0", (2,), h5py.vlen_dtype("int32"))
    array[0] = [1, 2, 3]


def references(file):
    file["a"] = 1.0
    file.create_dataset("0", data=[file["a"].ref], dtype=h5py.ref_dtype)


def subarrays(file):
    file.create_dataset("0", (2,), np.dtype(("f4", (3,))))


def complex_numbers(file):
    file["0"] = np.zeros(3, "complex64")


@pytest.mark.parametrize(
    "build", [compound, strings, ragged, references, subarrays, complex_numbers]
)
def test_other_things_than_numbers(build):
    with pytest.raises(Refused, match="not of numbers"):
        read_weights(made(build))


@pytest.mark.parametrize(
    "options",
    [{"chunks": (2, 2)}, {"compression": "gzip"}, {"shuffle": True}, {"maxshape": (None, 4)}],
)
def test_in_pieces(options):
    with pytest.raises(Refused, match=r"in pieces|compressed"):
        read_weights(made(lambda file: file.create_dataset("0", data=np.ones((4, 4)), **options)))


def test_a_shape_without_values():
    with pytest.raises(Refused, match="not all of it"):
        read_weights(made(lambda file: file.create_dataset("0", (1 << 20, 1 << 20), "float32")))


def test_no_shape():
    with pytest.raises(Refused, match="without a shape"):
        read_weights(made(lambda file: file.create_dataset("0", data=h5py.Empty("f"))))


def test_a_named_type():
    def build(file):
        file["0"] = np.dtype("float32")

    with pytest.raises(Refused, match="neither group nor array"):
        read_weights(made(build))


@pytest.mark.parametrize("target", ["a", "/"])
def test_a_group_within_itself(target):
    def build(file):
        file["a/0"] = np.zeros(3)
        file["a/again"] = file[target]

    with pytest.raises(Refused, match="there twice"):
        read_weights(made(build))


def test_groups_too_deep():
    with pytest.raises(Refused, match="more than 64 deep"):
        read_weights(made(lambda file: file.create_group("/".join("a" * 100))))


def test_too_many_groups(monkeypatch):
    monkeypatch.setattr(hdf5, "_MAX_OBJECTS", 10)
    with pytest.raises(Refused, match="more than 10 groups and arrays"):
        read_weights(made(lambda file: [file.create_group(str(n)) for n in range(21)]))


@pytest.mark.parametrize("version", ["latest", "v108", "v110"])
def test_a_newer_format_of_hdf5(version):
    content = io.BytesIO()
    with h5py.File(content, "w", libver=(version, "latest")) as file:
        file["0"] = np.zeros(3)
    with pytest.raises(Refused, match="a format that Keras does not write"):
        read_weights(content.getvalue())


def test_arrays_that_share_their_bytes():
    """Two headers that point to the same values: more numbers than the file has bytes for."""
    size = 100_000
    content = made(
        lambda file: [file.create_dataset(str(n), data=np.full(size, n, "u1")) for n in (1, 2)]
    )
    first, second = (content.index(bytes([n]) * size) for n in (1, 2))
    shared = content.replace(second.to_bytes(8, "little"), first.to_bytes(8, "little"))
    shared = shared[:second] + shared[second + size :]
    assert shared != content
    with pytest.raises(Refused, match=r"arrays of more bytes than the file|damaged"):
        read_weights(shared)


@pytest.mark.parametrize("content", [b"", b"x" * 1000, b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a"])
def test_no_hdf5(content):
    with pytest.raises(Refused, match=r"no HDF5 file|damaged"):
        read_weights(content)


def test_damaged_anywhere(good):
    """Bytes that were changed at random: counted or refused, and nothing else."""
    content, generator = good["model.weights.h5"], np.random.default_rng(0)
    refusals = 0
    for _ in range(200):
        damaged = bytearray(content)
        for position in generator.integers(0, len(content), 20):
            damaged[position] = generator.integers(256)
        try:
            read_weights(bytes(damaged))
        except Refused:
            refusals += 1
    assert 50 < refusals < 200


def test_the_library_would_not_survive_it_and_does_not_see_it(write, refused, monkeypatch, good):
    """Nothing that was not read and written anew is handed to HDF5."""

    def unreached(*args, **kwargs):
        raise AssertionError("the file reached HDF5")

    monkeypatch.setattr(h5py, "File", unreached)
    content = bytearray(good["model.weights.h5"])
    content[content.index(b"SNOD") + 4] = 9
    assert "a group that is damaged" in refused(write(weights=bytes(content)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_keras_gets_holds_the_same(path):
    members = read_members(path)
    weights = read_weights(members.weights)
    with private_copy(members, weights) as copy, zipfile.ZipFile(copy) as archive:
        again = archive.read("model.weights.h5")
        assert json.loads(archive.read("config.json")) == members.config
    assert_read_as_by_the_library(again)
    anew = read_weights(again)
    assert sorted(anew.groups) == sorted(weights.groups)
    for name, array in weights.arrays.items():
        np.testing.assert_array_equal(anew.arrays[name], array)
        assert anew.arrays[name].dtype == array.dtype
    assert not Path(copy).exists()
