"""Downloads that end soon: with the file, or with the reason why it could not be downloaded.

Every wait is bounded, including the look-up of the server's name, so that a machine without a
network gives up within seconds.
"""

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from http.client import HTTPResponse

OPEN_SECONDS = 5.0  # for name look-up, connection, TLS and the first answer together
SILENCE_SECONDS = 4.0  # the longest wait for the next bytes
STALL_SECONDS = 12.0  # the longest time in which fewer than STALL_BYTES may arrive
STALL_BYTES = 16_384
MAX_BYTES = 256 << 20
_CHUNK = 1 << 16


class DownloadFailed(Exception):
    """A file could not be downloaded; the message is the reason, for use within a sentence."""


def offline() -> bool:
    """Tell whether `VAE_KERAS_OFFLINE=1` forbids downloads."""
    return os.environ.get("VAE_KERAS_OFFLINE", "").lower() not in ("", "0", "false", "no")


def download(url: str, target: Path, verify: Callable[[Path], object]) -> None:
    """Download `url` to `target`, which appears only when it is whole and verified.

    Args:
        url: The address.
        target: The file to write; its folder is created if need be.
        verify: Called with the file under its temporary name; raises `ValueError` (a `DataError`
            is one) if it is not the expected file.

    Raises:
        DownloadFailed: If the environment forbids it (`VAE_KERAS_OFFLINE=1`), the server cannot be
            reached or stops sending, the folder cannot be written, or `verify` refuses the file.
    """
    from http.client import HTTPException

    if offline():
        raise DownloadFailed("VAE_KERAS_OFFLINE forbids downloads")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _open(url) as response, part.open("wb") as file:
            _copy(response, file.write, target.name)
        verify(part)
        part.replace(target)
    except ValueError as error:
        raise DownloadFailed(f"{url} did not send the published file") from error
    except (OSError, HTTPException) as error:
        raise DownloadFailed(f"{url}: {_reason(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _open(url: str) -> "HTTPResponse":
    """Open `url` within `OPEN_SECONDS`.

    It runs in a thread, which is abandoned if it takes too long: nothing else bounds the look-up
    of a name, and the socket's time-out starts again for each address and each read.
    """
    import urllib.error
    import urllib.request

    results: queue.SimpleQueue[HTTPResponse | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            results.put(urllib.request.urlopen(url, timeout=SILENCE_SECONDS))
        except Exception as error:  # handed to the caller's thread, which raises it
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # it is a response too, with an open connection
            results.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        result = results.get(timeout=OPEN_SECONDS)
    except queue.Empty:
        raise TimeoutError(f"no answer within {OPEN_SECONDS:g} s") from None
    if isinstance(result, Exception):
        raise result
    return result


def _copy(response: "HTTPResponse", write: Callable[[bytes], object], name: str) -> None:
    """Copy the body; raise if it stalls, is cut short or is far too long."""
    total = int(response.headers.get("Content-Length") or 0)
    received = window = 0
    window_start = time.monotonic()
    # `read1` returns after one receive; `read` would wait until a slow server has filled a chunk.
    while chunk := response.read1(_CHUNK):
        write(chunk)
        received += len(chunk)
        window += len(chunk)
        if received > MAX_BYTES:
            raise OSError(f"the file is larger than {MAX_BYTES} bytes")
        _show_progress(name, received, total)
        if window >= STALL_BYTES:
            window, window_start = 0, time.monotonic()
        elif time.monotonic() - window_start > STALL_SECONDS:
            raise TimeoutError(f"the transfer stalled after {received} bytes")
    _show_progress(name, received, total, end="\n")
    if received < total:
        raise OSError(f"the transfer ended after {received} of {total} bytes")


def _show_progress(name: str, received: int, total: int, end: str = "") -> None:
    """Update the progress line, if the standard error is a terminal."""
    if sys.stderr.isatty():
        of_total = f" of {total / 1e6:.1f}" if total else ""
        text = f"\rDownloading {name}: {received / 1e6:.1f}{of_total} MB"
        print(text, end=end, file=sys.stderr, flush=True)


def _reason(error: Exception) -> str:
    """Return the reason in one line. urllib wraps the error, and some errors have no text."""
    cause = getattr(error, "reason", None) or error
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return " ".join(str(text).split())
