import signal
import threading

import pytest

from vae_keras.io.interrupts import keep_interrupts


def swallowed_by_a_library():
    """Do what TensorFlow does with Ctrl-C while it traces a graph."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise TypeError("Failed to convert elements to Tensor") from None


def test_an_error_made_of_an_interruption_is_an_interruption():
    before = signal.getsignal(signal.SIGINT)
    # Within each other, as the command line's is around that of training.
    with pytest.raises(KeyboardInterrupt) as caught, keep_interrupts(), keep_interrupts():
        swallowed_by_a_library()
    assert isinstance(caught.value.__cause__, TypeError)
    assert signal.getsignal(signal.SIGINT) is before


def test_both_see_it_when_the_inner_one_is_left():
    with pytest.raises(KeyboardInterrupt), keep_interrupts():
        try:
            with keep_interrupts():
                swallowed_by_a_library()
        except KeyboardInterrupt:
            raise OSError("while saving what there is") from None


def test_other_errors_pass():
    with pytest.raises(TypeError, match="of its own"), keep_interrupts():
        raise TypeError("of its own")


def test_an_ignored_interruption_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with keep_interrupts():
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_is_left_alone():
    seen = []

    def work():
        with keep_interrupts():
            seen.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
