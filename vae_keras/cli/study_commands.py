"""The commands that look at several runs, in the same form as those in `commands.py`."""

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
    """Directory of the sweep. Runs that are finished in it are not repeated."""
    config: str | None = None
    """A config.json of an earlier run to start from, in place of a preset."""
    typed: tyro.conf.Suppress[tuple[str, ...]] = ()
    """Names of the settings that flags on the command line set."""

    def run(self) -> None:
        vary = read_vary(entry for entries in self.vary for entry in entries)
        overrides = {name: getattr(self.settings, name) for name in self.typed}
        base = self._base(vary)
        # For its checks alone: a mistake is reported before the backend, which takes long, loads.
        sweep_points(base, vary, overrides=overrides)
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
    """Lay finished runs side by side: metrics, settings, curves and figures, as a page."""

    runs: _Runs
    """Run directories, at least two."""
    output: str = "comparison.html"
    """The page: one file that opens in any browser."""
    backend: str | None = None
    """Keras backend: tensorflow, jax, torch."""

    def run(self) -> None:
        load_backend(self.backend)
        from vae_keras.studies.compare.run import compare_runs

        compare_runs(self.runs, Path(self.output))
