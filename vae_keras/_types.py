"""Names for the arrays and tensors that pass through the package, and their shapes."""

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:  # it takes `Tensor` from here
    from vae_keras.math import DiagonalGaussian

# A tensor of whichever backend runs: Keras has no type that the three share.
Tensor: TypeAlias = Any
# `(n, height, width, channels)`: uint8 or boolean, or float in the likelihood's range.
Images: TypeAlias = np.ndarray
# `(n, latent_dim)`, float32.
Codes: TypeAlias = np.ndarray
# `(n,)`, the number of each image's class, from 0 on.
Labels: TypeAlias = np.ndarray
# `(height, width, channels)`.
ImageShape: TypeAlias = tuple[int, int, int]
# An integer, or a `keras.random.SeedGenerator`; `None` for a random one.
Seed: TypeAlias = Any
# What `get_config` returns: the arguments of `__init__`, as values that Keras writes to JSON.
KerasConfig: TypeAlias = dict[str, Any]
# What Keras gives to callbacks: losses and metrics by name.
Logs: TypeAlias = dict[str, Any] | None
# JSON values by name.
JsonObject: TypeAlias = dict[str, Any]


class Prior(Protocol):
    """What the other axes know of a `vae_keras.priors` member."""

    def log_prob(self, codes: Tensor) -> Tensor: ...

    def kl(self, posterior: "DiagonalGaussian", codes: Tensor) -> Tensor: ...

    def kl_per_dimension(self, posterior: "DiagonalGaussian") -> Tensor: ...
