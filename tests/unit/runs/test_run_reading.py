"""Files of a run directory that somebody sent: read, or refused with the package's own error."""

import io
import zipfile

import numpy as np
import pytest

from vae_keras.config.config import Config, read_config
from vae_keras.errors import ArgumentError, RunDirectoryError
from vae_keras.runs.directory import RunDirectory
from vae_keras.runs.reading import read_arrays, read_environment, read_history, read_metrics

DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def run(tmp_path):
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir()
    return run


def test_what_was_written_is_read(run):
    run.write_config(Config())
    run.write_metrics({"test": {"elbo": 1.0}})
    run.history.write_text("epoch,loss\n1,2.5\n2,1.5\n")
    run.write_arrays({"z_mean": np.arange(6.0).reshape(3, 2), "labels": np.arange(3)})
    assert read_config(run.path) == Config()
    assert read_metrics(run) == {"test": {"elbo": 1.0}}
    assert read_history(run) == {"loss": [2.5, 1.5]}
    assert {name: array.shape for name, array in read_arrays(run).items()} == {
        "z_mean": (3, 2),
        "labels": (3,),
    }


def refused(read, run, name):
    with pytest.raises(RunDirectoryError) as caught:
        read(run)
    message = str(caught.value)
    assert message.startswith(f"`run` must hold a readable {name}. Received: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("content", [DEEP, "{", "[]", "3", '{"a": 1' + " " * (9 << 20) + "}"])
def test_metrics_that_are_none(run, content):
    run.metrics.write_text(content)
    refused(read_metrics, run, "metrics.json")
    run.environment.write_text(content)
    refused(read_environment, run, "environment.json")


@pytest.mark.parametrize("content", [DEEP, "{", "[]", '{"a": 1' + " " * (9 << 20) + "}"])
def test_a_config_that_is_none(run, content):
    run.config.write_text(content)
    with pytest.raises(ArgumentError, match="`config` must"):
        read_config(run.path)


@pytest.mark.parametrize(
    "content", ["epoch,loss\n1\n", "epoch,loss\n1,x\n", "epoch,loss\n1," + "1" * 200_000, "\0"]
)
def test_a_history_that_is_none(run, content):
    run.history.write_text(content)
    if content == "\0":
        assert read_history(run) == {}
    else:
        refused(read_history, run, "history.csv")


def test_a_history_without_end(run):
    with open(run.history, "wb") as file:
        file.truncate(1 << 40)
    assert "more than" in refused(read_history, run, "history.csv")


def test_arrays_that_unpack_without_end(run):
    with zipfile.ZipFile(run.evaluation, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(200 << 20))
    assert "must unpack to at most" in refused(read_arrays, run, "evaluation.npz")


def test_an_array_that_promises_a_terabyte(run):
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (1 << 20, 1 << 20)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(run.evaluation, "w") as archive:
        archive.writestr("a.npy", header.getvalue())
    refused(read_arrays, run, "evaluation.npz")


def test_arrays_of_objects(run):
    np.savez(run.evaluation, a=np.array([object], dtype=object))
    refused(read_arrays, run, "evaluation.npz")


def test_more_arrays_than_anybody_has(run):
    with zipfile.ZipFile(run.evaluation, "w") as archive:
        for number in range(2_000):
            archive.writestr(f"{number}.npy", b"")
    assert "zip directory of" in refused(read_arrays, run, "evaluation.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"text"])
def test_no_arrays(run, content):
    run.evaluation.write_bytes(content)
    refused(read_arrays, run, "evaluation.npz")
