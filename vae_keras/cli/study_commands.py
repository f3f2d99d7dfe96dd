"""The commands on several runs; in the form of those in `commands.py`."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from vae_keras.backend.start import load_backend
from vae_keras.config.config import Config
from vae_keras.config.presets import preset
from vae_keras.errors import ArgumentError
from vae_keras.studies.sweep.grid import sweep_points
from vae_keras.studies.sweep.values import read_vary

_Vary = Annotated[
    tuple[tuple[str, ...], ...],
    tyro.conf.UseAppendAction,
    tyro.conf.arg(metavar="SETTING=VALUE,VALUE [...]"),
]
_Runs = Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="RUN RUN [RUN ...]")]


@dataclass(frozen=True)
class Sweep:
    """Train with every combination of some settings, and lay the results side by side."""

    settings: tyro.conf.OmitArgPrefixes[Config]
    vary: _Vary = ()
    """What to vary, say kl_weight=0.1,1,4 seed=0,1,2; lists in brackets: filters=[8,16],[16,32]."""
    output: str = tyro.MISSING
    """Directory of the sweep. What is done in it already is not done again."""
    config: str | None = None
    """A config.json of an earlier run to start from, in place of a preset."""
    typed: tyro.conf.Suppress[tuple[str, ...]] = ()
    """Settings that a flag on the command line sets."""

    def run(self) -> None:
        vary = read_vary(entry for entries in self.vary for entry in entries)
        overrides = {name: getattr(self.settings, name) for name in self.typed}
        base = self._base(vary)
        sweep_points(base, vary, overrides=overrides)  # a mistake is said before the backend loads
        load_backend(self.settings.backend, deterministic=self.settings.deterministic)
        from vae_keras.studies.sweep.run import raise_if_failed, run_sweep

        raise_if_failed(run_sweep(base, vary, Path(self.output), overrides=overrides))

    def _base(self, vary: dict[str, tuple[Any, ...]]) -> Config:
        if "preset" not in vary:
            return self.settings
        if self.config is not None:
            raise ArgumentError(
                "`vary` must not hold `preset` with `--config`: a config file is complete. "
                f"Received: config={self.config!r}"
            )
        return preset(self.settings.preset)


@dataclass(frozen=True)
class Compare:
    """Lay finished runs side by side: numbers, settings, curves, pictures, as a page."""

    runs: _Runs
    """Run directories, at least two."""
    output: str = "comparison.html"
    """The page, a file that opens anywhere."""
    backend: str | None = None
    """Keras backend: tensorflow, jax, torch."""

    def run(self) -> None:
        load_backend(self.backend)
        from vae_keras.studies.compare.run import compare_runs

        compare_runs(self.runs, Path(self.output))


def typed_settings(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the settings that flags among the arguments set.

    Args:
        arguments: Of the command line, as `sys.argv[2:]`.
    """
    names = {field.name for field in dataclasses.fields(Config)}
    flags = (one.partition("=")[0] for one in arguments if one.startswith("--"))
    typed = (flag.removeprefix("--").replace("-", "_") for flag in flags)
    return tuple(dict.fromkeys(name for name in typed if name in names))
