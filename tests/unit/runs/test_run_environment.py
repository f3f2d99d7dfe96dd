import json
import os

import keras
import pytest

from vae_keras.runs.environment import machine


def test_facts_are_plain_and_the_same_each_time():
    first = machine()
    assert json.loads(json.dumps(first)) == first == machine()
    assert first["processor"]["model"]
    assert 1 <= first["processor"]["usable"] <= os.cpu_count()


@pytest.mark.backend
def test_threads_of_the_backend():
    threads = machine()["threads"]
    backend = keras.backend.backend()
    assert any(name.startswith(backend) for name in threads) or backend == "jax"
    assert all(pool[-1].isdigit() for pool in threads["pools"])


def test_variables_that_count_and_no_others(monkeypatch):
    shown = {"OMP_NUM_THREADS": "3", "XLA_FLAGS": "--xla_x=1", "TF_ENABLE_ONEDNN_OPTS": "0"}
    hidden = {"TF_VAR_password": "x", "TF_TOKEN_a": "x", "JAX_API_KEY": "x", "HOME": "/home/x"}
    for name, value in {**shown, **hidden}.items():
        monkeypatch.setenv(name, value)
    variables = machine()["variables"]
    assert variables.items() >= shown.items()
    assert not variables.keys() & hidden.keys()


def test_a_machine_without_proc(monkeypatch, tmp_path):
    from pathlib import Path

    def missing(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    facts = machine()
    assert facts["processor"]["instruction_sets"] == []
    assert facts["processor"]["usable"] == os.cpu_count()
    assert facts["processor"]["model"]
