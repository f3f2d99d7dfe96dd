"""What is printed: the presets, the model at the start of a run, the numbers at the end."""

import math
import re
import shlex
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vae_keras.config import read_config
from vae_keras.preset_table import SUMMARIES
from vae_keras.run import RunDirectory

_LINE_LENGTH = 200  # of what goes to a file or another program, where no line is to be broken
# Name, label, form; below the losses.
_ROWS = (
    ("elbo", "evidence lower bound (ELBO), nats", "{:.2f}"),
    ("log_likelihood", "log-likelihood, nats", "{:.2f}"),
    ("log_likelihood_standard_error", "  its standard error", "{:.2f}"),
    ("bits_per_dimension", "  in bits per dimension (less is better)", "{:.4f}"),
    ("mse", "MSE per pixel", "{:.4f}"),
    ("ssim", "SSIM", "{:.3f}"),
    ("knn_accuracy", "k-NN accuracy on codes (k = 5)", "{:.3f}"),
    ("knn_accuracy_pixels", "k-NN accuracy on raw pixels", "{:.3f}"),
)


def print_presets() -> None:
    """Print the presets, one line each where the output is no terminal."""
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


def parameter_count(vae: Any) -> int:
    """Return the parameters of encoder and decoder, without the model's own counters."""
    return vae.encoder.count_params() + vae.decoder.count_params()


def print_model_summary(vae: Any, console: Console) -> None:
    """Print what the model is made of and the layers of both halves."""
    console.print(f"Model: {_described(vae)}", style="bold", highlight=False)
    table = Table("layer", "output", box=None, pad_edge=False, header_style="dim")
    table.add_column("parameters", justify="right")
    for half in (vae.encoder, vae.decoder):
        for layer in half.layers:
            if layer.count_params() or not hasattr(layer, "batch_shape"):
                shape = " x ".join(str(n) for n in layer.output.shape[1:])
                table.add_row(f"{half.name}/{layer.name}", shape, f"{layer.count_params():,}")
    console.print(table)


def numbers_table(
    numbers: dict[str, float], *, title: str, regularizer: str = "kl", objective: str = "elbo"
) -> Table:
    """Lay out the numbers of `evaluate`.

    Args:
        numbers: Of a model of any kind.
        title: Line above the table.
        regularizer: Name of the model's regulariser, as in the settings.
        objective: Name of the model's objective, as in the settings.
    """
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, label, form in (*_loss_rows(numbers, regularizer, objective), *_ROWS):
        if name in numbers:
            table.add_row(label, form.format(numbers[name]))
    return table


def member_name(part: Any) -> str:
    """Return the name that a member of an axis has in the settings, say `"free_bits"`."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", type(part).__name__).lower()


def print_closing_table(
    metrics: dict[str, Any], run_directory: RunDirectory, console: Console
) -> None:
    """Print the test set's numbers and where everything is."""
    config = read_config(run_directory.config)
    console.print()
    console.print(
        numbers_table(
            metrics["test"],
            title="Test set",
            regularizer=config.regularizer,
            objective=config.objective,
        )
    )
    training = metrics["training"]
    line = f"{training['epochs']} epochs, {training['seconds'] / 60:.1f} minutes"
    if training["peak_memory_mib"] is not None:
        line += f", peak memory {training['peak_memory_mib']:.0f} MiB"
    console.print(line, highlight=False)
    path = run_directory.path
    console.print(f"Everything is in {path}", style="bold", highlight=False, soft_wrap=True)
    console.print(
        f"  look:   {path}/figures/\n"
        f"  load:   vae_keras.load({str(path)!r})\n"
        f"  again:  vae-keras train --config {shlex.quote(str(run_directory.config))}",
        highlight=False,
        soft_wrap=True,
    )


def _described(vae: Any) -> str:
    """Return the parts of a model in one line; those that every VAE has by default go unsaid."""
    parts = [f"{parameter_count(vae):,} parameters", f"code size {vae.latent_dim}"]
    if vae.num_classes:
        parts.append(f"given one of {vae.num_classes} classes")
    if not hasattr(vae, "regularizer"):
        return ", ".join([*parts, "plain autoencoder, mean squared error"])
    parts.append(f"{type(vae.likelihood).__name__} likelihood")
    for axis, usual in (("prior", "standard_normal"), ("objective", "elbo")):
        part = getattr(vae, axis)
        if member_name(part) != usual:
            parts.append(f"{type(part).__name__} {axis}")
    parts.append(f"{type(vae.regularizer).__name__} weight {vae.kl_weight:g}")
    return ", ".join(parts)


def _loss_rows(
    numbers: dict[str, float], regularizer: str, objective: str
) -> list[tuple[str, str, str]]:
    """Return name, label and form of each row on the loss: what it is made of in this model."""
    if "kl_loss" not in numbers:
        rows = [("loss", "test loss (mean squared error per pixel value)", "{:.4f}")]
        if not math.isclose(numbers["loss"], numbers["recon_loss"], rel_tol=1e-6):
            rows.append(("recon_loss", "  without the losses of its layers", "{:.4f}"))
        return rows
    reconstruction = ("recon_loss", "  reconstruction", "{:.2f}")
    kl, weighted_kl = ("kl_loss", "  KL", "{:.2f}"), ("kl_scaled", "  KL, weighted", "{:.2f}")
    if objective != "elbo":
        bound = f"test loss (negative {objective.replace('_', '-')} bound), nats"
        return [("loss", bound, "{:.2f}"), reconstruction, kl]
    if regularizer == "kl":
        rows = [("loss", "test loss (reconstruction + weighted KL), nats", "{:.2f}")]
        weighted = abs(numbers["kl_scaled"] - numbers["kl_loss"]) > 1e-6
        return [*rows, reconstruction, kl, *([weighted_kl] if weighted else [])]
    penalty = regularizer.replace("_", " ")
    return [
        ("loss", "test loss (reconstruction + weighted regulariser), nats", "{:.2f}"),
        reconstruction,
        ("kl_scaled", f"  regulariser ({penalty}), weighted", "{:.2f}"),
        ("kl_loss", "KL, nats", "{:.2f}"),
    ]
