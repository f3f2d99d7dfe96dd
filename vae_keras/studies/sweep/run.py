"""The same training with other settings: one run after another, and their comparison."""

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from vae_keras.checkpoints.lock import only_one
from vae_keras.config.config import Config
from vae_keras.errors import TrainingDivergedError
from vae_keras.runs.build import build_model_for, load_data
from vae_keras.runs.train import train_and_evaluate
from vae_keras.studies.finished import forget_models, read_run
from vae_keras.studies.sweep.directory import PlannedRun, planned_runs
from vae_keras.studies.sweep.grid import sweep_points
from vae_keras.studies.sweep.report import SweepReport
from vae_keras.studies.sweep.table import SweepResult


def run_sweep(
    base: Config,
    vary: Mapping[str, Sequence[Any]],
    directory: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    console: Console | None = None,
) -> list[SweepResult]:
    """Train with every combination of some settings, and lay the results side by side.

    Each run is made by `train_and_evaluate` in `directory/runs/`. A run that has already finished
    with the same config is skipped, and one that was interrupted is resumed, so that the same
    sweep can be started again at any time. After each run `sweep.csv` (a row for each run),
    `sweep.md` (a row for each setting, mean over the seeds) and the figures `sweep.png`,
    `rate_distortion.png` and `reconstructions.png` are written anew.

    Everything is checked before the first training: settings, directories, data and models.

    Args:
        base: Config that every run starts from.
        vary: Values of each setting; see `sweep_points`.
        directory: Directory of the sweep.
        overrides: Settings of all runs, whatever their preset or members. Defaults to none.
        console: Console to print on. Defaults to the standard output.

    Returns:
        The runs in their order. A run that diverged has an `error` and no `metrics`.

    Raises:
        VAEKerasError: If a setting is invalid, or the data or the directory cannot be used.

    Example:
        >>> run_sweep(preset("mlp_512_256"), {"kl_weight": (0.1, 1, 4)}, "sweeps/beta")
    """
    console = console or Console(markup=False, emoji=False)  # a path may look like markup
    plans = planned_runs(sweep_points(base, vary, overrides=overrides), directory)
    _check_models([plan for plan in plans if not plan.done])
    report = SweepReport(Path(directory))
    with only_one(Path(directory) / "in_use", what="The directory of a sweep"), _many_models():
        plans = planned_runs(
            [plan.point for plan in plans], directory
        )  # anew: which are done by now
        _run_all(plans, report, console)
    report.print(console)
    return report.results


def raise_if_failed(results: Sequence[SweepResult]) -> None:
    """Raise `TrainingDivergedError`, with the names of the runs, if runs diverged."""
    failed = [result for result in results if result.error is not None]
    if failed:
        raise TrainingDivergedError(
            f"{len(failed)} of {len(results)} runs diverged: "
            + "; ".join(f"{result.directory.path.name} ({result.error})" for result in failed)
        )


def _check_models(plans: Sequence[PlannedRun]) -> None:
    """Build each model for its data, so that errors are raised before the first training."""
    for config in dict.fromkeys(plan.point.config.replace(seed=0) for plan in plans):
        build_model_for(config, load_data(config))
        forget_models()


def _run_all(plans: Sequence[PlannedRun], report: SweepReport, console: Console) -> None:
    """Train the runs that are not done, one after another, and add every run to the report."""
    seconds: list[float] = []
    for number, plan in enumerate(plans, start=1):
        heading = f"run {number} of {len(plans)}: {plan.point.label}"
        if plan.done:
            console.print(f"{heading}: already done, skipped", style="bold", highlight=False)
            report.add(_result(plan, metrics=read_run(plan.directory.path).metrics))
        else:
            left = sum(not other.done for other in plans[number - 1 :])
            console.print(f"{heading}{_time_left(seconds, left)}", style="bold", highlight=False)
            began = time.monotonic()
            try:
                report.add(_train(plan, console))
            except KeyboardInterrupt:
                line = f"{len(report.finished)} of {len(plans)} runs are done"
                console.print(f"{line}; the same command continues from there.", highlight=False)
                raise
            seconds.append(time.monotonic() - began)
        forget_models()
        if not plan.done or number == len(plans):
            report.write()


def _train(plan: PlannedRun, console: Console) -> SweepResult:
    try:
        metrics = train_and_evaluate(
            plan.point.config, plan.directory, resume=True, console=console
        )
    except TrainingDivergedError as error:
        console.print(str(error), style="bold red", highlight=False, soft_wrap=True)
        return _result(plan, error=str(error))
    return _result(plan, metrics=metrics)


def _result(
    plan: PlannedRun, *, metrics: dict[str, Any] | None = None, error: str | None = None
) -> SweepResult:
    return SweepResult(plan.point.settings, plan.point.config, plan.directory, metrics, error)


def _time_left(seconds: Sequence[float], runs: int) -> str:
    """Say how long the remaining runs will take at the pace of the finished ones."""
    if not seconds:
        return ""
    minutes = runs * sum(seconds) / len(seconds) / 60
    return f" (about {minutes:.0f} min left)" if minutes >= 1 else " (less than 1 min left)"


@contextlib.contextmanager
def _many_models() -> Iterator[None]:
    """Suppress TensorFlow's warning that one process builds many models, as a sweep does."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
