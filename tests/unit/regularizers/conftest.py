"""Records of the kind that regularisers get."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def make_latent() -> Callable[..., Any]:
    """Return a function that draws posteriors and codes; `mean` and `log_var` can be given."""

    def make(
        batch: int = 6, latent_dim: int = 3, *, mean: Any = None, log_var: Any = None, **fields: Any
    ) -> Any:
        from keras import ops

        from vae_keras.math import DiagonalGaussian, reparameterize
        from vae_keras.priors import StandardNormal
        from vae_keras.regularizers import LatentTerms

        drawn = np.random.default_rng(0).normal(size=(4, batch, latent_dim))
        drawn[0] = drawn[0] if mean is None else mean
        drawn[1] = drawn[1] if log_var is None else log_var
        *posterior, noise, prior_codes = (ops.convert_to_tensor(one, "float32") for one in drawn)
        posterior = DiagonalGaussian(*posterior)
        given = {
            "codes": reparameterize(posterior, noise),
            "prior": StandardNormal(),
            "prior_codes": prior_codes,
            "dataset_size": 100,
            "step": 0.0,
        }
        return LatentTerms(posterior, **{**given, **fields})

    return make
