import math

import numpy as np
import pytest
from keras import ops

from vae_keras.math import (
    LOG_VAR_LIMIT,
    DiagonalGaussian,
    gaussian_log_prob,
    kl_per_dimension_to_standard_normal,
    kl_to_standard_normal,
    log_mean_exp,
    reparameterize,
    soft_bound,
    sum_per_image,
)


def test_sum_per_image_adds_up_all_that_belongs_to_an_image():
    values = np.arange(2 * 3 * 4 * 5, dtype="float32").reshape(2, 3, 4, 5)
    # Sums of 0..59 and of 60..119.
    np.testing.assert_allclose(ops.convert_to_numpy(sum_per_image(values)), [1770.0, 5370.0])


def test_sum_per_image_of_half_precision_adds_in_float32():
    # There float16 counts in eights: 10,001 does not exist.
    total = sum_per_image(np.ones((1, 10001), "float16"))
    assert "float32" in str(total.dtype)
    assert float(total[0]) == 10001.0


def test_kl_of_hand_computed_posteriors():
    mean = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 0.0], [1.0, -2.0]])
    log_var = np.array([[0.0, 0.0], [0.0, 0.0], [math.log(4.0), 0.0], [0.0, math.log(0.25)]])
    # 0; 9/2; (4 - 1 - ln 4)/2; (1 + 4 + 1/4 - 1 + ln 4)/2.
    expected = [0.0, 4.5, (3 - math.log(4)) / 2, (4.25 + math.log(4)) / 2]
    kl = kl_to_standard_normal(DiagonalGaussian(mean, log_var))
    np.testing.assert_allclose(ops.convert_to_numpy(kl), expected, rtol=1e-6)


def test_kl_near_the_prior_is_that_of_float64_and_never_negative():
    log_var = np.concatenate([sign * np.logspace(-9, -1, 200) for sign in (1, -1)])[:, None]
    for mean in (0.0, 1e-4):
        posterior = DiagonalGaussian(np.full_like(log_var, mean), log_var)
        found = ops.convert_to_numpy(kl_to_standard_normal(posterior))
        assert found.min() >= 0
        float32 = np.float32(log_var).astype("float64")[:, 0]
        exact = 0.5 * (mean**2 + np.expm1(float32) - float32)
        np.testing.assert_allclose(found, exact, rtol=1e-3, atol=1e-11)


def test_kl_of_half_precision_is_float32_and_does_not_overflow():
    posterior = DiagonalGaussian(np.zeros((1, 1), "float16"), np.full((1, 1), 15.0, "float16"))
    kl = kl_to_standard_normal(posterior)  # exp(15) is beyond float16
    assert float(kl[0]) == pytest.approx((math.exp(15) - 16) / 2, rel=1e-6)


def test_reparameterize_moves_and_scales_the_noise():
    mean = np.array([[1.0, -1.0, 0.0]])
    log_var = np.array([[0.0, 2 * math.log(3.0), -2 * math.log(2.0)]])
    noise = np.array([[0.5, 2.0, -4.0]])
    codes = reparameterize(DiagonalGaussian(mean, log_var), noise)
    # Standard deviations 1, 3 and 1/2.
    np.testing.assert_allclose(ops.convert_to_numpy(codes), [[1.5, 5.0, -2.0]], rtol=1e-6)


def test_soft_bound_is_the_identity_in_the_middle():
    values = np.linspace(-10, 10, 81, dtype="float32")
    np.testing.assert_allclose(ops.convert_to_numpy(soft_bound(values)), values, atol=1e-4)


def test_soft_bound_holds_everywhere_and_keeps_the_order():
    values = np.array([-1e30, -1e4, -30.0, -21.0, -19.0, 0.0, 19.0, 21.0, 30.0, 1e4, 1e30])
    bounded = ops.convert_to_numpy(soft_bound(ops.convert_to_tensor(values, "float32")))
    assert np.all(np.abs(bounded) <= LOG_VAR_LIMIT + 1e-5)
    assert np.all(np.diff(bounded) >= 0)
    assert np.all(np.diff(bounded[2:-2]) > 0)
    np.testing.assert_allclose(bounded[[0, -1]], [-20.0, 20.0], atol=1e-5)
    np.testing.assert_allclose(np.exp(bounded[-1]), math.exp(20.0), rtol=1e-4)


