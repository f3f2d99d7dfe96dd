"""Fuzz one loader for a while, guided by the code that it reaches; needs `pip install atheris`.

    python tests/robustness/run_fuzz.py arrays --seconds 300 --corpus /tmp/corpus

An exception that is not the package's own, more than 2 s of the processor or more than 1 GiB is a
finding: the program stops with the traceback, and the file is `crash-...` in the corpus folder.
Without `--corpus` it begins anew from whole files each time.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", VAE_KERAS_OFFLINE="1")

from fuzz import targets

# Python code whose branches guide the search.
_INSTRUMENTED = ["vae_keras", "zipfile", "numpy.lib", "PIL", "keras.src.saving"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=targets.TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path, help="folder of inputs, kept and added to")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    import atheris

    with atheris.instrument_imports(include=_INSTRUMENTED):
        if arguments.target == "model":
            import vae_keras

            vae_keras.load(targets.MODEL)
    corpus = arguments.corpus or Path(tempfile.mkdtemp(prefix="fuzz_"))
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.seeds(arguments.target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        *[f"-max_total_time={arguments.seconds}", f"-seed={arguments.seed}", "-max_len=65536"],
        *["-timeout=30", "-rss_limit_mb=6144", f"-artifact_prefix={corpus}/", "-len_control=0"],
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], targets.TARGETS[arguments.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
