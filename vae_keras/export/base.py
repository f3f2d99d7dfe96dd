"""The contract of every format."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_keras.export.parts import Part

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Runtime:
    """An exported model, opened by the runtime.

    Attributes:
        name: Name and version of the runtime.
        run: Computes arrays from arrays, both by name.
    """

    name: str
    run: Callable[[Arrays], Arrays]


class Format:
    """A file format that runtimes other than Keras read.

    Attributes:
        suffix: Suffix of the files; empty where a model is a directory.
        backends: Keras backends that can write it.
        packages: Modules that writing needs, beyond the dependencies of this package.
        to_write: What to install for these modules.
        to_check: What to install for the runtime.
    """

    suffix: str = ""
    backends: tuple[str, ...] = ("tensorflow",)
    packages: tuple[str, ...] = ()
    to_write: str = ""
    to_check: str = ""

    def write(self, part: Part, path: Path) -> None:
        """Write an encoder or a decoder that takes batches of any size.

        Args:
            part: What to write.
            path: A file that does not exist, or a directory that does not.
        """
        raise NotImplementedError

    def open(self, path: Path) -> Runtime:
        """Open a file that `write` wrote.

        Raises:
            ImportError: If the runtime is not installed.
        """
        raise NotImplementedError
