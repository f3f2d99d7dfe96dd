"""`fit` with a `Checkpoint`: interrupted anywhere, it ends as if nothing had happened."""

import keras
import numpy as np
import pytest

from vae_keras.callbacks import Checkpoint, HistoryFile, KLWarmup, ReduceLROnPlateau
from vae_keras.checkpoints.state import state_of_variables
from vae_keras.data import ImageStream
from vae_keras.errors import ArgumentError, RunDirectoryError

BACKEND = keras.backend.backend()
EPOCHS, BATCH_SIZE, IMAGES = 6, 8, 61  # 8 steps an epoch, the last one of 5 images


class Crash(Exception):
    """A process that ends; nothing after it runs."""


class CrashAt(keras.callbacks.Callback):
    """Raise at a step, counted over all epochs, or after an epoch."""

    def __init__(self, step=None, epoch=None):
        super().__init__()
        self.step, self.epoch, self.steps = step, epoch, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.steps += 1
        if self.steps == self.step:
            raise Crash

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise Crash


@pytest.fixture
def train(tiny_vae, make_images, tmp_path):
    """Train for a while or to the end; return model, history and rows of the history file."""
    images = make_images(IMAGES)

    def train(name, *more, steps=1, patience=2, checkpoint=None, **changes):
        vae = tiny_vae(optimizer="adam", compiled={"steps_per_execution": steps})
        folder = tmp_path / name
        file = HistoryFile(folder / "history.csv")
        callbacks = [
            checkpoint or Checkpoint(folder / "checkpoints", every_minutes=0),  # comes last anyway
            KLWarmup(2),
            ReduceLROnPlateau(patience=1, min_delta=1.0),
            keras.callbacks.EarlyStopping(
                "val_loss", mode="min", patience=patience, restore_best_weights=True, min_delta=0.5
            ),
            file,
            *more,
        ]
        settings = {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "verbose": 0, **changes}
        x = settings.pop("x", images)
        history = vae.fit(x, validation_data=images, callbacks=callbacks, **settings).history
        rows = [{**row, "seconds": 0} for row in file.rows]
        return state_of_variables(vae), history, rows

    return train


def thorough(case):
    return pytest.param(case, marks=pytest.mark.thorough)


def assert_same(one, other):
    for name, value in one[0].items():
        np.testing.assert_array_equal(other[0][name], value, err_msg=name)
    assert one[1:] == other[1:]


@pytest.mark.backend
@pytest.mark.parametrize(
    "crashes",
    [
        thorough([CrashAt(step=1)]),  # nothing was kept
        thorough([CrashAt(step=4)]),  # within the first epoch, of the warm-up
        [CrashAt(step=12), CrashAt(step=2), CrashAt(step=6)],  # several times
        thorough([CrashAt(epoch=2)]),  # after validation, before the checkpoint
        thorough([CrashAt(step=24), CrashAt(step=1)]),  # before the last batch of an epoch
    ],
    ids=lambda crashes: "-".join(str(one.step or f"end of {one.epoch}") for one in crashes),
)
def test_it_ends_as_if_it_had_not_been_interrupted(train, crashes):
    expected = train("whole")
    assert len(expected[1]["loss"]) < EPOCHS  # stopped early
    assert len(set(expected[1]["learning_rate"])) > 1  # reduced on the way
    for crash in crashes:
        with pytest.raises(Crash):
            train("parts", crash)
    assert_same(expected, train("parts"))
    assert_same(expected, train("parts"))  # which has nothing left to do


@pytest.mark.thorough
@pytest.mark.backend
@pytest.mark.skipif(BACKEND == "torch", reason="Keras takes one step at a time with PyTorch")
@pytest.mark.parametrize("step", [2, 5])
def test_several_steps_in_a_call(train, step):
    expected = train("whole", steps=3)
    with pytest.raises(Crash):
        train("parts", CrashAt(step=step), steps=3)
    assert_same(expected, train("parts", steps=3))


@pytest.mark.thorough
@pytest.mark.backend
def test_training_to_the_last_epoch_and_then_longer(train):
    expected = train("whole", patience=99)
    assert len(expected[1]["loss"]) == EPOCHS
    train("parts", patience=99, epochs=3)
    assert_same(expected, train("parts", patience=99))


@pytest.mark.thorough
@pytest.mark.backend
def test_without_a_checkpoint_it_is_the_same_training(train, tiny_vae, make_images):
    """The images come in the same order, with the same noise."""
    _, history, _ = train("kept", patience=99)
    vae = tiny_vae(optimizer="adam")
    callbacks = [KLWarmup(2), ReduceLROnPlateau(patience=1, min_delta=1.0)]
    images = make_images(IMAGES)
    plain = vae.fit(
        images,
        validation_data=images,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        callbacks=callbacks,
        verbose=0,
    ).history
    assert plain["loss"] == history["loss"]


@pytest.mark.thorough
@pytest.mark.backend
def test_data_of_ones_own_goes_on_with_an_epoch(train, make_images):
    batches = [(one,) for one in np.split(make_images(56), 7)]

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return len(batches)

        def __getitem__(self, index):
            return batches[index]

    own = {"batch_size": None, "shuffle": False}
    expected = train("whole", x=Batches(), **own)
    with pytest.raises(Crash):
        train("parts", CrashAt(step=17), x=Batches(), **own)
    assert_same(expected, train("parts", x=Batches(), **own))


