import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.regularizers import KL, FreeBits

# KL of a mean at variance 1 is mean^2 / 2. Dimensions: 0.5 and 4.5 nats, 0, 2 and 2 nats.
MEAN = [[1.0, 0.0, 2.0], [3.0, 0.0, 2.0]]


def values(regularizer, latent):
    return ops.convert_to_numpy(regularizer(latent))


def test_no_free_bits_is_the_kl_divergence(make_latent):
    latent = make_latent()
    np.testing.assert_array_equal(values(FreeBits(0.0), latent), values(KL(), latent))


def test_the_threshold_is_on_the_mean_over_the_batch(make_latent):
    latent = make_latent(2, 3, mean=MEAN, log_var=0.0)
    # Mean 2.5, 0 and 2: only the second is below 1, whatever the first image has in the first.
    np.testing.assert_allclose(values(FreeBits(1.0), latent), [0.5 + 1 + 2, 4.5 + 1 + 2])
    np.testing.assert_allclose(values(FreeBits(2.25), latent), [0.5 + 4.5, 4.5 + 4.5])
    np.testing.assert_allclose(values(FreeBits(9.0), latent), [27.0, 27.0])


def test_free_bits_never_fall_below_the_threshold_or_the_kl(make_latent):
    latent = make_latent(32, 5)
    mean = values(FreeBits(0.5), latent).mean()
    assert mean >= 0.5 * 5
    assert mean >= values(KL(), latent).mean()


@pytest.mark.parametrize("free_bits", [-0.1, float("nan"), float("inf"), "1"])
def test_senseless_free_bits(free_bits):
    with pytest.raises(ArgumentError, match=r"`free_bits` .* Received: free_bits=") as caught:
        FreeBits(free_bits)
    assert "\n" not in str(caught.value)
