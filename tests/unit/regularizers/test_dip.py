import math

import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.regularizers import DIP, KL

# Covariance [[1, 2], [2, 4]], divided by the number of images.
MEAN = [[1.0, 2.0], [-1.0, -2.0]]


def values(regularizer, latent):
    return ops.convert_to_numpy(regularizer(latent))


def penalty(regularizer, latent):
    return values(regularizer, latent) - values(KL(), latent)


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (DIP("i", 1.0, 0.0), 2 * 2**2),
        (DIP("i", 0.0, 1.0), 3**2),
        (DIP("i", 2.0, 3.0), 2 * 8 + 3 * 9),
        (DIP("i", 2.0), 2 * 8 + 20 * 9),
        # Variances 1/2 and 1/2 more on the diagonal.
        (DIP("ii", 1.0, 0.0), 2 * 2**2),
        (DIP("ii", 0.0, 1.0), 0.5**2 + 3.5**2),
        (DIP("ii", 2.0), 2 * 8 + 2 * 12.5),
    ],
)
def test_penalty_by_hand(make_latent, regularizer, expected):
    latent = make_latent(2, 2, mean=MEAN, log_var=math.log(0.5))
    np.testing.assert_allclose(penalty(regularizer, latent), [expected] * 2, rtol=1e-5)


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_without_weights_it_is_the_kl_divergence(make_latent, kind):
    latent = make_latent()
    np.testing.assert_array_equal(values(DIP(kind, 0.0), latent), values(KL(), latent))


@pytest.mark.parametrize(("kind", "expected"), [("i", 3.0), ("ii", 3 * 0.5**2)])
def test_one_image_has_no_covariance(make_latent, kind, expected):
    latent = make_latent(1, 3, log_var=math.log(0.5))
    np.testing.assert_allclose(penalty(DIP(kind, 1.0, 1.0), latent), [expected], rtol=1e-5)


def test_default_weights_survive_the_round_trip():
    assert DIP("ii").diagonal is None
    assert DIP.from_config(DIP("ii", 3.0, 2.0).get_config()).diagonal == 2.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "iii"}, "`kind` must be one of i, ii"),
        ({"kind": None}, "`kind` must be one of i, ii"),
        ({"off_diagonal": -1.0}, "`off_diagonal` must be a finite number of at least 0"),
        ({"diagonal": -1.0}, "`diagonal` must be a finite number of at least 0"),
        ({"diagonal": math.inf}, "`diagonal`"),
    ],
)
def test_senseless_settings(settings, message):
    ((name, value),) = settings.items()
    with pytest.raises(ArgumentError, match=message) as caught:
        DIP(**settings)
    assert str(caught.value).endswith(f"Received: {name}={value!r}")
    assert "\n" not in str(caught.value)
