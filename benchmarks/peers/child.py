"""The process of one contender: builds it, then does what the program tells it, line by line.

Orders come as JSON on the standard input, answers go as JSON to what was the standard output;
whatever a library prints goes to the standard error.
"""

import importlib
import json
import os
import sys
import time
import traceback
from importlib import metadata
from pathlib import Path


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    spec = json.loads(sys.argv[1])
    try:
        work = Work(spec)
    except ImportError as error:
        answers.write(json.dumps({"skipped": f"cannot be imported: {error}"}) + "\n")
        return
    except Exception as error:
        from base import Unsuited

        unsuited = isinstance(error, Unsuited)
        if not unsuited:
            traceback.print_exc()
        reason = str(error) if unsuited else _one_line(error)
        answers.write(json.dumps({"skipped": reason}) + "\n")
        return
    answers.write(json.dumps({"ready": work.description()}) + "\n")
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(work, order.pop("do"))(**order)
        except Exception as error:
            traceback.print_exc()
            answer = {"failed": _one_line(error)}
        answers.write(json.dumps(answer) + "\n")


class Work:
    """What a contender can be told to do; each method returns JSON values."""

    def __init__(self, spec):
        module = importlib.import_module(spec["module"])
        # Shared, imported after the contender's own libraries: it must not be what loads NumPy.
        import base
        import numpy as np

        self.base = base
        self.images = np.load(spec["images"], mmap_mode="r")
        self.validation = np.load(spec["validation"], mmap_mode="r")
        self.contender = module.contender(base.Task(**spec["task"]), **spec["options"])
        self.data = {}

    def description(self):
        contender = self.contender
        versions = {}
        for name in contender.packages:
            try:
                versions[name] = metadata.version(name)
            except metadata.PackageNotFoundError:  # a build under another name
                versions[name] = getattr(sys.modules.get(name), "__version__", "unknown")
        return {
            "versions": versions,
            "device": contender.device(),
            "parameters": contender.parameters(),
            "flop": contender.flop() if hasattr(contender, "flop") else None,
            "backend": contender.backend() if hasattr(contender, "backend") else None,
            "memory": peak_memory(),
        }

    def train(self, images, epochs):
        """Train on the first `images`; seconds of wall clock and of the processor."""
        data = self._prepared(images)
        wall, processor = time.perf_counter(), time.process_time()
        self.contender.train(data, epochs)
        return {
            "wall": time.perf_counter() - wall,
            "processor": time.process_time() - processor,
            "now": time.monotonic(),
        }

    def reconstruct(self, images):
        """Reconstruct the first `images`; seconds of wall clock and of the processor."""
        data = self._prepared(images)
        wall, processor = time.perf_counter(), time.process_time()
        pictures = self.contender.reconstruct(data)
        answer = {
            "wall": time.perf_counter() - wall,
            "processor": time.process_time() - processor,
        }
        if pictures.size != images * 784:
            raise ValueError(f"{pictures.shape} came back for {images} images")
        return answer

    def loss(self):
        """Validation loss, nats."""
        return {"loss": self.base.validation_loss(self.contender, self.validation)}

    def memory(self):
        """Largest memory so far, bytes: of the process, and on the accelerator."""
        return {"process": peak_memory(), "device": self.contender.device_memory()}

    def _prepared(self, images):
        if images not in self.data:
            import numpy as np

            repeats = -(-images // len(self.images))  # more than there are: all of them again
            part = np.concatenate([self.images[:images]] * repeats)[:images]
            self.data = {images: self.contender.prepare(part)}
        return self.data[images]


def peak_memory() -> int:
    """Return the largest resident size of this process so far, in bytes."""
    try:
        # Not `ru_maxrss`, which counts what the parent held before this program was loaded.
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        import resource

        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return largest if sys.platform == "darwin" else 1024 * largest


def _one_line(error) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines[0] else type(error).__name__


if __name__ == "__main__":
    main()
