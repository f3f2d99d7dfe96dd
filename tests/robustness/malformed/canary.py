"""Tells whether anything outside of a malformed file was run, read or written (Linux)."""

import ctypes
import os
import tempfile
from pathlib import Path

# Access, change, open, create, delete, and moves: <sys/inotify.h>
_EVENTS = 0x01 | 0x02 | 0x04 | 0x20 | 0x40 | 0x80 | 0x100 | 0x200
_NONBLOCK = os.O_NONBLOCK


class Canary:
    """A folder with secrets that every malformed file wants to read, or to write beside.

    Args:
        folder: Made if need be. Its content is written before the watch begins.

    Raises:
        OSError: If the system cannot watch folders.
    """

    def __init__(self, folder: Path) -> None:
        import h5py
        import numpy as np

        folder.mkdir(parents=True, exist_ok=True)
        (folder / "secret.txt").write_text("secret\n" * 1000)
        with h5py.File(folder / "secret.h5", "w") as file:
            file["values"] = np.full((64, 64), 1234.5, "float32")
        self.folder = folder
        self._start = set(os.listdir(folder))
        libc = ctypes.CDLL(None, use_errno=True)
        self._watch = libc.inotify_init1(_NONBLOCK)
        if self._watch < 0 or libc.inotify_add_watch(self._watch, bytes(folder), _EVENTS) < 0:
            raise OSError(ctypes.get_errno(), "the canary folder cannot be watched")

    def touched(self, near: Path) -> str:
        """Return what happened since the last call; an empty text is none of it.

        Args:
            near: Where the malformed file lies; what climbs out of it lands above.
        """
        try:
            events = len(os.read(self._watch, 1 << 16))
        except BlockingIOError:
            events = 0
        new = set(os.listdir(self.folder)) - self._start
        self._drain()  # of the line above
        places = [near, *list(near.parents)[:5], Path.cwd(), Path(tempfile.gettempdir()), Path("/")]
        climbed = [place / "climbed.txt" for place in places]
        found = sorted(new) + [str(path) for path in climbed if path.exists()]
        if found:
            return f"written: {', '.join(found)}"
        return "the folder of secrets was read" if events else ""

    def _drain(self) -> None:
        try:
            while os.read(self._watch, 1 << 16):
                pass
        except BlockingIOError:
            return
