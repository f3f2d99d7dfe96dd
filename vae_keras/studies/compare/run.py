"""Finished runs side by side: what `vae-keras compare` does."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from vae_keras.errors import ArgumentError, DataError
from vae_keras.io.text import printable
from vae_keras.plotting.style import PALETTE
from vae_keras.studies.comparable import in_words, reasons_not_to_compare
from vae_keras.studies.compare.page import Comparison, comparison_page
from vae_keras.studies.compare.table import BEST, comparison_table, run_names
from vae_keras.studies.finished import FinishedRun, RunImages, forget_models, read_run, run_images
from vae_keras.studies.metrics import compared_metrics

MOST_RUNS = len(PALETTE)  # a colour for each


def compare_runs(
    runs: Sequence[str | Path], output: str | Path, *, console: Console | None = None
) -> Comparison:
    """Lay finished runs side by side, print their metrics and write a page.

    A metric that has another meaning in one run than in another (other test images, a density
    beside a probability, another weight of the KL divergence) is shown too, but no value of it is
    marked as the best, and a sentence says why.

    Args:
        runs: Run directories, 2 to 10.
        output: The page, an `.html` file.
        console: Console to print on. Defaults to the standard output.

    Returns:
        The comparison.

    Raises:
        ArgumentError: If there are too few or too many runs, a run is given twice, or `output` has
            another suffix.
        RunDirectoryError: If a directory holds no finished run, or the page cannot be written.

    Example:
        >>> compare_runs(["runs/vae", "runs/autoencoder"], "comparison.html")
    """
    console = console or Console(markup=False, emoji=False)
    _check(runs, Path(output))
    finished = [read_run(path) for path in runs]
    names = [printable(name) for name in run_names([run.directory.path for run in finished])]
    images: list[RunImages | None] = []
    notes = []
    for name, run in zip(names, finished, strict=True):
        try:
            images.append(_images(run))
        except (ArgumentError, DataError) as error:
            images.append(None)
            notes.append(f"The data of {name} cannot be loaded: {error}")
    compared = compared_metrics(run.metrics for run in finished)
    reasons = reasons_not_to_compare(finished, images, compared)
    notes += in_words(reasons, compared)
    comparison = Comparison(names, finished, images, reasons, notes)
    console.print(comparison_table(comparison.numbers, names))
    console.print(f"{BEST} best of a row", style="dim", highlight=False)
    for note in comparison.notes:
        console.print(printable(note), highlight=False, soft_wrap=True)
    comparison_page(comparison).save(output)
    console.print(f"The page is {printable(output)}", style="bold", highlight=False, soft_wrap=True)
    return comparison


def _check(runs: Sequence[str | Path], output: Path) -> None:
    if not 2 <= len(runs) <= MOST_RUNS:
        raise ArgumentError(
            f"`runs` must be 2 to {MOST_RUNS} run directories. Received: {len(runs)}"
        )
    places = [Path(path).resolve() for path in runs]
    twice = [path for path, place in zip(runs, places, strict=True) if places.count(place) > 1]
    if twice:
        raise ArgumentError(
            f"`runs` must hold each run once. Received: {' and '.join(map(str, twice))}, the same"
        )
    if output.suffix != ".html":
        raise ArgumentError(f"`output` must end in .html. Received: output={str(output)!r}")


def _images(run: FinishedRun) -> RunImages:
    try:
        return run_images(run)
    finally:
        forget_models()
