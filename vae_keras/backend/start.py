"""Start of a backend from the command line."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from vae_keras.backend.determinism import make_deterministic, prepare_determinism
from vae_keras.backend.parallel import check_distributable, join_processes
from vae_keras.errors import ArgumentError, unknown_name

BACKENDS = ("tensorflow", "jax", "torch")


def load_backend(
    backend: str | None, *, distribute: bool = False, deterministic: bool = False
) -> None:
    """Choose the Keras backend and import it, without the messages it prints at its start.

    Args:
        backend: `"tensorflow"`, `"jax"` or `"torch"`; `None` leaves the choice to Keras.
        distribute: Whether to join the other processes that the environment names, for training
            on several machines. Defaults to `False`.
        deterministic: Whether the backend is to compute the same bits each time on a GPU too.
            Defaults to `False`.

    Raises:
        ArgumentError: If there is no such backend, it is not installed, or it cannot train on
            several devices.
    """
    if backend is not None:
        if backend not in BACKENDS:
            raise unknown_name("backend", backend, BACKENDS)
        os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    name = os.environ.get("KERAS_BACKEND", "tensorflow")
    if distribute:
        check_distributable(name)
    if deterministic:
        prepare_determinism(name)
    with _quiet_start():
        try:
            import keras
        except ImportError as error:
            raise ArgumentError(
                f"`backend` must be installed: pip install {name}. "
                f"Received: backend={name!r} ({error})"
            ) from error
        if distribute:
            # With a seed Keras need not agree on one with the other processes; `build_model` sets
            # the seed of the run.
            keras.utils.set_random_seed(0)
            join_processes()
        if deterministic:
            make_deterministic()
        keras.ops.zeros(1)  # brings the devices up


@contextlib.contextmanager
def _quiet_start() -> Iterator[None]:
    """Hide what native code prints while a backend loads; show it if loading fails.

    TensorFlow reports a missing GPU in eight lines, before its own log level applies.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as chatter:
        os.dup2(chatter.fileno(), 2)
        try:
            yield
        except BaseException:
            chatter.seek(0)
            os.write(kept, chatter.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
