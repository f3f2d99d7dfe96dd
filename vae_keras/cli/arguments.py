"""From argv to a command: argparse finds what the settings start from, tyro reads the rest."""

import argparse
import contextlib
import dataclasses
import io
import re
from collections.abc import Sequence
from typing import Any

import tyro

from vae_keras.cli.commands import COMMANDS
from vae_keras.config.config import Config, read_config
from vae_keras.config.presets import FOLDERS, preset
from vae_keras.errors import ArgumentError
from vae_keras.runs.directory import open_run


def parse_command(name: str, arguments: Sequence[str]) -> Any:
    """Return a command with its fields as they were typed.

    Args:
        name: One of `COMMANDS`.
        arguments: What follows the name, as `sys.argv[2:]`.

    Raises:
        ArgumentError: If a flag or a value is unknown, missing or out of range.
        SystemExit: After `--help`.
    """
    options: dict[str, Any] = {}
    if name in ("train", "sweep"):
        flags = _typed_flags(arguments)
        settings = _starting_config(flags, arguments)
        typed = {"typed": tuple(flag for flag in flags if flag in _SETTINGS)}
        options["default"] = COMMANDS[name](settings=settings, **(typed if name == "sweep" else {}))
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(COMMANDS[name], args=arguments, prog=f"vae-keras {name}", **options)
    except SystemExit as stop:
        if stop.code:
            raise ArgumentError(_one_line(complaint.getvalue())) from None
        raise


# What other programs and papers call a setting.
_SYNONYMS = {
    **dict.fromkeys(("beta", "kld-weight", "kl-coeff", "weight-kl"), "kl-weight"),
    **dict.fromkeys(("lr", "rate", "step-size"), "learning-rate"),
    **dict.fromkeys(("z-dim", "z-size", "latent-size", "latent", "nz", "code-size"), "latent-dim"),
    **dict.fromkeys(("bs", "batch", "batchsize"), "batch-size"),
    **dict.fromkeys(("num-epochs", "n-epochs", "max-epochs"), "epochs"),
    **dict.fromkeys(("out", "output", "output-dir", "logdir", "log-dir", "save-dir"), "run-dir"),
    **dict.fromkeys(("path", "data-dir", "data-path", "root", "folder", "input"), "data"),
    **dict.fromkeys(("loss", "recon-loss", "reconstruction-loss", "decoder-dist"), "likelihood"),
    **dict.fromkeys(("warmup", "kl-warmup", "kl-anneal", "annealing"), "warmup-epochs"),
    **dict.fromkeys(("patience", "early-stopping"), "early-stopping-patience"),
    **dict.fromkeys(("random-seed", "manual-seed", "random-state"), "seed"),
    **dict.fromkeys(("hidden-dims", "channels", "num-filters"), "filters"),
    **dict.fromkeys(("fp16", "amp", "mixed-precision", "dtype"), "precision"),
    **dict.fromkeys(("size", "img-size", "resize", "resolution", "input-size"), "image-size"),
    **dict.fromkeys(("bg", "background-color", "fill"), "background"),
    **dict.fromkeys(("limit", "n-train", "subset", "num-samples"), "train-size"),
}

_SETTINGS = {field.name: field.type for field in dataclasses.fields(Config)}


def _typed_flags(arguments: Sequence[str]) -> dict[str, str | None]:
    """Return the flags of settings, `--config` and `--resume` that are typed, in their order.

    Each with its first word; `None` where there is none, of which tyro complains later.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("config", "resume", *_SETTINGS):
        spellings = [f"--{name}", f"--{name.replace('_', '-')}"]
        if _SETTINGS.get(name) is bool:
            spellings.append(f"--no-{name}")
        parser.add_argument(
            *dict.fromkeys(spellings), dest=name, nargs="?", default=argparse.SUPPRESS
        )
    return vars(parser.parse_known_args(arguments)[0])


def _starting_config(flags: dict[str, str | None], arguments: Sequence[str]) -> Config:
    """Return what the other flags override: the config of `--resume`, `--config` or `--preset`.

    Where another member of an axis is typed, the options of the old member are dropped here. So
    an option that the new member does not take is an error only if it was typed.
    """
    if "resume" in flags:
        return _resumed_config(flags["resume"], arguments)
    if "config" in flags and "preset" in flags:
        raise ArgumentError(
            "`--config` and `--preset` must not be given together: a config file is complete. "
            f"Received: --config {flags['config']} --preset {flags['preset']}"
        )
    given = {flag: word for flag, word in flags.items() if word is not None}
    config = (
        read_config(given["config"])
        if "config" in given
        else preset(given.get("preset", "default"))
    )
    if "data" in given and "dataset" not in given:
        from vae_keras.data.load import WITHOUT_FILES  # deferred: `--help` needs no NumPy

        if config.dataset in WITHOUT_FILES:  # the preset's, not the user's
            config = config.replace(dataset=Config().dataset)
    members = {axis: given[axis] for axis in FOLDERS if axis in given}
    return config.replace(**members) if members else config


def _resumed_config(run: str | None, arguments: Sequence[str]) -> Config:
    if len(arguments) > 2 or not run:
        raise ArgumentError(
            "`--resume` must be given with a run directory and nothing else: the run has its "
            f"settings. Received: {' '.join(arguments)}"
        )
    return read_config(open_run(run).config)


def _one_line(box: str) -> str:
    """Return what tyro's box says is wrong, and the flags that are near.

    The box has a title, and rules between its parts; they are of plain dashes where the output is
    not UTF-8.
    """
    lines = [line.strip("│ ") for line in box.splitlines()[1:-1]]
    parts = " ".join("\n" if set(line) <= {"─", "-"} else line for line in lines)
    wrong, *rest = parts.strip().split("\n")
    near = re.findall(r"--[\w-]+", "".join(part for part in rest if "Perhaps you meant" in part))
    unknown = re.search(r"--([\w-]+)", wrong)
    if "Unrecognized" in wrong and unknown and (setting := _SYNONYMS.get(unknown[1])):
        near = [f"--{setting}"]
    hint = f". Did you mean {' or '.join(near)}?" if near else ""
    return re.sub(r"^Error parsing (\w+/)?\w+: (?=`)", "", wrong.strip()) + hint
