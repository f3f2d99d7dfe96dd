"""A result as Markdown."""

from collections.abc import Callable
from typing import Any

from comparison.contenders import ENTRIES, OURS

Cell = Callable[[dict[str, Any]], str]


def markdown(result: dict[str, Any]) -> str:
    """Write a result of this program as Markdown."""
    machine, settings, peak = result["machine"], result["settings"], result["peak"]
    lines = [
        f"# vae_keras {result['version']} beside its peers",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB"
        + (f"; {machine['accelerator']}" if machine["accelerator"] else "")
        + f"; {machine['system']}, Python {machine['python']}. {result['date']}.",
    ]
    if peak:
        lines.append(
            f"Highest rate of float32 products seen here: {peak['gflops']:,.0f} GFLOP/s "
            f"({peak['what']}{', TF32 allowed' if machine['accelerator'] else ''})."
        )
    lines += [
        f"Batches of {settings['batch_size']}. A ratio above 1 means that this package does "
        "better; it is the median of the rounds, with the quartiles behind it.",
        "",
        "| contender | what | device | versions |",
        "| --- | --- | --- | --- |",
    ]
    for name, one in result["contenders"].items():
        versions = ", ".join(f"{package} {version}" for package, version in one["versions"].items())
        lines.append(f"| `{name}` | {ENTRIES[name].about} | {one['device']} | {versions} |")
    for architecture, measured in result["architectures"].items():
        lines += ["", *_architecture(architecture, measured)]
    return "\n".join(lines) + "\n"


def _architecture(architecture: str, measured: dict[str, Any]) -> list[str]:
    figures, amounts = measured["figures"], measured["amounts"]
    load = {name: f"{before} to {after}" for name, (before, after) in measured["load"].items()}
    lines = [
        f"## {architecture}",
        "",
        f"{measured['parameters']:,} parameters, {measured['flop'] / 1e6:.1f} MFLOP an image and "
        "training step.",
    ]
    if "training" in figures:
        lines += _section(
            f"Training, {amounts['epochs']} epochs of {amounts['images']:,} images a round, "
            f"{amounts['rounds']} rounds (load {load['training']})",
            figures["training"],
            {
                "images/s": lambda one: f"{one['images_per_second']:,.0f}",
                "ours / theirs": _ratio,
                "ms a step": lambda one: f"{one['ms_per_step']:.2f}",
                "processor ms a step": lambda one: f"{one['processor_ms_per_step']:.2f}",
                "GFLOP/s": lambda one: f"{one['gflops']:,.0f}",
                "share of the peak": lambda one: _number(one.get("share_of_peak"), "{:.0%}"),
                "first epochs longer by, s": lambda one: _number(one.get("compile_seconds")),
            },
        )
    if "inference" in figures:
        lines += _section(
            f"Reconstruction of {amounts['inference_images']:,} images (load {load['inference']})",
            figures["inference"],
            {
                "images/s": lambda one: f"{one['images_per_second']:,.0f}",
                "ours / theirs": _ratio,
                "images per processor second": lambda one: (
                    f"{one['processor_images_per_second']:,.0f}"
                ),
            },
        )
    if "first_step" in figures:
        lines += _section(
            f"The first training step, {amounts['starts']} fresh processes "
            f"(load {load['first_step']})",
            figures["first_step"],
            {
                "s from process start": lambda one: f"{one['seconds_from_start']:.1f}",
                "s from `fit`": lambda one: f"{one['seconds_from_fit']:.2f}",
                "theirs / ours": _ratio,
            },
        )
    if "memory" in figures:
        lines += _section(
            "Largest memory in training",
            figures["memory"],
            {
                "process, MB": lambda one: f"{one['process_mb']:,.0f}",
                "accelerator, MB": lambda one: _number(one["device_mb"], "{:,.0f}"),
                "theirs / ours": _ratio,
            },
        )
    if "time_to_loss" in figures:
        lines += _section(
            f"Training time to a validation loss of {amounts['target']:g}, epochs of 10,000 images "
            f"(load {load['time_to_loss']})",
            figures["time_to_loss"],
            {
                "s": lambda one: _number(one["seconds"], "{:.1f}", f"not in {amounts['cap']:g}"),
                "epochs": lambda one: _number(one["epochs"]),
                "theirs / ours": _ratio,
            },
        )
    if "agreement" in figures:
        lines += _section(
            f"Validation loss after {amounts['agreement_epochs']} epochs of "
            f"{amounts['agreement_images']:,} images: all do the same",
            figures["agreement"],
            {"loss": lambda one: f"{one['loss']:.2f}"},
        )
    for name, reason in measured["skipped"].items():
        lines += ["", f"`{name}` was skipped: {reason}."]
    return lines


def _section(title: str, contenders: dict[str, Any], cells: dict[str, Cell]) -> list[str]:
    cells = {
        head: cell
        for head, cell in cells.items()
        if any(cell(one) for name, one in contenders.items() if name != OURS or len(contenders) < 2)
    }
    lines = ["", f"{title}:", "", f"| contender | {' | '.join(cells)} |"]
    lines.append(f"| --- |{' --- |' * len(cells)}")
    for name, one in contenders.items():
        values = ["" if name == OURS and cell is _ratio else cell(one) for cell in cells.values()]
        lines.append(f"| `{name}` | {' | '.join(values)} |")
    return lines


def _ratio(one: dict[str, Any]) -> str:
    if one["ratio"] is None:
        return ""
    low, high = one["ratio_quartiles"]
    spread = f" ({low:.2f} to {high:.2f})" if low != high else ""
    return f"{one['ratio']:.2f}{spread}"


def _number(value: float | None, form: str = "{:.1f}", otherwise: str = "") -> str:
    return otherwise if value is None else form.format(value)
