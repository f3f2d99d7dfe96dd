"""What is printed: the presets, the model at the start of a run, the metrics at the end."""

import contextlib
import math
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vae_keras.catalog import METRICS, STANDARD_ERROR
from vae_keras.config.config import Config
from vae_keras.config.preset_table import SUMMARIES
from vae_keras.io.text import printable
from vae_keras.runs.directory import RunDirectory

if TYPE_CHECKING:
    from vae_keras.models import ImageModel

_PAGE_WIDTH = 100  # of a notebook, in characters
_LINE_LENGTH = 200  # of output to a file or another program, where lines must not be broken
_MUCH_MEMORY = 2.0  # GiB; of a machine with 8, a step should not take more
# Their lines depend on the model; see `_loss_rows`.
_LOSSES = ("loss", "recon_loss", "kl_loss", "kl_scaled")


def print_presets() -> None:
    """Print the presets; one line each if the output is not a terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_LINE_LENGTH)
    table = Table.grid(padding=(0, 2))
    for name, summary in SUMMARIES.items():
        table.add_row(name, Text(summary))
    console.print(table, highlight=False)
    console.print(
        "\nvae-keras train --preset NAME; any flag overrides one of its settings", highlight=False
    )


def plain_console() -> Console:
    """Return a console on the standard output; in a notebook, one that only adds lines.

    A notebook would store every state of a line that is replaced by the next.
    """
    console = Console(markup=False, emoji=False)  # no markup: a path may contain `[...]`
    if not console.is_jupyter:
        return console
    return Console(
        markup=False, emoji=False, force_jupyter=False, force_terminal=False, width=_PAGE_WIDTH
    )


def parameter_count(vae: "ImageModel") -> int:
    """Return the parameters of encoder and decoder, without the model's own counters."""
    return vae.encoder.count_params() + vae.decoder.count_params()


def print_model_summary(vae: "ImageModel", console: Console, batch_size: int) -> None:
    """Print what the model is made of, its layers, and the memory of a step of `batch_size`."""
    console.print(f"Model: {_describe_model(vae)}", style="bold", highlight=False)
    table = Table("layer", "output", box=None, pad_edge=False, header_style="dim")
    table.add_column("parameters", justify="right")
    for half in (vae.encoder, vae.decoder):
        for layer in half.layers:
            if layer.count_params() or not hasattr(layer, "batch_shape"):
                shape = " x ".join(str(n) for n in layer.output.shape[1:])
                table.add_row(f"{half.name}/{layer.name}", shape, f"{layer.count_params():,}")
    console.print(table)
    console.print(_describe_memory(vae, batch_size), highlight=False, soft_wrap=True)


def _describe_memory(vae: "ImageModel", batch_size: int) -> str:
    """Return what a training step takes, and the batch that takes less if that is much."""
    from vae_keras.models import step_memory

    def gibibytes(images: int) -> float:
        return step_memory(vae.encoder, vae.decoder, images) / 2**30

    text = f"A training step of {batch_size} images takes about {gibibytes(batch_size):.1f} GiB"
    fewer = batch_size
    while fewer > 1 and gibibytes(fewer) > _MUCH_MEMORY:
        fewer //= 2
    if fewer < batch_size:
        text += f"; with --batch-size {fewer}, about {gibibytes(fewer):.1f} GiB"
    return text


def metrics_table(
    metrics: Mapping[str, float], *, title: str, regularizer: str = "kl", objective: str = "elbo"
) -> Table:
    """Lay out what `evaluate` returned.

    Args:
        metrics: Metrics of a model of any kind, by name.
        title: Line above the table.
        regularizer: Name of the model's regulariser, as in the config.
        objective: Name of the model's objective, as in the config.
    """
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    rows = metric_rows(metrics, regularizer=regularizer, objective=objective)
    for label, value, error in rows:
        table.add_row(label, value, f"± {error}" if error else "")
    return table


def metric_rows(
    metrics: Mapping[str, float], *, regularizer: str = "kl", objective: str = "elbo"
) -> list[tuple[str, str, str]]:
    """Return label, value and standard error of each metric as text, in the catalog's order.

    Args:
        metrics: Metrics of a model of any kind, by name.
        regularizer: Name of the model's regulariser, as in the config.
        objective: Name of the model's objective, as in the config.
    """
    rows = _loss_rows(metrics, regularizer, objective)
    rows += [
        (name, metric.heading, metric.digits)
        for name, metric in METRICS.items()
        if name in metrics and name not in _LOSSES
    ]
    texts = []
    for name, label, digits in rows:
        if name in metrics:
            error = metrics.get(f"{name}{STANDARD_ERROR}")
            text = "" if error is None else f"{error:.{digits}f}"
            texts.append((label, f"{metrics[name]:.{digits}f}", text))
    return texts


