"""Comparing a table with one that was kept: by ratios, as machines and their load differ."""

from typing import Any

LARGEST_FALL = 0.10


def regressions(old: dict[str, Any], new: dict[str, Any]) -> tuple[list[str], int]:
    """Find the ratios that fell.

    A ratio has fallen where its median is more than 10 % lower than the old one, and beyond the
    quartiles: the new upper one is below the old lower one.

    Args:
        old: A result of this program.
        new: A later one.

    Returns:
        A line for each that fell, and the number of ratios that both results have.
    """
    fell, compared = [], 0
    for architecture, measures in old["architectures"].items():
        for measure, contenders in measures["figures"].items():
            for name, before in contenders.items():
                found = new["architectures"].get(architecture, {}).get("figures", {})
                after = found.get(measure, {}).get(name, {})
                if not before.get("ratio") or not after.get("ratio") or name == "vae_keras":
                    continue
                compared += 1
                beyond = after["ratio_quartiles"][1] < before["ratio_quartiles"][0]
                if after["ratio"] < (1 - LARGEST_FALL) * before["ratio"] and beyond:
                    fell.append(
                        f"{architecture}, {measure}, against {name}: {after['ratio']:.2f} "
                        f"({_span(after)}), was {before['ratio']:.2f} ({_span(before)})"
                    )
    return fell, compared


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Say in which circumstances two results differ, as far as that can move a ratio."""
    lines = []
    for key, what in (("machine", "machine"), ("settings", "setting")):
        for name in sorted({*old[key], *new[key]} - {"load", "memory_gb"}):
            before, after = old[key].get(name), new[key].get(name)
            if before != after:
                lines.append(f"{what}, {name}: {after}, was {before}")
    for name in sorted({*old["contenders"]} & {*new["contenders"]}):
        for key in ("versions", "device", "backend"):
            before, after = old["contenders"][name].get(key), new["contenders"][name].get(key)
            if before != after:
                lines.append(f"{name}, {key}: {after}, was {before}")
    return lines


def _span(figure: dict[str, Any]) -> str:
    low, high = figure["ratio_quartiles"]
    return f"quartiles {low:.2f} to {high:.2f}"
