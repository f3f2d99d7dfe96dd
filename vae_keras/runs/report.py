"""The report of a run: one HTML page, made from the files of the run."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vae_keras.catalog import METRICS, STANDARD_ERROR
from vae_keras.config.config import Config
from vae_keras.data import ImageDataset
from vae_keras.errors import ArgumentError, RunDirectoryError, VAEKerasError
from vae_keras.evaluation import diagnose
from vae_keras.io.files import write_text
from vae_keras.io.text import printable
from vae_keras.models import ImageModel
from vae_keras.report import Explorer, Report, Table, explore
from vae_keras.runs.build import load_data
from vae_keras.runs.console import metric_rows, plain_console, print_findings, step_by_step
from vae_keras.runs.directory import RunDirectory, open_run
from vae_keras.runs.figures import CAPTIONS, write_figures
from vae_keras.runs.reading import (
    check_finished,
    read_environment,
    read_evaluation,
    read_history,
    read_metrics,
    run_settings,
)
from vae_keras.saving.load import load

# The metrics at the top of the page.
_HEADLINE = (
    "loss",
    "elbo",
    "kl_loss",
    "mse",
    "ssim",
    "knn_accuracy",
    "active_units",
    "anomaly_roc_auc",
)


def write_report(run: RunDirectory, vae: ImageModel, dataset: ImageDataset | None) -> None:
    """Write `report.html`.

    Args:
        run: A finished run.
        vae: Its model.
        dataset: Its data, for the latent explorer; with `None`, or images of other than one or
            three channels, there is no explorer.
    """
    explorer = None
    if dataset is not None and dataset.image_shape[-1] in (1, 3):
        test = dataset.test
        explorer = explore(vae, test.images, test.labels, class_names=dataset.class_names)
    names = None if dataset is None else dataset.class_names
    write_text(run.report, run_report(run, explorer, class_names=names).html)


def run_report(
    run: RunDirectory,
    explorer: Explorer | None = None,
    *,
    class_names: Sequence[str] | None = None,
) -> Report:
    """Put the page together from the files of a run.

    Args:
        run: A finished run.
        explorer: The latent explorer, or `None`.
        class_names: Names of the classes, by number; or `None` for the numbers.

    Raises:
        RunDirectoryError: If a file is missing or damaged.
    """
    config, metrics = run_settings(run), read_metrics(run)
    environment, history = read_environment(run), read_history(run)
    numbers = metrics.get("test")
    if not isinstance(numbers, dict):
        raise ArgumentError(f"`run` must hold the metrics of a test. Received: {run.metrics}")
    rows = metric_rows(numbers, regularizer=config.regularizer, objective=config.objective)
    training = metrics.get("training", {})
    return Report(
        title=run.path.absolute().name,
        subtitle=_subtitle(config, training, len(history.get("loss", ()))),
        headline=_headline(numbers),
        findings=_findings(metrics),
        figures=[
            (caption, _read_png(run.figures / f"{name}.png"))
            for name, caption in CAPTIONS.items()
            if (run.figures / f"{name}.png").is_file()
        ],
        explorer=explorer,
        tables=[
            Table("Test set", rows, header=("", "value", "standard error")),
            *_tables_of_parts(metrics, class_names),
            Table("Training", _flat(training), collapsed=True),
            Table("Settings", _flat(config.to_dict()), collapsed=True),
            Table("Environment", _flat(environment), collapsed=True),
        ],
    )


def _read_png(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunDirectoryError(
            f"`{path}` must be readable. Received: {error.strerror or error}"
        ) from error


def _subtitle(config: Config, training: dict[str, Any], epochs: int) -> str:
    parts = [
        config.data or config.dataset,
        f"{config.model}, {config.architecture}, code size {config.latent_dim}",
        f"{config.likelihood} likelihood",
        f"{training.get('epochs', epochs)} epochs",
    ]
    return " · ".join(parts)


def _headline(metrics: dict[str, float]) -> list[tuple[str, str, str]]:
    """Return label, value and note of each card at the top of the page."""
    cards = []
    for metric in (METRICS[name] for name in _HEADLINE if name in metrics):
        value = f"{metrics[metric.name]:.{metric.digits}f}"
        error = metrics.get(f"{metric.name}{STANDARD_ERROR}")
        note = "" if error is None else f"± {error:.{metric.digits}f}"
        if metric.name == "active_units":
            if metrics["latent_dim"] <= 2:
                continue
            note = f"of {metrics['latent_dim']:.0f}"
        if metric.name == "knn_accuracy" and "knn_accuracy_pixels" in metrics:
            note = f"raw pixels {metrics['knn_accuracy_pixels']:.3f}"
        cards.append((metric.heading, value, note))
    return cards


def _findings(metrics: dict[str, Any]) -> list[dict[str, str]]:
    severities = {"warning": "warning", "note": "info"}
    found = [
        {**one, "severity": severities.get(one["severity"], "info")}
        for one in metrics.get("findings", [])
    ]
    return found or [{"title": "Nothing conspicuous in the metrics", "severity": "good"}]


def _tables_of_parts(metrics: dict[str, Any], class_names: Sequence[str] | None) -> list[Table]:
    """Return the tables by class and by latent dimension, if there are such metrics."""
    tables = []
    by_class = metrics.get("by_class", {})
    if by_class:
        names = [n for n in by_class if n != "classes" and not n.endswith("_standard_error")]
        rows = [
            (
                class_names[number] if class_names else number,
                *(_number(by_class[name][row]) for name in names),
            )
            for row, number in enumerate(by_class["classes"])
        ]
        tables.append(Table("By class", rows, header=("class", *names), collapsed=True))
    by_dimension = metrics.get("by_dimension", {})
    if by_dimension:
        size = len(by_dimension["variance"])
        rows = [
            (f"z{j + 1}", *(_number(values[j]) for values in by_dimension.values()))
            for j in range(size)
        ]
        header = ("dimension", *by_dimension)
        tables.append(Table("By latent dimension", rows, header=header, collapsed=True))
    return tables


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else _text(value)


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{name}: ")
        else:
            rows.append((f"{prefix}{name}", _text(value)))
    return rows


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def diagnose_run(path: str) -> None:
    """Read the metrics of a finished run and print what is wrong with it, in plain words.

    Args:
        path: A run directory.

    Raises:
        RunDirectoryError: If it is not a run directory, or the run is not finished.
    """
    run = open_run(path)
    check_finished(run)
    findings = diagnose(
        read_metrics(run)["test"], read_history(run), kl_weight=run_settings(run).kl_weight
    )
    print_findings([asdict(one) for one in findings], plain_console())


def report_run(path: str) -> None:
    """Make the report of a finished run again, from its files.

    The explorer needs the data of the run; if they cannot be loaded, the report goes without it.

    Args:
        path: A run directory.

    Raises:
        RunDirectoryError: If it is not a run directory, or the run is not finished.
    """
    run = open_run(path)
    check_finished(run)
    console = plain_console()
    vae = load(path)
    dataset = None
    try:
        dataset = load_data(run_settings(run))
    except VAEKerasError as error:
        console.print(f"No explorer: {printable(error)}", style="bold yellow", highlight=False)
    else:
        with step_by_step("Drawing the figures that are missing", console):
            write_figures(
                run, vae, dataset, read_history(run), read_evaluation(run), missing_only=True
            )
    write_report(run, vae, dataset)
    console.print(f"The report is in {printable(run.report)}", highlight=False, soft_wrap=True)
