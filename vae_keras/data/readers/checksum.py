"""sha256 of arrays.

The checks compare the content of a file, not the file: the published Fashion-MNIST archives and
those of Debian's package hold the same arrays, but differ in their gzip headers. So do copies of
`mnist.npz`.
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


def check_published(array: np.ndarray, expected: str, path: Path, advice: str) -> None:
    """Raise unless `array`, read from `path`, is the published one.

    Args:
        array: What was read.
        expected: sha256 of the raw bytes, in hex.
        path: Named in the message.
        advice: What the user can do, such as "Delete the file".

    Raises:
        DataError: If its sha256 differs.
    """
    received = sha256(array)
    if received != expected:
        raise DataError(
            f"{path} is damaged or another data set. {advice}. "
            f"Expected sha256 of the contents: {expected}. Received: {received}"
        )
