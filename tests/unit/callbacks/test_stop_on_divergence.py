import keras
import numpy as np
import pytest

from vae_keras import StopOnDivergence
from vae_keras.errors import DataError


class Poisoned(keras.utils.PyDataset):
    """Three batches an epoch, of which the second is NaN."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return self.images * np.float32(np.nan if index == 1 else 1)


@pytest.mark.backend
def test_names_term_epoch_and_batch(vae, images):
    callback = StopOnDivergence()
    settings = {"initial_epoch": 3, "epochs": 9, "shuffle": False, "verbose": 0}
    ended = pytest.raises(DataError, match=r"`x` must .* finite")  # the model says why
    with ended, pytest.warns(UserWarning, match="training stopped"):
        vae.fit(Poisoned(images), **settings, callbacks=[callback])
    assert callback.message.startswith("`recon_loss` became nan in epoch 4, batch 2;")


@pytest.mark.backend
def test_learning_rate_far_too_high(make_vae, images):
    vae = make_vae(learning_rate=1e30)
    callback = StopOnDivergence()
    with pytest.warns(UserWarning, match="Lower the learning rate"):
        history = vae.fit(images, epochs=9, batch_size=8, verbose=0, callbacks=[callback]).history
    assert callback.message.startswith("`recon_loss` became ")
    assert "in epoch 1, batch 2;" in callback.message  # the first one ran on the initial weights
    assert len(history["loss"]) == 1


@pytest.mark.parametrize(
    ("logs", "named"),
    [
        ({"loss": np.inf, "recon_loss": 3.0, "kl_loss": np.inf, "kl_scaled": np.inf}, "kl_loss"),
        ({"loss": np.inf, "recon_loss": 3.0, "kl_loss": 2.0, "kl_scaled": 2.0}, "loss"),
        ({"loss": np.nan, "recon_loss": np.nan, "kl_loss": np.nan}, "recon_loss"),
    ],
)
def test_the_first_term_that_went_is_named(vae, logs, named):
    callback = StopOnDivergence()
    callback.set_model(vae)
    callback.on_train_begin()
    callback.on_epoch_begin(6)
    callback.on_train_batch_begin(10)
    callback.on_train_batch_end(10, logs)
    callback.on_train_batch_begin(11)
    with pytest.warns(UserWarning, match=f"`{named}` became (nan|inf) in epoch 7, batch 11;"):
        callback.on_train_batch_end(11, logs)
    assert vae.stop_training


def test_several_batches_in_one_call(vae):
    callback = StopOnDivergence(warn=False)
    callback.set_model(vae)
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    for begin in (0, 20):
        callback.on_train_batch_begin(begin)
        callback.on_train_batch_end(begin + 19, {"loss": np.nan if begin else 1.0})
    assert callback.message is None  # not read yet
    callback.on_epoch_end(0, {})
    assert "in epoch 1, one of the batches 21 to 40;" in callback.message
    assert vae.stop_training


def test_validation_alone(vae):
    callback = StopOnDivergence()
    callback.set_model(vae)
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    callback.on_train_batch_end(0, {"loss": 1.0, "recon_loss": 1.0})
    callback.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    assert callback.message is None
    with pytest.warns(UserWarning, match="`val_loss` became nan after epoch 1;"):
        callback.on_epoch_end(0, {"loss": 1.0, "val_loss": float("nan")})


def test_message_is_of_the_last_training(vae):
    callback = StopOnDivergence()
    callback.message = "of an earlier one"
    callback.set_model(vae)
    callback.on_train_begin()
    assert callback.message is None


def test_a_caller_that_raises_needs_no_warning(vae):
    callback = StopOnDivergence(warn=False)
    callback.set_model(vae)
    callback.on_train_begin()
    callback.on_epoch_end(0, {"val_loss": float("inf")})  # a warning would be an error
    assert callback.message.startswith("`val_loss` became inf after epoch 1;")
    assert vae.stop_training
