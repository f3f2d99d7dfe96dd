"""The short form of `run_fuzz.py`: damage drawn from a seed, without atheris."""

import numpy as np
import pytest
from fuzz import targets
from malformed.mutations import MUTATIONS

import vae_keras

ROUNDS = {"idx": 25, "arrays": 12, "images": 3, "model": 2}  # of each damage on each whole file


@pytest.mark.thorough
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


@pytest.mark.thorough
@pytest.mark.parametrize("name", targets.TARGETS)
def test_bytes_of_any_kind(name):
    random = np.random.default_rng(1)
    starts = (b"", b"PK\3\4", b"\x93NUMPY\1\0", b"\x1f\x8b\x08", b"\0\0\x08\x03", b"\xff\xd8\xff")
    starts += (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"BM", b"{", b"\x89HDF\r\n\x1a\n")
    for start in starts:
        for size in (0, 1, 7, 300):
            targets.TARGETS[name](start + random.bytes(size))
