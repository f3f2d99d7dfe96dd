import io
import re

import pytest
from rich.console import Console

from vae_keras.callbacks import TrainingProgress, progress


class Clock:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def run(clock, *, seconds, epochs, first=0, width=100, terminal=False, logs=None):
    """Return what is printed in a training of which one epoch takes `seconds`."""
    output = io.StringIO()
    console = Console(file=output, width=width, force_terminal=terminal)
    callback = TrainingProgress(console)
    callback.set_params({"epochs": epochs, "steps": 2})
    callback.on_train_begin()
    for epoch in range(first, epochs):
        callback.on_epoch_begin(epoch)
        for batch in range(2):
            clock.now += seconds / 2
            callback.on_train_batch_end(batch, {"loss": 3.0})
        callback.on_epoch_end(epoch, logs or {"loss": 3.0 + epoch})
    callback.on_train_end()
    return output.getvalue()


LOGS = {
    "loss": 267.1234,
    "recon_loss": 261.5,
    "kl_loss": 5.6234,
    "kl_scaled": 5.6234,
    "kl_weight": 1 / 3,
    "val_loss": 268.75,
    "learning_rate": 1e-3,
}


def test_header_and_a_line_for_each_epoch(clock):
    header, *lines = run(clock, seconds=40, epochs=3, logs=LOGS).splitlines()
    assert " ".join(header.split()) == "epoch loss recon kl weight val loss rate time left"
    assert len(lines) == 3
    first = "1/3 267.123 261.500 5.623 0.33 268.750 1.0e-03 0:40 1:20"
    assert " ".join(lines[0].split()) == first
    assert [line.split()[0] for line in lines] == ["1/3", "2/3", "3/3"]
    assert [line.split()[-1] for line in lines] == ["1:20", "0:40", "0:00"]  # at the same pace
    assert {len(line) for line in (header, *lines)} == {len(header)}  # columns stand below names


def test_time_left_of_a_training_that_goes_on(clock):
    # Two epochs of ten seconds are behind when epoch 5 of 8 ends: three are left.
    lines = run(clock, seconds=10, epochs=8, first=3).splitlines()[1:]
    assert [line.split()[0] for line in lines] == ["4/8", "5/8", "6/8", "7/8", "8/8"]
    assert [line.split()[-1] for line in lines] == ["0:40", "0:30", "0:20", "0:10", "0:00"]


def test_hours(clock):
    assert run(clock, seconds=4000, epochs=2).splitlines()[1].split()[-2:] == ["1:06:40"] * 2


def test_fits_eighty_columns(clock):
    lines = run(clock, seconds=1, epochs=100, width=80, logs=LOGS).splitlines()
    assert len(lines) == 101  # none is wrapped
    assert max(map(len, lines)) <= 80


def test_what_is_not_measured_is_a_dash(clock):
    line = run(clock, seconds=1, epochs=1, logs={"loss": 3.0}).splitlines()[1]
    assert line.split() == ["1/1", "3.000", "-", "-", "-", "-", "-", "0:01", "0:00"]


def test_terminal_has_a_bar(clock):
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", run(clock, seconds=60, epochs=2, terminal=True))
    assert "epoch 1/2" in text or "epoch 2/2" in text
    assert "1/2" in text and "2/2" in text


def test_close_before_training_is_harmless(clock):
    output = io.StringIO()
    callback = TrainingProgress(Console(file=output))
    callback.close()
    assert output.getvalue() == ""


@pytest.mark.backend
def test_in_fit(vae, images):
    output = io.StringIO()
    vae.fit(
        images,
        epochs=2,
        verbose=0,
        validation_data=(images,),
        callbacks=[TrainingProgress(Console(file=output, width=100))],
    )
    _, *lines = output.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["1/2", "2/2"]
    for line in lines:
        loss, recon, kl, weight, validation = map(float, line.split()[1:6])
        assert loss == pytest.approx(recon + kl, abs=2e-3)
        assert weight == 1.0
        assert 0 < validation < 100
