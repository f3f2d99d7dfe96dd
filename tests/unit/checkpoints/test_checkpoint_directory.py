import os
import random
import warnings

import numpy as np
import pytest

from vae_keras.checkpoints.directory import CheckpointDirectory, Saved
from vae_keras.errors import RunDirectoryError

ARRAYS = {"trainable/0": np.arange(12.0).reshape(3, 4), "metrics/0": np.float32(2.5)}


def saved(epoch, batch=0, **facts):
    return Saved(epoch, batch, {"history": {"loss": [0.1, float("nan")]}, **facts}, dict(ARRAYS))


@pytest.fixture
def directory(tmp_path):
    return CheckpointDirectory(tmp_path / "checkpoint", keep=2)


def test_what_was_written_is_read(directory):
    directory.write(saved(3, 40))
    found = directory.newest()
    assert (found.epoch, found.batch) == (3, 40)
    assert found.facts["history"]["loss"][0] == 0.1
    assert found.arrays.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], value)


def test_there_may_be_none(directory):
    assert directory.newest() is None
    directory.remove()
    assert directory.files() == []


def test_the_newest_by_epoch_and_batch_are_kept(directory):
    for position in ((0, 900_000), (1, 0), (1, 2), (1, 1_000_000), (10_000, 0)):
        directory.write(saved(*position))
    names = [path.name for path in directory.files()]
    assert names == ["epoch_0001_batch_1000000.npz", "epoch_10000_batch_000000.npz"]
    assert directory.newest().epoch == 10_000
    directory.remove()
    assert list(directory.path.iterdir()) == []


def test_a_damaged_one_falls_back_loudly_and_is_not_counted_again(directory):
    directory.write(saved(1))
    directory.write(saved(2))
    newest = directory.files()[-1]
    newest.write_bytes(newest.read_bytes()[:-30])
    damaged = pytest.warns(UserWarning, match=r"epoch_0002_batch_000000.npz is damaged")
    with (
        damaged,
        pytest.warns(UserWarning, match="training continues from 1 epochs. The result wil"),
    ):
        assert directory.newest().epoch == 1
    assert directory.newest().epoch == 1  # without a warning
    directory.write(saved(1, 5))
    directory.write(saved(1, 6))
    assert directory.newest().batch == 6
    directory.remove()
    assert list(directory.path.iterdir()) == []


def test_where_all_are_damaged_training_begins_again(directory):
    directory.write(saved(1))
    directory.files()[0].write_bytes(b"")
    damaged = pytest.warns(UserWarning, match="is damaged")
    with damaged, pytest.warns(UserWarning, match="continues from its beginning"):
        assert directory.newest() is None


def test_no_flipped_bit_goes_unseen(directory):
    """Each either makes the file a damaged one, or changes nothing that is read."""
    directory.write(saved(1, 7))
    path = directory.files()[0]
    whole, generator, seen = path.read_bytes(), random.Random(0), 0
    for _ in range(300):
        place = generator.randrange(len(whole))
        flipped = bytearray(whole)
        flipped[place] ^= 1 << generator.randrange(8)
        path.write_bytes(flipped)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = directory.newest()
        if found is None:
            assert any("damaged" in str(one.message) for one in caught)
            seen += 1
            continue
        for name, value in ARRAYS.items():
            np.testing.assert_array_equal(found.arrays[name], value, err_msg=f"byte {place}")
        assert found.facts["history"]["loss"][0] == 0.1
    assert seen > 200


def test_a_file_that_cannot_be_written_leaves_those_before(directory, monkeypatch):
    directory.write(saved(1))

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(RunDirectoryError, match="No space left on device"):
            directory.write(saved(2))
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(RunDirectoryError, match="No space left on device"):
            directory.write(saved(2))
    assert directory.newest().epoch == 1
    assert [path.name for path in directory.path.iterdir()] == ["epoch_0001_batch_000000.npz"]


def test_what_a_killed_process_left_is_taken_away(directory):
    directory.write(saved(1))
    leftover = directory.path / ".epoch_0002_batch_000000.4711.part.npz"
    leftover.write_bytes(b"half")
    assert directory.newest().epoch == 1
    assert not leftover.exists()


def test_one_of_a_later_version_says_so(directory):
    directory.write(saved(1, format=99))
    with pytest.raises(RunDirectoryError, match=r"Received: format 99; pip install -U vae-keras"):
        directory.newest()


def test_objects_are_not_unpickled(directory):
    directory.path.mkdir()
    path = directory.path / "epoch_0001_batch_000000.npz"
    np.savez(path, facts=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    damaged = pytest.warns(UserWarning, match="is damaged")
    with damaged, pytest.warns(UserWarning, match="from its beginning"):
        assert directory.newest() is None


def test_a_directory_that_cannot_be_read_is_not_an_empty_one(directory, monkeypatch):
    def broken(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(type(directory.path), "iterdir", broken)
    with pytest.raises(RunDirectoryError, match=r"must be readable. Received: Input/output error"):
        directory.newest()
