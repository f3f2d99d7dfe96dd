"""The runs of a sweep: a `Config` for each combination of the varied settings."""

import hashlib
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vae_keras.config.config import Config
from vae_keras.config.presets import check_members, preset
from vae_keras.errors import ArgumentError
from vae_keras.studies.sweep.values import check_setting, value_text

_LONGEST_NAME = 120  # characters of a directory's name; file systems allow 255 bytes


@dataclass(frozen=True)
class SweepPoint:
    """One run of a sweep.

    Args:
        settings: The varied settings, in the order in which they were given.
        config: The config of the run.
    """

    settings: dict[str, Any]
    config: Config

    @property
    def label(self) -> str:
        """The varied settings for the reader, say `"kl_weight=4 seed=0"`."""
        return " ".join(f"{name}={value_text(value)}" for name, value in self.settings.items())

    @property
    def name(self) -> str:
        """Name of the directory, say `"kl_weight=4,seed=0"`, valid on every file system."""
        written = ",".join(
            f"{name}={'unset' if value is None else value_text(value)}"
            for name, value in self.settings.items()
        )
        plain = re.sub(r"[\[\]]", "", re.sub(r"(?<=\d),(?=\d)", "-", written))
        safe = re.sub(r"[^\w.,=+-]+", "_", plain)
        if safe == plain and len(safe) <= _LONGEST_NAME:
            return safe
        digest = hashlib.sha256(written.encode()).hexdigest()[:8]
        return f"{safe[:_LONGEST_NAME]}-{digest}"


def sweep_points(
    base: Config,
    vary: Mapping[str, Sequence[Any]],
    *,
    overrides: Mapping[str, Any] | None = None,
) -> list[SweepPoint]:
    """Return the runs of a sweep: every combination of the values.

    As in `Config.replace`, another architecture or member of an axis gets its own defaults in
    place of the options in `base`; the options in `overrides` apply to every member.

    Args:
        base: Config that every run starts from. If `preset` is varied, each run starts from its
            own preset instead, and `base` must be an unchanged preset.
        vary: Values of each setting; the last setting changes fastest.
        overrides: Settings of all runs. Defaults to none.

    Raises:
        ArgumentError: If nothing is varied, a setting or member does not exist, a value is given
            twice, or a combination is invalid.

    Example:
        >>> [point.label for point in sweep_points(preset("conv"), {"latent_dim": (2, 20)})]
        ['latent_dim=2', 'latent_dim=20']
    """
    overrides = overrides or {}
    _check_vary(base, vary, overrides)
    points = []
    for values in itertools.product(*vary.values()):
        settings = dict(zip(vary, values, strict=True))
        start = preset(settings["preset"]) if "preset" in settings else base
        config = start.replace(**{**overrides, **settings}).with_absolute_data()
        check_members(config)
        points.append(SweepPoint(settings, config))
    names = [point.name for point in points]
    if len({name.casefold() for name in names}) < len(names):
        raise ArgumentError(
            "`vary` must give each run another name, even where upper and lower case are the same. "
            f"Received: {', '.join(names)}"
        )
    return points


def _check_vary(
    base: Config, vary: Mapping[str, Sequence[Any]], overrides: Mapping[str, Any]
) -> None:
    if not vary:
        raise ArgumentError("`vary` must hold at least one setting. Received: none")
    for name in (*vary, *overrides):
        check_setting(name)
    for name, values in vary.items():
        _check_values(name, values)
    both = [name for name in vary if name in overrides]
    if both:
        raise ArgumentError(
            "`vary` must not hold a setting that is also set for all runs. "
            f"Received: {', '.join(both)}"
        )
    if "backend" in vary:
        raise ArgumentError(
            "`vary` must not hold `backend`, as a process has only one. Received: "
            f"backend={','.join(map(value_text, vary['backend']))}"
        )
    if "preset" in vary and base != preset(base.preset):
        raise ArgumentError(
            "`base` must be an unchanged preset if `preset` is varied; `overrides` applies to all "
            "runs. Received: a changed `base`"
        )


def _check_values(name: str, values: Sequence[Any]) -> None:
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        raise ArgumentError(
            f"`vary` must hold a list of values for each setting. Received: {name}={values!r}"
        )
    twice = [value for number, value in enumerate(values) if value in values[:number]]
    if twice:
        raise ArgumentError(
            f"`vary` must hold each value once. Received: {name}={value_text(twice[0])} twice"
        )
