"""The fuzzers' targets on damage drawn from a seed: the short form, without atheris."""

import numpy as np
import pytest
from fuzz import targets
from malformed.mutations import MUTATIONS

import vae_keras

ROUNDS = {"idx": 25, "arrays": 12, "images": 3, "model": 2}  # of each damage on each whole file


@pytest.mark.parametrize("name", targets.TARGETS)
def test_damaged_files_are_refused_or_read(name):
    if name == "model":
        vae_keras.load(targets.MODEL)  # what is imported then takes longer than any file may
    random = np.random.default_rng(0)
    count = 0
    for seed in targets.seeds(name):
        for mutation in MUTATIONS.values():
            for _ in range(ROUNDS[name]):
                targets.TARGETS[name](mutation(seed, random))
                count += 1
    assert count > 70


@pytest.mark.parametrize("name", targets.TARGETS)
def test_bytes_of_any_kind(name):
    random = np.random.default_rng(1)
    starts = (b"", b"PK\3\4", b"\x93NUMPY\1\0", b"\x1f\x8b\x08", b"\0\0\x08\x03", b"\xff\xd8\xff")
    starts += (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"BM", b"{", b"\x89HDF\r\n\x1a\n")
    for start in starts:
        for size in (0, 1, 7, 300):
            targets.TARGETS[name](start + random.bytes(size))


def test_a_finding_is_one(monkeypatch):
    from vae_keras.data.readers import array

    def slow(path):
        raise KeyError("not the package's own")

    monkeypatch.setattr(array, "read", slow)
    with pytest.raises(KeyError):
        targets.arrays(b"\x93NUMPY")
    monkeypatch.setattr(array, "read", lambda path: None)
    monkeypatch.setattr(targets, "MOST_SECONDS", -1.0)
    with pytest.raises(targets.Finding):
        targets.arrays(b"\x93NUMPY")
