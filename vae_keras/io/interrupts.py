"""Ctrl-C stays Ctrl-C, whichever library was at work when it came."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def keep_interrupts() -> Iterator[None]:
    """Raise `KeyboardInterrupt` in place of the error that a library made of it.

    Where C++ calls back into Python, as TensorFlow does while it traces a graph, a
    `KeyboardInterrupt` may come out as an error of another type. An error that follows Ctrl-C is
    therefore taken for an interruption, and becomes the cause of the `KeyboardInterrupt`.

    Does nothing outside the main thread, where Python raises no `KeyboardInterrupt`, and where
    Ctrl-C is ignored or handled outside Python.
    """
    handle = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handle):
        yield
        return
    interrupted = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        handle(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    except Exception as error:
        if interrupted:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, handle)
