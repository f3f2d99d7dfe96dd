"""What a run prints: the model at the start, the numbers at the end."""

import shlex
from typing import Any

from rich.console import Console
from rich.table import Table

from vae_keras.run import RunDirectory

_ROWS = (
    ("loss", "test loss (reconstruction + weighted KL), nats", "{:.2f}"),
    ("recon_loss", "  reconstruction", "{:.2f}"),
    ("kl_loss", "  KL", "{:.2f}"),
    ("kl_scaled", "  KL, weighted", "{:.2f}"),
    ("mse", "MSE per pixel", "{:.4f}"),
    ("ssim", "SSIM", "{:.3f}"),
    ("knn_accuracy", "k-NN accuracy on codes (k = 5)", "{:.3f}"),
    ("knn_accuracy_pixels", "k-NN accuracy on raw pixels", "{:.3f}"),
)


def parameter_count(vae: Any) -> int:
    """Return the parameters of encoder and decoder, without the model's own counters."""
    return vae.encoder.count_params() + vae.decoder.count_params()


def print_model_summary(vae: Any, console: Console) -> None:
    """Print the layers of both halves, the parameter count first."""
    console.print(
        f"Model: {parameter_count(vae):,} parameters, code size {vae.latent_dim}, "
        f"{type(vae.likelihood).__name__} likelihood, KL weight {vae.kl_weight:g}",
        style="bold",
        highlight=False,
    )
    table = Table("layer", "output", box=None, pad_edge=False, header_style="dim")
    table.add_column("parameters", justify="right")
    for half in (vae.encoder, vae.decoder):
        for layer in half.layers:
            if layer.count_params() or not hasattr(layer, "batch_shape"):
                shape = " x ".join(str(n) for n in layer.output.shape[1:])
                table.add_row(f"{half.name}/{layer.name}", shape, f"{layer.count_params():,}")
    console.print(table)


def numbers_table(numbers: dict[str, float], *, title: str) -> Table:
    """Lay out the numbers of `evaluate`."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    weighted = abs(numbers["kl_scaled"] - numbers["kl_loss"]) > 1e-6
    for name, label, form in _ROWS:
        if name in numbers and (name != "kl_scaled" or weighted):
            table.add_row(label, form.format(numbers[name]))
    return table


def print_closing_table(
    metrics: dict[str, Any], run_directory: RunDirectory, console: Console
) -> None:
    """Print the test set's numbers and where everything is."""
    console.print()
    console.print(numbers_table(metrics["test"], title="Test set"))
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
