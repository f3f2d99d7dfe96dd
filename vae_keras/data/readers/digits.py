"""The digits that come with scikit-learn: 1,797 greyscale images, 8 x 8, ten classes."""

import numpy as np

from vae_keras.data.dataset import Source, Split

CLASS_NAMES = tuple("0123456789")
_LARGEST_VALUE = 16  # scikit-learn stores the ink of 4 x 4 pixels, 0..16


def read_digits() -> Source:
    """Read scikit-learn's digits, scaled from 0..16 to 0..255. They have no published test set."""
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    images = np.rint(np.asarray(values) * (255 / _LARGEST_VALUE)).astype(np.uint8)
    digits = Split(images.reshape(-1, 8, 8, 1), np.asarray(labels).astype(np.int64))
    return Source(digits, None, "scikit-learn (sklearn.datasets.load_digits)", CLASS_NAMES)
