"""Everything that decides what a run computes, as one flat record that replays it."""

import dataclasses
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from vae_keras.errors import ArgumentError

BACKENDS = ("tensorflow", "jax", "torch")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of a run. The command line's flags are these fields.

    Options of an architecture that are `None` take that architecture's own default.

    Raises:
        ArgumentError: If a value makes no sense by itself, or two contradict each other. Names of
            data sets and of members are checked where they are looked up.
    """

    preset: str = "default"
    """Published or recommended settings to start from; any flag overrides one of them."""
    dataset: str = "fashion_mnist"
    """Data set: fashion_mnist, mnist, digits, folder, array."""
    data: str | None = None
    """Path of the data: the data set's own files, a folder of images, an .npz or .npy file."""
    train_size: int | None = None
    """Use only the first N training images."""
    validation_size: int = 5000
    """Training images held out for validation."""
    architecture: str = "conv"
    """Architecture of encoder and decoder: conv, mlp, stable_conv."""
    filters: tuple[int, ...] | None = None
    """Channels of the encoder's convolutions; the decoder has them in reverse."""
    kernel_size: int | None = None
    """Side of the encoder's convolution kernels, in pixels."""
    decoder_kernel_size: int | None = None
    """Side of the decoder's convolution kernels, in pixels."""
    encoder_units: tuple[int, ...] | None = None
    """Widths of the encoder's dense layers."""
    decoder_units: tuple[int, ...] | None = None
    """Widths of the decoder's dense layers."""
    activation: str | None = None
    """Activation between layers, by its Keras name."""
    normalization: Literal["none", "layer", "batch"] | None = None
    """Normalisation of the dense layers."""
    likelihood: str = "squared_error"
    """Likelihood p(x | z): squared_error, bernoulli."""
    latent_dim: int = 2
    """Size of a code."""
    kl_weight: float = 1.0
    """Final weight of the KL divergence; 1 is the evidence lower bound."""
    warmup_epochs: int = 0
    """Epochs over which the KL weight rises from 0."""
    epochs: int = 20
    """Epochs at most; early stopping may end sooner."""
    batch_size: int = 128
    """Images a training step."""
    learning_rate: float = 1e-3
    """Adam's learning rate at the start."""
    plateau_patience: int = 5
    """Epochs without a better validation loss until the learning rate is cut."""
    plateau_factor: float = 0.5
    """Factor of each cut of the learning rate."""
    plateau_min_delta: float = 1e-4
    """Smallest fall of the validation loss, in nats, that counts for the plateau rule."""
    min_learning_rate: float = 0.0
    """Learning rate below which it is not cut."""
    early_stopping_patience: int = 10
    """Epochs without a better validation loss until training stops."""
    seed: int = 0
    """Seed of the split, the initial weights, the order and the noise."""
    backend: str | None = None
    """Keras backend: tensorflow, jax, torch. By default $KERAS_BACKEND, else tensorflow."""

    def __post_init__(self) -> None:
        for name, (accepts, expected) in _RULES.items():
            value = getattr(self, name)
            if not accepts(value):
                raise ArgumentError(f"`{name}` must be {expected}. Received: {name}={value!r}")
        for name in ("filters", "encoder_units", "decoder_units"):
            sizes = getattr(self, name)
            if sizes is not None:
                if not isinstance(sizes, (tuple, list)) or not all(map(_positive_integer, sizes)):
                    raise ArgumentError(
                        f"`{name}` must be positive integers. Received: {name}={sizes!r}"
                    )
                object.__setattr__(self, name, tuple(sizes))  # a list, when read from JSON

    @property
    def architecture_options(self) -> dict[str, Any]:
        """The options of the architecture that are set."""
        options = {name: getattr(self, name) for name in _ARCHITECTURE_OPTIONS}
        return {name: value for name, value in options.items() if value is not None}

    def replace(self, **changes: Any) -> "Config":
        """Return a copy with some settings changed.

        With another architecture, the options that were set for the old one are dropped: those
        that are not among `changes` take the new one's defaults.

        Raises:
            ArgumentError: If a setting does not exist or makes no sense.
        """
        values = dataclasses.asdict(self)
        if changes.get("architecture", self.architecture) != self.architecture:
            values.update(dict.fromkeys(_ARCHITECTURE_OPTIONS))
        return from_dict({**values, **changes})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return json.loads(json.dumps(dataclasses.asdict(self)))


_ARCHITECTURE_OPTIONS = (
    "filters",
    "kernel_size",
    "decoder_kernel_size",
    "encoder_units",
    "decoder_units",
    "activation",
    "normalization",
)


def from_dict(values: dict[str, Any]) -> Config:
    """Build a `Config` from a dictionary, as `config.json` holds it.

    Raises:
        ArgumentError: If a key is no setting, or a value makes no sense.
    """
    known = {field.name for field in dataclasses.fields(Config)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ArgumentError(
            f"`config` must hold only known settings. Received: unknown {', '.join(unknown)}"
        )
    return Config(**values)


def read_config(path: str | Path) -> Config:
    """Read the `config.json` that an earlier run wrote.

    Args:
        path: The file, or the run directory that holds it.

    Raises:
        ArgumentError: If the file cannot be read, is not JSON, or holds something else.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArgumentError(
            f"`config` must be a readable file. Received: {path} ({error.strerror})"
        ) from error
    except ValueError as error:
        raise ArgumentError(f"`config` must be a JSON file. Received: {path} ({error})") from error
    if not isinstance(values, dict):
        raise ArgumentError(f"`config` must hold a JSON object. Received: {path}")
    return from_dict(values)


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _positive_integer(value: Any) -> bool:
    return _integer(value) and value > 0


def _count(value: Any) -> bool:
    return _integer(value) and value >= 0


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _optional(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or rule(value)


_POSITIVE = (_positive_integer, "a positive integer")
_MAYBE_POSITIVE = (_optional(_positive_integer), "a positive integer")
_MAYBE_STRING = (_optional(lambda value: isinstance(value, str)), "a string")
_COUNT = (_count, "an integer of at least 0")
_NOT_NEGATIVE = (lambda value: _finite(value) and value >= 0, "a finite number of at least 0")
_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "data": _MAYBE_STRING,
    "train_size": _MAYBE_POSITIVE,
    "validation_size": _COUNT,
    "kernel_size": _MAYBE_POSITIVE,
    "decoder_kernel_size": _MAYBE_POSITIVE,
    "activation": _MAYBE_STRING,
    "normalization": (
        lambda value: value in (None, "none", "layer", "batch"),
        "one of none, layer, batch",
    ),
    "latent_dim": _POSITIVE,
    "kl_weight": _NOT_NEGATIVE,
    "warmup_epochs": _COUNT,
    "epochs": _POSITIVE,
    "batch_size": _POSITIVE,
    "learning_rate": (lambda value: _finite(value) and value > 0, "a finite number above 0"),
    "plateau_patience": _POSITIVE,
    "plateau_factor": (lambda value: _finite(value) and 0 < value < 1, "between 0 and 1"),
    "plateau_min_delta": _NOT_NEGATIVE,
    "min_learning_rate": _NOT_NEGATIVE,
    "early_stopping_patience": _POSITIVE,
    "seed": (lambda value: _count(value) and value < 2**32, "an integer from 0 to 2**32 - 1"),
    "backend": (lambda value: value in (None, *BACKENDS), f"one of {', '.join(BACKENDS)}"),
}
