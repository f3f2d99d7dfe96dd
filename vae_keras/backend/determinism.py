"""The same bits each time, on a GPU too: what each backend offers for it, and when to set it."""

import os
import sys

from vae_keras.errors import ArgumentError

_JAX_FLAG = "--xla_gpu_deterministic_ops=true"
_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"


def prepare_determinism(backend: str) -> None:
    """Set the variables that a backend reads only as it starts; call it before it is used.

    Args:
        backend: `"tensorflow"`, `"jax"` or `"torch"`.
    """
    if backend == "jax" and _JAX_FLAG not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_JAX_FLAG}".strip()
    elif backend == "torch":
        os.environ.setdefault(_CUBLAS, ":4096:8")


def make_deterministic() -> None:
    """Make the backend compute the same bits each time, from now on.

    On a CPU the backends do so anyway, and no result changes. On a GPU some operations get slower;
    PyTorch warns of an operation that has no deterministic form. The setting is the backend's own:
    it holds for the whole process, and cannot be taken back here.

    Raises:
        ArgumentError: If JAX or PyTorch already computes on a GPU in this process and the variable
            that it reads at its start was not set.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        return
    name, value = ("XLA_FLAGS", _JAX_FLAG) if backend == "jax" else (_CUBLAS, ":4096:8")
    told = value in os.environ.get(name, "") if backend == "jax" else name in os.environ
    if not told and _computes_on_gpu(backend):
        raise ArgumentError(
            "`deterministic` must be set before anything is computed: "
            f'os.environ["{name}"] = "{value}" before the first import of Keras does it. '
            f"Received: deterministic=True, {backend} in use"
        )
    prepare_determinism(backend)
    if backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False


def is_deterministic() -> bool:
    """Tell whether `make_deterministic` was called, or the user has set the same by hand."""
    import keras

    backend = keras.backend.backend()
    if backend == "jax":
        return _JAX_FLAG in os.environ.get("XLA_FLAGS", "")
    if backend == "torch":
        return sys.modules["torch"].are_deterministic_algorithms_enabled()
    from tensorflow.python.framework import config  # its public name has no getter

    return config.is_op_determinism_enabled()


def _computes_on_gpu(backend: str) -> bool:
    """Tell whether JAX or PyTorch has begun to use a GPU."""
    if backend == "torch":
        return sys.modules["torch"].cuda.is_initialized()
    jax = sys.modules["jax"]
    # JAX has no public name for this; if the private one is gone, assume that it has begun.
    bridge = getattr(getattr(jax, "_src", None), "xla_bridge", None)
    begun = getattr(bridge, "backends_are_initialized", lambda: True)()
    return begun and jax.default_backend() == "gpu"
