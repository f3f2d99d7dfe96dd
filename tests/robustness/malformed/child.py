"""Loads the files that it is told, one a line, and says what came of each."""

import contextlib
import hashlib
import io
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What no loading of a file does: a pickle's look-up, another process, the network.
_EVENTS = {"pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "os.fork"}
_EVENTS |= {"subprocess.Popen", "socket.connect", "os.spawn", "pty.spawn", "webbrowser.open"}
_FORGET_EVERY = 50  # files, after which Keras lets go of what it keeps of models
_FILE_BYTES = 1 << 30
heard: list[str] = []


def main() -> None:
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", VAE_KERAS_OFFLINE="1", MPLBACKEND="Agg")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    answers, sys.stdout = sys.stdout, sys.stderr
    sys.addaudithook(lambda event, _: heard.append(event) if event in _EVENTS else None)
    for number, line in enumerate(sys.stdin):
        if number % _FORGET_EVERY == _FORGET_EVERY - 1:
            sys.modules["keras"].backend.clear_session()
        print(json.dumps(tried(json.loads(line))), file=answers, flush=True)


def tried(task: dict[str, Any]) -> dict[str, Any]:
    """Load a file; say what came of it, how long it took and how much memory it needed."""
    load = LOADERS[task["loader"]]
    heard.clear()
    before, start, processor = _reset_peak(), time.perf_counter(), time.process_time()
    try:
        outcome = {"outcome": "loaded", "content": load(Path(task["path"]), task)}
    except Exception as error:
        outcome = _described(error, task)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    mib = max(0.0, (_memory("VmHWM") - before) / 1024)
    sizes = {"seconds": seconds, "processor": processor, "mib": mib}
    return {**outcome, **sizes, "heard": sorted(set(heard))}


def _described(error: Exception, task: dict[str, Any]) -> dict[str, Any]:
    from vae_keras.errors import VAEKerasError

    own = isinstance(error, VAEKerasError)
    text = str(error)
    named = Path(task["path"]).name in text or task.get("name", "?") in text
    clear = own and named and "Received" in text and len(text) < 1500
    if not own:
        traceback.print_exception(error, file=sys.stderr)
    return {
        "outcome": "refused" if clear else "unclear" if own else "other error",
        "message": f"{type(error).__name__}: {text}"[:500],
    }


def _array(path: Path, task: dict[str, Any]) -> str:
    from vae_keras import load_dataset

    return load_dataset("array", path).checksum


def _idx(path: Path, task: dict[str, Any]) -> str:
    from vae_keras import load_dataset

    return load_dataset("fashion_mnist", path).checksum


def _folder(path: Path, task: dict[str, Any]) -> str:
    """Read a folder of images in both ways, which must agree on whether they can."""
    from vae_keras import load_dataset
    from vae_keras.errors import VAEKerasError

    try:
        checksum = load_dataset("folder", path, stream=False).checksum
    except VAEKerasError:
        load_dataset("folder", path, stream=True)
        raise
    load_dataset("folder", path, stream=True).train.in_memory()
    return checksum


def _model(path: Path, task: dict[str, Any]) -> str:
    import keras

    import vae_keras

    vae = vae_keras.load(path)
    digest = hashlib.sha256()
    for weight in (*vae.weights, *(vae.optimizer.variables if vae.optimizer else ())):
        digest.update(keras.ops.convert_to_numpy(weight).tobytes())
    return digest.hexdigest()


def _command(path: Path, task: dict[str, Any]) -> str:
    """Run a command on a file that is known to be refused: one line, and exit code 2."""
    from vae_keras.cli import main as cli
    from vae_keras.errors import VAEKerasError

    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        code = cli.main(task["arguments"])
    if code == 2 and len(errors.getvalue().splitlines()) == 1:
        raise VAEKerasError(errors.getvalue().strip())
    raise RuntimeError(f"exit code {code}: {errors.getvalue()}")


LOADERS: dict[str, Callable[[Path, dict[str, Any]], str]] = {
    "array": _array,
    "idx": _idx,
    "folder": _folder,
    "model": _model,
    "command": _command,
}


def _memory(name: str) -> int:
    """Return a line of `/proc/self/status`, in KiB."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def _reset_peak() -> int:
    """Let the peak of the memory begin here; return what is held, in KiB."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return _memory("VmRSS")


if __name__ == "__main__":
    main()
