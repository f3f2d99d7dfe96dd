"""From the answers of the contenders to figures: medians, and ratios of this package to each peer.

A ratio is taken within a round, so that a machine whose speed drifts slows both sides of it, and is
always made so that more than 1 means that this package does better.
"""

import statistics
from typing import Any

from comparison.contenders import OURS
from comparison.measures import Amounts

Figures = dict[str, dict[str, dict[str, Any]]]  # measure -> contender -> named values


def all_figures(
    samples: dict[str, dict[str, list[Any]]],
    amounts: Amounts,
    *,
    flop: int,
    batch_size: int,
    peak: float | None,
) -> Figures:
    """Return the figures of one architecture.

    Args:
        samples: What `Comparison.run` gathered.
        amounts: How much was done.
        flop: Operations of an image and training step.
        batch_size: Images a step.
        peak: Highest rate seen of this machine, GFLOP/s, if it was measured.
    """
    figures: Figures = {}
    trained = amounts.images * amounts.epochs
    steps = -(-amounts.images // batch_size) * amounts.epochs
    for name, rounds in samples.get("training", {}).items():
        figure = _rate(rounds, trained, _by_round(samples["training"].get(OURS), "wall"))
        figure["ms_per_step"] = 1000 * _median(rounds, "wall") / steps
        figure["processor_ms_per_step"] = 1000 * _median(rounds, "processor") / steps
        figure["gflops"] = figure["images_per_second"] * flop / 1e9
        if peak:
            figure["share_of_peak"] = figure["gflops"] / peak
        for cold in samples.get("cold_epochs", {}).get(name, []):
            warm = 2 * _median(rounds, "wall") / amounts.epochs
            figure["compile_seconds"] = max(0.0, cold["wall"] - warm)
        figures.setdefault("training", {})[name] = figure
    for name, rounds in samples.get("inference", {}).items():
        figures.setdefault("inference", {})[name] = _rate(
            rounds, amounts.inference_images, _by_round(samples["inference"].get(OURS), "wall")
        )
    for name, starts in samples.get("first_step", {}).items():
        ours = _by_round(samples["first_step"].get(OURS), "start")
        figures.setdefault("first_step", {})[name] = {
            "seconds_from_start": _median(starts, "start"),
            "seconds_from_fit": _median(starts, "fit"),
            **_ratio([one["start"] / ours[one["round"]] for one in starts if one["round"] in ours]),
        }
    for name, (answer, *_) in samples.get("memory", {}).items():
        ours = samples["memory"][OURS][0]
        figures.setdefault("memory", {})[name] = {
            "process_mb": answer["process"] / 1e6,
            "device_mb": answer["device"] / 1e6 if answer["device"] else None,
            **_ratio([answer["process"] / ours["process"]]),
        }
    for name, (answer, *_) in samples.get("agreement", {}).items():
        figures.setdefault("agreement", {})[name] = {"loss": answer["loss"]}
    for name, (answer, *_) in samples.get("time_to_loss", {}).items():
        seconds, epochs = reached(answer["curve"], amounts.target)
        ours, _ = reached(samples["time_to_loss"][OURS][0]["curve"], amounts.target)
        figures.setdefault("time_to_loss", {})[name] = {
            "seconds": seconds,
            "epochs": epochs,
            "curve": answer["curve"],
            **_ratio([seconds / ours] if seconds and ours else []),
        }
    return figures


def reached(curve: list[tuple[float, float]], target: float) -> tuple[float | None, float | None]:
    """Return the seconds and epochs at which a loss was reached, between two epochs if need be.

    Args:
        curve: Seconds and loss after each epoch.
        target: The loss.

    Returns:
        `(None, None)` if it never was. The first epoch has nothing before it: it counts whole.
    """
    for number, (seconds, loss) in enumerate(curve):
        if loss <= target:
            if number == 0:
                return seconds, 1.0
            before, higher = curve[number - 1]
            share = (higher - target) / (higher - loss)
            return before + share * (seconds - before), number + share
    return None, None


def disagreeing(figures: Figures, tolerance: float) -> list[str]:
    """Return who ended further than `tolerance` (a share) from the median of all losses."""
    losses = {name: one["loss"] for name, one in figures.get("agreement", {}).items()}
    if not losses:
        return []
    middle = statistics.median(losses.values())
    return [
        f"{name}: a loss of {loss:.2f}, where the median is {middle:.2f}"
        for name, loss in losses.items()
        if not abs(loss - middle) <= tolerance * abs(middle)
    ]


def quartiles(values: list[float]) -> tuple[float, float]:
    """Return the lower and upper quartile, of one value twice that."""
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def _rate(rounds: list[Any], images: int, ours: dict[int, float]) -> dict[str, Any]:
    rates = [images / answer["wall"] for answer in rounds]
    ratios = [
        answer["wall"] / ours[answer["round"]] for answer in rounds if answer["round"] in ours
    ]
    return {
        "images_per_second": statistics.median(rates),
        "images_per_second_quartiles": quartiles(rates),
        "processor_images_per_second": images / _median(rounds, "processor"),
        **_ratio(ratios),
        "seconds": [answer["wall"] for answer in rounds],
        "processor_seconds": [answer["processor"] for answer in rounds],
    }


def _ratio(ratios: list[float]) -> dict[str, Any]:
    if not ratios:
        return {"ratio": None, "ratio_quartiles": None}
    return {"ratio": statistics.median(ratios), "ratio_quartiles": quartiles(ratios)}


def _by_round(answers: list[Any] | None, clock: str) -> dict[int, float]:
    return {answer["round"]: answer[clock] for answer in answers or []}


def _median(answers: list[Any], key: str) -> float:
    return statistics.median(answer[key] for answer in answers)
