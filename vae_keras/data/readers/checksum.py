"""sha256 of arrays.

The checks compare what a file holds, not the file: the published Fashion-MNIST archives and those
of Debian's package differ in their gzip headers, as copies of `mnist.npz` do, and hold the same
bytes.
"""

import hashlib
from pathlib import Path

import numpy as np

from vae_keras.errors import DataError


def sha256(*arrays: np.ndarray) -> str:
    """Return the sha256 of the raw bytes of `arrays`, one after the other, in hex."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def check(array: np.ndarray, expected: str, path: Path, advice: str) -> None:
    """Raise unless `array`, read from `path`, is the published one.

    Args:
        array: What was read.
        expected: sha256 of the raw bytes, in hex.
        path: Named in the message.
        advice: What the user can do, e.g. "Delete the file".

    Raises:
        DataError: If the sha256 is another one.
    """
    received = sha256(array)
    if received != expected:
        raise DataError(
            f"{path} is damaged or another data set. {advice}. "
            f"Expected sha256 of the contents: {expected}. Received: {received}"
        )