def test_soft_bound_takes_another_limit():
    bounded = soft_bound(ops.convert_to_tensor([-1e3, 0.0, 1e3], "float32"), 12.0)
    np.testing.assert_allclose(ops.convert_to_numpy(bounded), [-12.0, 0.0, 12.0], atol=1e-4)


def test_the_soft_bound_of_log_variances_is_20_by_default():
    bounded = soft_bound(ops.convert_to_tensor([-1e3, 1e3], "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(bounded), [-20.0, 20.0], atol=1e-6)


def test_gaussian_log_prob_of_hand_computed_values():
    gaussian = DiagonalGaussian(np.array([[1.0, 0.0]]), np.array([[0.0, math.log(4.0)]]))
    log_prob = gaussian_log_prob(gaussian, np.array([[3.0, 2.0]]))
    # Standardised 2 and 1, standard deviations 1 and 2.
    expected = -0.5 * (4 + 1 + math.log(4) + 2 * math.log(2 * math.pi))
    np.testing.assert_allclose(ops.convert_to_numpy(log_prob), [expected], rtol=1e-6)


def test_gaussian_log_prob_takes_one_log_variance_for_all():
    log_prob = gaussian_log_prob(DiagonalGaussian(np.zeros((2, 1)), math.log(9.0)), np.ones((2, 3)))
    expected = 3 * (-0.5 / 9 - math.log(3) - 0.5 * math.log(2 * math.pi))
    np.testing.assert_allclose(ops.convert_to_numpy(log_prob), [expected] * 2, rtol=1e-6)


def test_log_mean_exp_goes_over_one_axis_the_first_by_default():
    values = np.log([[1.0, 2.0, 6.0], [3.0, 4.0, 8.0]])
    over_rows, over_columns = np.log([2.0, 3.0, 7.0]), np.log([3.0, 5.0])
    for found, expected in (
        (log_mean_exp(values), over_rows),
        (log_mean_exp(values, 0), over_rows),
        (log_mean_exp(values, axis=1), over_columns),
        (log_mean_exp(values, axis=-1), over_columns),
    ):
        np.testing.assert_allclose(ops.convert_to_numpy(found), expected, rtol=1e-6)


def test_log_mean_exp_of_large_logarithms_does_not_overflow():
    assert float(log_mean_exp(np.array([1000.0, 1000.0]))) == pytest.approx(1000.0)
    assert float(log_mean_exp(np.array([-1000.0, 0.0]))) == pytest.approx(-math.log(2), abs=1e-6)


def test_the_number_of_values_is_counted_in_float32(half_floats):
    # There float16 counts in fours: 4,097 does not exist.
    assert float(log_mean_exp(np.zeros(4097, "float32"))) == pytest.approx(0.0, abs=2e-6)


def test_all_count_in_float32_where_keras_counts_in_float16(half_floats):
    mean, log_var, values = np.random.default_rng(0).normal(size=(3, 4, 50)) * [
        [[1.0]],
        [[2]],
        [[3]],
    ]
    posterior = DiagonalGaussian(mean, log_var)
    terms = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    squares = (values - mean) ** 2 * np.exp(-log_var)
    expected = {
        kl_per_dimension_to_standard_normal: ((posterior,), terms),
        kl_to_standard_normal: ((posterior,), terms.sum(axis=1)),
        gaussian_log_prob: (
            (posterior, values),
            -0.5 * (squares + log_var + math.log(2 * math.pi)).sum(axis=1),
        ),
        reparameterize: ((posterior, values), mean + np.exp(0.5 * log_var) * values),
        log_mean_exp: ((1e4 + values,), 1e4 + np.log(np.exp(values).mean(axis=0))),
        sum_per_image: ((1e4 + values,), (1e4 + values).sum(axis=1)),
    }
    for function, (arguments, wanted) in expected.items():
        found = function(*arguments)
        assert "float32" in str(found.dtype), function
        # Half precision would be off by a thousandth.
        np.testing.assert_allclose(
            ops.convert_to_numpy(found), wanted, rtol=2e-6, atol=2e-5, err_msg=function.__name__
        )
