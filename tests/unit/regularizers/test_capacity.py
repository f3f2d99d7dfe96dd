import math

import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.regularizers import KL, Capacity


def values(regularizer, latent):
    return ops.convert_to_numpy(regularizer(latent))


@pytest.mark.parametrize(
    ("step", "distance"), [(0, 4.0), (25, 1.5), (40, 0.0), (50, 1.0), (100, 6.0), (math.inf, 6.0)]
)
def test_the_target_rises_and_the_distance_has_two_sides(make_latent, step, distance):
    # Means 2 and 2 sqrt(3) at variance 1: 2 and 6 nats, 4 on average.
    mean = [[2.0], [2.0 * math.sqrt(3.0)]]
    latent = make_latent(2, 1, mean=mean, log_var=0.0, step=ops.convert_to_tensor(step, "float32"))
    regularizer = Capacity(10.0, steps=100, weight=3.0)
    np.testing.assert_allclose(values(regularizer, latent), [3 * distance] * 2, atol=1e-5)


def test_without_capacity_it_is_the_kl_divergence_on_average(make_latent):
    latent = make_latent()
    mean = values(Capacity(0.0, weight=1.0), latent).mean()
    np.testing.assert_allclose(mean, values(KL(), latent).mean(), rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"capacity": -1.0}, "`capacity` must be a finite number of at least 0"),
        ({"capacity": math.inf}, "`capacity`"),
        ({"steps": 0}, "`steps` must be a positive integer"),
        ({"steps": 1.5}, "`steps`"),
        ({"weight": -1}, "`weight`"),
        ({"weight": math.nan}, "`weight`"),
        ({"weight": None}, "`weight`"),
    ],
)
def test_senseless_settings(settings, message):
    ((name, value),) = settings.items()
    with pytest.raises(ArgumentError, match=message) as caught:
        Capacity(**settings)
    assert str(caught.value).endswith(f"Received: {name}={value!r}")