@pytest.mark.thorough
def test_a_state_without_its_callback_is_reported(train):
    class Counting(keras.callbacks.Callback):
        def get_state(self):
            return {"count": 1}

        def set_state(self, state):
            pass

    with pytest.raises(Crash):
        train("parts", CrashAt(step=14), Counting(), epochs=3)
    with pytest.warns(UserWarning, match="state of Counting, for which there is no such callback"):
        train("parts", epochs=3)


@pytest.mark.backend
@pytest.mark.thorough
def test_callbacks_see_one_training(train):
    class Sees(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_train_begin(self, logs=None):
            self.seen.append("begin")

        def on_epoch_begin(self, epoch, logs=None):
            self.seen.append(epoch)

        def on_train_batch_begin(self, batch, logs=None):
            self.seen.append(("batch", batch))

        def on_train_end(self, logs=None):
            self.seen.append("end")

    with pytest.raises(Crash):
        train("parts", CrashAt(step=14), epochs=3)
    sees = Sees()
    train("parts", sees, epochs=3)
    batches = [("batch", number) for number in range(8)]
    assert sees.seen == ["begin", 1, *batches[5:], 2, *batches, "end"]


@pytest.mark.thorough
@pytest.mark.backend
def test_every_epochs(train, tmp_path):
    checkpoint = Checkpoint(tmp_path / "kept", every_epochs=2, keep=9)
    train("run", checkpoint=checkpoint, epochs=5, patience=99)
    names = [path.name[:10] for path in checkpoint.files.files()]
    assert names == ["epoch_0002", "epoch_0004", "epoch_0005"]  # and the last one
    assert checkpoint.resumed is None


@pytest.mark.backend
@pytest.mark.thorough
def test_another_training_is_refused(train, tiny_vae, make_images, tmp_path):
    train("run", epochs=3)
    checkpoint = Checkpoint(tmp_path / "run" / "checkpoints")
    images = make_images(IMAGES)
    another = "must hold checkpoints of this training, or"
    with pytest.raises(RunDirectoryError, match=another):
        tiny_vae(optimizer="adam").fit(images[:50], callbacks=[checkpoint], verbose=0)
    with pytest.raises(RunDirectoryError, match=another):
        tiny_vae(optimizer="adam").fit(images, batch_size=9, callbacks=[checkpoint], verbose=0)
    with pytest.raises(RunDirectoryError, match=another):
        vae = tiny_vae(optimizer="adam", kl_weight=0.5)
        vae.fit(images, batch_size=BATCH_SIZE, callbacks=[checkpoint], verbose=0)
    with pytest.raises(RunDirectoryError, match="must be of the same model and optimizer"):
        tiny_vae().fit(images, batch_size=BATCH_SIZE, callbacks=[checkpoint], verbose=0)


@pytest.mark.backend
@pytest.mark.thorough
def test_a_second_one_that_uses_the_directory_is_refused(train):
    class Another(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            train("run")

    with pytest.raises(RunDirectoryError, match=r"one process at a time.*in use by process"):
        train("run", Another())


@pytest.mark.backend
def test_weights_that_are_not_finite_are_not_kept(tiny_vae, make_images, tmp_path):
    class Break(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                weight = self.model.trainable_variables[0]
                weight.assign(keras.ops.full(weight.shape, np.nan))

    checkpoint = Checkpoint(tmp_path, every_epochs=1)
    vae = tiny_vae(optimizer="adam")
    vae.fit(make_images(8), epochs=2, callbacks=[Break(), checkpoint], verbose=0)
    assert [path.name[:10] for path in checkpoint.files.files()] == ["epoch_0001"]
    assert checkpoint.restore_weights(vae)
    assert all(np.isfinite(weight).all() for weight in vae.get_weights())


def test_a_model_that_is_not_of_the_package(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match="`Checkpoint` must be used in `fit` of a model of thi"):
        model.fit(np.ones((2, 2)), np.ones(2), callbacks=[Checkpoint(tmp_path)], verbose=0)


@pytest.mark.parametrize(
    "options",
    [{"every_epochs": 0}, {"every_minutes": -1}, {"every_minutes": float("inf")}, {"keep": 0}],
)
def test_values_out_of_range(tmp_path, options):
    with pytest.raises(ArgumentError, match=f"`{next(iter(options))}` must be .* Received: "):
        Checkpoint(tmp_path, **options)


def test_checkpoints_wait_where_they_take_long(tmp_path, monkeypatch):
    now = 0.0
    monkeypatch.setattr("vae_keras.checkpoints.callback.time.monotonic", lambda: now)
    checkpoint = Checkpoint(tmp_path, every_minutes=1.0)
    now = 59.0
    assert not checkpoint.is_due()
    now = 60.0
    assert checkpoint.is_due()
    checkpoint._last_took = 3.0
    now = 149.0
    assert not checkpoint.is_due()
    now = 150.0  # 3 of 150 seconds
    assert checkpoint.is_due()


def test_a_second_fit_has_orders_of_its_own():
    images = np.zeros((20, 4, 4, 1), "uint8")
    first = ImageStream(images, batch_size=4, seed=3)
    second = ImageStream(images, batch_size=4, seed=3, begun=5)
    assert sorted(second.order(0)) == list(range(20))
    assert not np.array_equal(first.order(0), second.order(0))
    np.testing.assert_array_equal(first.from_batch(3).order(2), first.order(2)[12:])
    assert first.from_batch(3).steps == 2
