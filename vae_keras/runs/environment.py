"""What the bits of a result depend on besides the settings: versions, processor, threads, devices.

A backend is asked only if it is loaded already.
"""

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = (
    *("vae-keras", "keras", "tensorflow", "jax", "jaxlib", "torch", "numpy", "scipy"),
    *("scikit-learn", "pillow", "matplotlib"),
)
# Libraries choose their kernels by these; flags that do not influence the choice are left out.
_INSTRUCTION_SETS = ("sse4_2", "avx", "fma", "f16c", "amx", "asimd", "sve", "bf16", "fphp")
# Environment variables that change how something is computed. Not all that begin with `TF_`: other
# programs use that prefix too, for passwords as well, and a report is shared with others.
_VARIABLES = (
    *("CUBLAS_", "CUDA_", "CUDNN_", "DNNL_", "GOMP_", "JAX_", "KERAS_DISTRIBUTION_", "KERAS_MAX_"),
    *("KMP_AFFINITY", "KMP_HW_", "KMP_NUM_", "LD_PRELOAD", "MKL_", "NPY_", "NVIDIA_TF32_"),
    *("NVIDIA_VISIBLE_", "OMP_", "ONEDNN_", "OPENBLAS_", "PYTHONHASHSEED", "PYTORCH_", "TF32_"),
    *("TF_CONFIG", "TF_CUDNN_", "TF_DETERMINISTIC_", "TF_DISABLE_", "TF_ENABLE_", "TF_FORCE_"),
    *("TF_GPU_", "TF_NUM_", "TF_USE_", "TF_XLA_", "TORCH_", "VECLIB_", "XLA_"),
)
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")


def environment() -> dict[str, Any]:
    """Return versions, platform, machine and the git commit."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "git_commit": _git_commit(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        **machine(),
    }


def machine() -> dict[str, Any]:
    """Return what is known about the machine and about how the loaded backend uses it."""
    return {
        "libc": " ".join(platform.libc_ver()).strip() or None,
        "processor": {
            "model": _processor_field("model name") or platform.processor() or platform.machine(),
            "instruction_sets": _instruction_sets(),
            "usable": _usable_processors(),
        },
        "threads": _threads(),
        "gpu": _gpu(),
        "variables": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(_VARIABLES) and not any(word in name for word in _SECRET)
        },
    }


def _usable_processors() -> int | None:
    """Count the processors that this process may run on, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _processor_field(*names: str) -> str:
    """Return what Linux reports about the first processor under one of these names."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    fields = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in fields if name.strip() in names), "")


def _instruction_sets() -> list[str]:
    flags = _processor_field("flags", "Features").split()
    return sorted(flag for flag in set(flags) if any(one in flag for one in _INSTRUCTION_SETS))


def _threads() -> dict[str, Any]:
    """Return how many threads compute: the backend's own, and those of each library's pool.

    TensorFlow reports 0 for "one per processor"; JAX always uses that many and does not report it.
    """
    threads: dict[str, Any] = {}
    if (tensorflow := sys.modules.get("tensorflow")) is not None:
        setting = tensorflow.config.threading
        threads["tensorflow_intra_op"] = setting.get_intra_op_parallelism_threads()
        threads["tensorflow_inter_op"] = setting.get_inter_op_parallelism_threads()
    if (torch := sys.modules.get("torch")) is not None:
        threads["torch_intra_op"] = torch.get_num_threads()
        threads["torch_inter_op"] = torch.get_num_interop_threads()
    from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

    # Sorted, so that reports do not differ by import order.
    threads["pools"] = sorted(
        f"{pool['internal_api']} {pool.get('version') or ''}: {pool['num_threads']}"
        for pool in threadpool_info()
    )
    return threads


def _gpu() -> dict[str, Any]:
    """Return the versions of driver and libraries of a GPU; empty if no GPU is found."""
    found: dict[str, Any] = {}
    driver = Path("/proc/driver/nvidia/version")
    if driver.is_file():
        found["driver"] = driver.read_text(encoding="utf-8").splitlines()[0]
    if (torch := sys.modules.get("torch")) is not None and torch.cuda.is_available():
        found["cuda"], found["cudnn"] = torch.version.cuda, torch.backends.cudnn.version()
    if (tensorflow := sys.modules.get("tensorflow")) is not None and found:
        build = tensorflow.sysconfig.get_build_info()
        found |= {name: build[name] for name in ("cuda_version", "cudnn_version") if name in build}
    return found


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git_commit() -> str | None:
    """Return the commit of the package's own checkout; an installed package has none."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
