import numpy as np
import pytest
from keras import ops

from vae_keras import KLWarmup
from vae_keras.errors import ArgumentError
from vae_keras.schedules import Constant, Linear


def begun(callback, model, *, epochs):
    """Attach a callback as `fit` does."""
    callback.set_model(model)
    callback.set_params({"epochs": epochs})
    callback.on_train_begin()
    return callback


def weight(vae):
    return float(ops.convert_to_numpy(vae.current_kl_weight))


@pytest.mark.backend
@pytest.mark.parametrize("final", [1.0, 2.5])
def test_weight_rises_to_the_final_one(make_vae, images, final):
    vae = make_vae(kl_weight=final)
    history = vae.fit(
        images,
        epochs=5,
        batch_size=8,
        verbose=0,
        validation_data=(images,),
        callbacks=[KLWarmup(3)],
    ).history
    np.testing.assert_allclose(
        history["kl_weight"], final * np.array([0, 1 / 3, 2 / 3, 1, 1]), rtol=1e-6
    )
    # Validation is at the final weight from the first epoch on.
    np.testing.assert_allclose(history["val_kl_weight"], [final] * 5, rtol=1e-6)
    assert weight(vae) == final


@pytest.mark.backend
def test_initial_epoch_goes_on_where_the_warmup_was(vae, images):
    history = vae.fit(
        images,
        epochs=5,
        initial_epoch=2,
        batch_size=16,
        verbose=0,
        callbacks=[KLWarmup(4)],
    ).history
    np.testing.assert_allclose(history["kl_weight"], [0.5, 0.75, 1.0], rtol=1e-6)


@pytest.mark.parametrize(("epochs", "share"), [(1, "0%"), (3, "50%"), (4, "75%")])
def test_unfinished_warmup_is_said_loudly(vae, epochs, share):
    with pytest.warns(UserWarning, match=rf"4 epochs and training only {epochs}.*at {share} of it"):
        begun(KLWarmup(4), vae, epochs=epochs)


def test_one_epoch_at_the_final_weight_is_enough(vae):
    begun(KLWarmup(4), vae, epochs=5)  # a warning would be an error


@pytest.mark.backend
def test_no_warmup_is_the_final_weight_from_the_start(make_vae):
    vae = make_vae(kl_weight=0.5)
    vae.set_kl_weight(0.1)  # as an earlier, interrupted training may leave it
    begun(KLWarmup(0), vae, epochs=1).on_epoch_begin(0)
    assert weight(vae) == 0.5


@pytest.mark.backend
def test_schedule_of_ones_own(vae):
    callback = begun(KLWarmup(4, Linear(4, start=0.2)), vae, epochs=5)
    seen = []
    for epoch in range(5):
        callback.on_epoch_begin(epoch)
        seen.append(weight(vae))
    np.testing.assert_allclose(seen, [0.2, 0.4, 0.6, 0.8, 1.0], rtol=1e-6)


def test_a_model_with_a_schedule_is_refused(make_vae):
    with pytest.raises(ArgumentError, match=r"`KLWarmup` must not .*Received: kl_schedule=Const"):
        begun(KLWarmup(2), make_vae(kl_schedule=Constant(0.5)), epochs=5)


@pytest.mark.parametrize("epochs", [-1, 2.5, "3"])
def test_epochs_must_be_a_count(epochs):
    with pytest.raises(
        ArgumentError, match=r"`epochs` must be an integer of at least 0. Received: epochs="
    ):
        KLWarmup(epochs)


@pytest.mark.backend
def test_a_later_fit_does_not_keep_the_weight_of_an_unfinished_warmup(vae, images):
    with pytest.warns(UserWarning, match="warm-up"):
        vae.fit(images, epochs=2, batch_size=16, verbose=0, callbacks=[KLWarmup(4)])
    assert float(vae.current_kl_weight) == pytest.approx(0.25 * vae.kl_weight)
    history = vae.fit(images, epochs=1, batch_size=16, verbose=0).history
    assert history["kl_weight"] == [pytest.approx(vae.kl_weight)]