@contextlib.contextmanager
def step_by_step(title: str, console: Console) -> Iterator[Callable[[str], None]]:
    """Show progress of a job that takes long; yield a function that takes a line for each step.

    On a terminal each line replaces the one before; a file gets them all.

    Args:
        title: What is being done.
        console: Where progress is printed.
    """
    if not console.is_terminal:
        console.print(f"{title} ...", style="dim", highlight=False)
        yield lambda line: console.print(f"  {line}", style="dim", highlight=False)
        return
    with console.status(f"{title} ...") as status:
        yield lambda line: status.update(f"{title}: {line} ...")


def print_findings(findings: Sequence[Mapping[str, str]], console: Console) -> None:
    """Print what `diagnose` found, warnings first.

    Args:
        findings: Each with `severity`, `title`, `text` and `advice`.
        console: Where they are printed.
    """
    if not findings:
        console.print("Nothing conspicuous in the metrics.", highlight=False)
    for finding in findings:
        style = "bold yellow" if finding["severity"] == "warning" else "bold"
        console.print(finding["title"], style=style, highlight=False)
        console.print(f"  {finding['text']} {finding['advice']}", highlight=False)


def member_name(part: object) -> str:
    """Return the name that a member of an axis has in the settings, say `"free_bits"`."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", type(part).__name__).lower()


def print_closing_table(
    metrics: dict[str, Any], config: Config, run_directory: RunDirectory, console: Console
) -> None:
    """Print the metrics of the test set and where the files of the run are."""
    console.print()
    console.print(
        metrics_table(
            metrics["test"],
            title="Test set",
            regularizer=config.regularizer,
            objective=config.objective,
        )
    )
    print_findings(metrics["findings"], console)
    training = metrics["training"]
    line = f"{training['epochs']} epochs, {training['seconds'] / 60:.1f} minutes"
    if training["peak_memory_mib"] is not None:
        line += f", peak memory {training['peak_memory_mib']:.0f} MiB"
    console.print(line, highlight=False)
    path = printable(run_directory.path)
    again = shlex.quote(printable(run_directory.config))
    console.print(f"Everything is in {path}", style="bold", highlight=False, soft_wrap=True)
    console.print(
        f"  look:   {path}/report.html\n"
        f"  load:   vae_keras.load({str(run_directory.path)!r})\n"
        f"  again:  vae-keras train --config {again}",
        highlight=False,
        soft_wrap=True,
    )


def _describe_model(vae: "ImageModel") -> str:
    """Return the parts of a model in one line, without those that every VAE has by default."""
    parts = [f"{parameter_count(vae):,} parameters", f"code size {vae.latent_dim}"]
    if vae.num_classes:
        parts.append(f"given one of {vae.num_classes} classes")
    if not vae.is_variational:
        return ", ".join([*parts, "plain autoencoder, mean squared error"])
    parts.append(f"{type(vae.likelihood).__name__} likelihood")
    for axis, usual in (("prior", "standard_normal"), ("objective", "elbo")):
        part = getattr(vae, axis)
        if member_name(part) != usual:
            parts.append(f"{type(part).__name__} {axis}")
    parts.append(f"{type(vae.regularizer).__name__} weight {vae.kl_weight:g}")
    return ", ".join(parts)


def _loss_rows(
    metrics: Mapping[str, float], regularizer: str, objective: str
) -> list[tuple[str, str, int]]:
    """Return name, label and digits of the loss and its terms, as they are in this model."""
    if "kl_loss" not in metrics:
        rows = [("loss", "test loss (mean squared error per pixel value)", 4)]
        if not math.isclose(metrics["loss"], metrics["recon_loss"], rel_tol=1e-6):
            rows.append(("recon_loss", "  without the losses of its layers", 4))
        return rows
    reconstruction = ("recon_loss", "  reconstruction", 2)
    kl, weighted_kl = ("kl_loss", "  KL", 2), ("kl_scaled", "  KL, weighted", 2)
    if objective != "elbo":
        bound = f"test loss (negative {objective.replace('_', '-')} bound), nats"
        return [("loss", bound, 2), reconstruction, kl]
    if regularizer == "kl":
        rows = [("loss", "test loss (reconstruction + weighted KL), nats", 2), reconstruction, kl]
        weighted = abs(metrics["kl_scaled"] - metrics["kl_loss"]) > 1e-6
        return [*rows, weighted_kl] if weighted else rows
    penalty = regularizer.replace("_", " ")
    return [
        ("loss", "test loss (reconstruction + weighted regulariser), nats", 2),
        reconstruction,
        ("kl_scaled", f"  regulariser ({penalty}), weighted", 2),
        ("kl_loss", METRICS["kl_loss"].heading, 2),
    ]
