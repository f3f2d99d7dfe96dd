import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Likelihood, SquaredError


def test_a_member_is_a_log_density_unless_it_says_otherwise():
    assert Likelihood.normalized
    assert not Likelihood.discrete


def test_loss_is_the_negative_log_prob_in_training_too():
    class Constant(Likelihood):
        def log_prob(self, x, parameters):
            return x + parameters

    assert Constant().loss(1.0, 2.0) == Constant().loss(1.0, 2.0, training=True) == -3.0


def test_a_member_without_an_inverse_mean_says_its_name():
    class Unknown(Likelihood):
        pass

    with pytest.raises(ArgumentError, match=r"^`likelihood` must .* Received: likelihood=Unknown$"):
        Unknown().parameters_from_mean(np.zeros((8, 8, 1)))


def test_training_changes_no_loss_that_has_nothing_to_fit():
    x, mean = np.random.default_rng(0).random((2, 3, 4, 4, 1), "float32")
    likelihood = SquaredError()
    np.testing.assert_array_equal(
        likelihood.loss(x, mean, training=True), likelihood.loss(x, mean, training=False)
    )
