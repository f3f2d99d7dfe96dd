"""Names for the arrays and tensors that pass through the package, and their shapes."""

from typing import Any, TypeAlias

import numpy as np

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
