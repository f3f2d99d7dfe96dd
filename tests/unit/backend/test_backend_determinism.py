"""What is set for the same bits on a GPU, tried without one: which variable, and when."""

import os
import subprocess
import sys

import keras
import pytest

from vae_keras.backend import determinism
from vae_keras.errors import ArgumentError

# In a process of its own: what it sets stays set.
PROGRAM = """
import os, keras, vae_keras
from vae_keras.backend.determinism import is_deterministic
before = is_deterministic()
config = vae_keras.Config(architecture="mlp", encoder_units=(4,), deterministic=True)
vae_keras.build_model(config, (4, 4, 1))
variables = (os.environ.get(name) for name in ("XLA_FLAGS", "CUBLAS_WORKSPACE_CONFIG"))
print(before, is_deterministic(), *variables)
"""
SET = {
    "tensorflow": "None None",
    "jax": "--xla_x --xla_gpu_deterministic_ops=true None",
    "torch": "None :4096:8",
}


@pytest.mark.thorough
@pytest.mark.backend
def test_in_a_notebook():
    backend = keras.backend.backend()
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    if backend == "jax":  # flags of the user's own stay
        environment["XLA_FLAGS"] = "--xla_cpu_enable_fast_math=false"
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert answer.returncode == 0, answer.stderr
    expected = SET[backend].replace("--xla_x", "--xla_cpu_enable_fast_math=false")
    assert answer.stdout.splitlines()[-1] == f"False True {expected}"


def test_before_the_backend_starts(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=x")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    for _ in range(2):
        determinism.prepare_determinism("jax")
    assert os.environ["XLA_FLAGS"] == "--xla_dump_to=x --xla_gpu_deterministic_ops=true"
    determinism.prepare_determinism("torch")
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


@pytest.mark.parametrize(
    ("backend", "variable"), [("jax", "XLA_FLAGS"), ("torch", "CUBLAS_WORKSPACE_CONFIG")]
)
def test_too_late_on_a_gpu(monkeypatch, backend, variable):
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(determinism, "_computes_on_gpu", lambda _: True)
    with pytest.raises(ArgumentError, match=rf"`deterministic` must be set before .*{variable}.* "):
        determinism.make_deterministic()
    assert variable not in os.environ
