"""Silence for converters."""

import contextlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back warnings, logs and what native code prints on the standard error.

    The converters print dozens of lines, some of which look like failures. A real failure raises,
    and a wrong result is found by the check.
    """
    disabled = logging.root.manager.disable
    logging.disable(logging.ERROR)
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with tempfile.TemporaryFile() as chatter, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            os.dup2(chatter.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        logging.disable(disabled)
