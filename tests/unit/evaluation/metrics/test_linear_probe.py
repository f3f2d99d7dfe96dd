import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import knn_accuracy, linear_probe_accuracy


def _corners(n, seed=0):
    """Draw codes around the corners of a square, with the corner's number as label."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, n)
    corners = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])
    return corners[labels] + 0.2 * rng.normal(size=(n, 2)), labels


def test_classes_at_the_corners_are_told_and_crossed_ones_are_not():
    (train, corners), (test, test_corners) = _corners(400), _corners(200, seed=1)
    assert linear_probe_accuracy(train, corners, test, test_corners) == 1.0
    # One class at two opposite corners: no line parts it from the other, neighbours do.
    crossed, test_crossed = (np.isin(one, (0, 3)).astype(int) for one in (corners, test_corners))
    assert linear_probe_accuracy(train, crossed, test, test_crossed) < 0.8
    assert knn_accuracy(train, crossed, test, test_crossed) == 1.0


def test_scale_and_shift_of_the_codes_do_not_matter():
    codes, labels = _corners(800)
    codes += 0.5 * np.random.default_rng(2).normal(size=codes.shape)
    scaled = codes * [1e-4, 1e5] + [3.0, -1e6]
    expected = linear_probe_accuracy(codes[:500], labels[:500], codes[500:], labels[500:])
    accuracy = linear_probe_accuracy(scaled[:500], labels[:500], scaled[500:], labels[500:])
    assert 0.9 < expected < 0.98
    assert accuracy == pytest.approx(expected, abs=0.004)


def test_a_constant_dimension_is_left_out_whatever_it_is_in_the_test_set():
    (train, labels), (test, test_labels) = _corners(400), _corners(200, seed=1)
    wide = np.column_stack([train, np.full(len(train), 0.1)])
    test_wide = np.column_stack([test, np.linspace(-1e6, 1e6, len(test))])
    assert linear_probe_accuracy(wide, labels, test_wide, test_labels) == 1.0


def test_a_fit_that_does_not_converge_does_not_warn(monkeypatch):
    from vae_keras.evaluation.metrics import linear_probe

    monkeypatch.setattr(linear_probe, "MOST_ITERATIONS", 1)
    codes, labels = _corners(100)
    assert linear_probe_accuracy(codes, labels, codes, labels) > 0.5


def test_a_label_that_training_lacks_is_an_error_of_the_probe():
    codes, labels = _corners(100)
    assert linear_probe_accuracy(codes, labels, codes, np.full(100, 9)) == 0.0


@pytest.mark.parametrize(
    ("train", "labels", "test", "message"),
    [
        (np.eye(4, 2), [1, 1, 1, 1], np.zeros((2, 2)), "two classes. Received: all 1"),
        (np.eye(4, 2), [0, 1], np.zeros((2, 2)), "`train_labels` must have one label for each"),
        (np.eye(4, 2), [0, 0, 1, 1], np.zeros((2, 3)), "`test_codes` must have as many dim"),
        (np.eye(4, 2), [0, 0, 1, 1], np.full((2, 2), np.nan), "`test_codes` must be finite"),
        (np.eye(4, 2), [0, 0, 1, 1], np.zeros((3, 2)), "`test_labels` must have one label"),
    ],
)
def test_wrong_input_is_refused(train, labels, test, message):
    with pytest.raises(ArgumentError, match=message):
        linear_probe_accuracy(train, labels, test, [0, 1])


def test_codes_that_do_not_vary_leave_the_most_frequent_class():
    codes, labels = np.zeros((5, 2)), [3, 1, 1, 1, 3]
    assert linear_probe_accuracy(codes, labels, np.zeros((4, 2)), [1, 3, 1, 1]) == 0.75
