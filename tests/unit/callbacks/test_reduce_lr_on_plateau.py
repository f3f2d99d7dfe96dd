import numpy as np
import pytest
from keras import ops

from vae_keras import ReduceLROnPlateau
from vae_keras.errors import ArgumentError


def rates(callback, vae, values, *, name="val_loss"):
    """Return the learning rate after each epoch of a made-up course of validation losses."""
    callback.set_model(vae)
    callback.set_params({"epochs": len(values)})
    callback.on_train_begin()
    after, logged = [], []
    for epoch, value in enumerate(values):
        logs = {name: value}
        callback.on_epoch_end(epoch, logs)
        after.append(float(ops.convert_to_numpy(vae.optimizer.learning_rate)))
        logged.append(logs["learning_rate"])
    return after, logged


@pytest.mark.backend
def test_counts_from_the_start_only(vae):
    # A warm-up whose first epoch is the best ever seen, then a flat course: the first counted
    # epoch (3) is the best so far, 4 and 5 are flat, so the cut comes at the end of epoch 5.
    after, _ = rates(
        ReduceLROnPlateau(patience=2, factor=0.5, start_from_epoch=3),
        vae,
        [1.0, 50.0, 50.0, 9.0, 9.0, 9.0, 9.0, 9.0],
    )
    np.testing.assert_allclose(after, [1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4], rtol=1e-6)


@pytest.mark.backend
def test_without_a_start_it_is_the_rule_of_keras(vae):
    after, _ = rates(ReduceLROnPlateau(patience=2, factor=0.1), vae, [1.0, 50.0, 50.0, 9.0, 9.0])
    np.testing.assert_allclose(after, [1e-3, 1e-3, 1e-4, 1e-4, 1e-5], rtol=1e-5)


@pytest.mark.backend
def test_rate_is_logged_in_every_epoch(vae):
    # The rate of an epoch is the one it ran at: the cut shows in the epoch after it.
    after, logged = rates(
        ReduceLROnPlateau(patience=1, factor=0.5, start_from_epoch=2),
        vae,
        [5.0, 5.0, 5.0, 5.0, 4.0],
    )
    np.testing.assert_allclose(logged, [1e-3, 1e-3, 1e-3, 1e-3, 5e-4], rtol=1e-6)
    np.testing.assert_allclose(after, [1e-3, 1e-3, 1e-3, 5e-4, 5e-4], rtol=1e-6)


@pytest.mark.backend
def test_smallest_fall_and_lowest_rate(vae):
    after, _ = rates(
        ReduceLROnPlateau(patience=1, factor=0.1, min_delta=0.5, min_lr=4e-4),
        vae,
        [5.0, 4.6, 4.4, 4.3],  # only 4.4 lies more than 0.5 below the best
    )
    np.testing.assert_allclose(after, [1e-3, 4e-4, 4e-4, 4e-4], rtol=1e-6)


def test_start_must_not_be_negative():
    with pytest.raises(
        ArgumentError, match=r"`start_from_epoch` must be .* Received: start_from_epoch=-1"
    ):
        ReduceLROnPlateau(start_from_epoch=-1)
