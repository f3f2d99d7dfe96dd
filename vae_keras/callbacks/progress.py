"""Live progress in the terminal: the losses, the time gone and the time left."""

import time

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from vae_keras._types import Logs

_COLUMNS = "{:>7} {:>9} {:>9} {:>8} {:>6} {:>9} {:>9} {:>6} {:>7}"  # 78 wide
_HEADER = _COLUMNS.format(
    "epoch", "loss", "recon", "kl", "weight", "val loss", "rate", "time", "left"
)
_REFRESH_SECONDS = 0.1


class TrainingProgress(keras.callbacks.Callback):
    """Print one line per epoch and, in a terminal, a progress bar below them.

    The time left assumes that all planned epochs run, at the pace so far; early stopping may end
    sooner.

    Args:
        console: Where to print. Defaults to the standard output.
    """

    def __init__(self, console: Console | None = None) -> None:
        super().__init__()
        self.console = console or _console()
        self._bar = self._new_bar()  # `close` may be called before training begins

    def on_train_begin(self, logs: Logs = None) -> None:
        self._epochs = self.params["epochs"]
        self._first_epoch: int | None = None
        self._second_epoch_began: tuple[float, int] | None = None
        self._began = time.monotonic()
        self._shown = 0.0
        self.console.print(_HEADER, style="bold", highlight=False)
        self._bar = self._new_bar()
        self._bar.start()
        self._task = self._bar.add_task("", total=None, text="")

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self._first_epoch is None:
            self._first_epoch = epoch
        elif self._second_epoch_began is None:
            self._second_epoch_began = (time.monotonic(), epoch)
        self._epoch = epoch
        self._epoch_began = time.monotonic()
        self._bar.reset(
            self._task,
            total=self.params.get("steps"),
            description=f"epoch {epoch + 1}/{self._epochs}",
        )

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        now = time.monotonic()
        if self._bar.disable or now - self._shown < _REFRESH_SECONDS:
            return  # reading a loss would wait for the device
        self._shown = now
        loss = float((logs or {}).get("loss", float("nan")))
        steps = self.params.get("steps")
        within = (batch + 1) / steps if steps else 0.0
        text = f"loss {loss:.2f}  {_left(self._seconds_left(within))}"
        self._bar.update(self._task, completed=batch + 1, text=text)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = {name: float(value) for name, value in (logs or {}).items()}

        def shown(name: str, digits: int = 2) -> str:
            if name not in logs:
                return "-"
            # An autoencoder's loss is per pixel value and small: it needs more digits.
            return f"{logs[name]:.{digits + 2 if 0 < logs[name] < 0.1 else digits}f}"

        rate = logs.get("learning_rate")
        line = _COLUMNS.format(
            f"{epoch + 1}/{self._epochs}",
            shown("loss", 3),
            shown("recon_loss", 3),
            shown("kl_loss", 3),
            shown("kl_weight"),
            shown("val_loss", 3),
            "-" if rate is None else f"{rate:.1e}",
            _clock(time.monotonic() - self._epoch_began),
            _clock(self._seconds_left(1.0)),
        )
        self._bar.console.print(line, highlight=False)

    def on_train_end(self, logs: Logs = None) -> None:
        self.close()

    def close(self) -> None:
        """Remove the bar from the terminal; for training that ends by an exception."""
        self._bar.stop()

    def _new_bar(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f}%  {task.fields[text]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    def _seconds_left(self, within_epoch: float) -> float | None:
        # The first epoch includes compilation: once there are others, it does not count.
        began, first = self._second_epoch_began or (self._began, self._first_epoch or 0)
        done = self._epoch - first + within_epoch
        gone = time.monotonic() - began
        return gone / done * (self._epochs - self._epoch - within_epoch) if done else None


def _console() -> Console:
    """Return a console on the standard output; in a notebook, one without a bar."""
    console = Console()
    # In a notebook rich would show each line, and each move of the bar, as an output of its own.
    return Console(force_jupyter=False, force_terminal=False) if console.is_jupyter else console


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"{_clock(seconds)} left"
