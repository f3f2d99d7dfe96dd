"""The figures of a sweep."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vae_keras import plotting
from vae_keras.catalog import METRICS
from vae_keras.plotting.style import PALETTE
from vae_keras.studies.finished import RunImages
from vae_keras.studies.sweep.table import SettingResults
from vae_keras.studies.sweep.values import value_text

_BARS = ("mse", "kl_loss", "ssim", "knn_accuracy", "sample_diversity")


def sweep_figure(groups: Sequence[SettingResults]) -> Any | None:
    """Draw the bars of a sweep: a panel for each metric that every group has.

    Args:
        groups: Runs by setting; a group without a finished run is left out.

    Returns:
        The figure, or `None` if there is nothing to draw.
    """
    groups = [group for group in groups if group.runs]
    if not groups:
        return None
    results = {}
    for name in _BARS:
        table = _table(groups, name)
        if table is not None:
            results[METRICS[name].heading] = table
    if not results:
        return None
    values = [group.label for group in groups]
    return plotting.plot_sweep(values, results, setting=_axis(groups))


def rate_distortion_figure(groups: Sequence[SettingResults]) -> Any | None:
    """Draw KL against reconstruction loss, a curve for each value of the second setting.

    Args:
        groups: Runs by setting; runs without a KL divergence are left out.

    Returns:
        The figure, or `None` if fewer than two groups are left, or there are more curves than
        colours.
    """
    runs = [(group, run) for group in groups for run in group.runs if "kl_loss" in run.numbers]
    setting, *others = groups[0].settings or ("seed",)
    curves = [_label(group, others) for group, _ in runs]
    if len({group.label for group, _ in runs}) < 2 or len(set(curves)) > len(PALETTE):
        return None
    axes = plotting.plot_rate_distortion(
        [run.numbers["kl_loss"] for _, run in runs],
        [run.numbers["recon_loss"] for _, run in runs],
        values=[_value(group.settings[setting]) for group, _ in runs],
        setting=setting,
        groups=curves if others else None,
    )
    return axes.figure


def reconstructions_figure(images: Mapping[str, RunImages]) -> Any | None:
    """Draw the same test images over each model's reconstructions.

    Args:
        images: Images of each model, by the name of its row.

    Returns:
        The figure, or `None` if the models were given different images.
    """
    seen = list(images.values())
    if not seen or len({one.test_set for one in seen}) > 1:
        return None
    axes = plotting.plot_reconstructions_of_models(
        seen[0].originals,
        np.stack([one.reconstructions for one in seen]),
        names=list(images),
    )
    return axes.figure


def _table(groups: Sequence[SettingResults], name: str) -> np.ndarray | None:
    """Return a metric by group and seed, for the seeds that all groups have; `None` if none."""
    of_groups = [
        {run.config.seed: run.numbers[name] for run in group.runs if name in run.numbers}
        for group in groups
    ]
    seeds = [seed for seed in of_groups[0] if all(seed in by_seed for by_seed in of_groups)]
    if not seeds:
        return None
    return np.array([[by_seed[seed] for seed in seeds] for by_seed in of_groups])


def _axis(groups: Sequence[SettingResults]) -> str:
    return ", ".join(groups[0].settings)


def _label(group: SettingResults, names: Sequence[str]) -> str:
    return ", ".join(f"{name}={value_text(group.settings[name])}" for name in names)


def _value(value: Any) -> Any:
    """Return a value as the plots order and write it: a number as it is, a whole one as `int`."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, (int, float)) else value_text(value)
