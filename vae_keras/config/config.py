"""The config: everything that decides what a run computes, as one flat record that replays it."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from vae_keras.backend.start import BACKENDS
from vae_keras.checks import (
    integer,
    not_negative,
    positive_integer,
    positive_integers,
    positive_number,
)
from vae_keras.config import rules
from vae_keras.config.rules import class_names, fraction, one_of, options
from vae_keras.errors import ArgumentError
from vae_keras.io.json import read_json

# Axes whose members take options as NAME=VALUE; those of an architecture are settings themselves.
OPTION_AXES = ("likelihood", "prior", "objective", "regularizer")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of a run. The command line's flags are these fields.

    Options of an architecture that are `None` take that architecture's own default.

    Raises:
        ArgumentError: If a value is out of range, or two settings contradict each other. Names of
            data sets and of members are checked where they are looked up.
    """

    # A setting stands here once: its type and check (choices are a `Literal`), its default, and
    # the help of its flag.

    preset: str = "default"
    """Published or recommended settings to start from; any flag overrides one of them.
    `vae-keras presets` lists them."""
    model: Literal["vae", "conditional", "autoencoder"] = "vae"
    """Kind of model; a conditional one is given the class of each image."""
    dataset: str = "fashion_mnist"
    """Data set: fashion_mnist, mnist, digits, sprites, folder, array."""
    data: str | None = None
    """Path of the data: the data set's own files, a folder of images, an .npz or .npy file."""
    train_size: Annotated[int | None, positive_integer] = None
    """Use only the first N training images."""
    stream: bool | None = None
    """Read a folder's images from disk as they are needed, rather than hold them in memory; by
    default where they would take more than 2 GiB."""
    image_size: Annotated[str | None, rules.image_size] = None
    """Size to bring images of any size to, in pixels: 64 for a square, or 64x48 for height and
    width. By default images keep their size, and must have one."""
    crop: Literal["center", "none", "pad"] = "center"
    """What --image-size does to an image of another shape: center cuts off what is beyond it,
    evenly on both sides; none keeps the whole image and stretches it; pad keeps the whole image
    in its shape, on the background."""
    background: Annotated[str, rules.color] = "white"
    """Colour behind transparent images and behind padded ones: a name or #rrggbb."""
    validation_size: Annotated[int, integer] = 5000
    """Training images held out for validation."""
    exclude_classes: Annotated[tuple[str, ...], class_names] = ()
    """Classes to leave out of training, by name or number; `evaluate` tells how well the anomaly
    score finds their test images."""
    binarize: Literal["none", "static", "dynamic"] = "none"
    """Draw each pixel as 0 or 1: once (static), or training images anew in each epoch (dynamic)."""
    augment: Annotated[tuple[Literal["flip", "shift"], ...], rules.augmentation] = ()
    """Changes of the training images at random, anew in each epoch: flip (left to right), shift (by
    up to a tenth of height and width)."""
    architecture: str = "conv"
    """Architecture of encoder and decoder: conv, mlp, resnet, stable_conv."""
    filters: Annotated[tuple[int, ...] | None, positive_integers] = None
    """Channels of the encoder's convolutions; the decoder has them in reverse."""
    largest_grid: Annotated[int | None, positive_integer] = None
    """Rows or columns that the encoder's last convolution may leave: for larger images, stages are
    added (conv)."""
    kernel_size: Annotated[int | None, positive_integer] = None
    """Side of the encoder's convolution kernels, in pixels."""
    decoder_kernel_size: Annotated[int | None, positive_integer] = None
    """Side of the decoder's convolution kernels, in pixels."""
    encoder_units: Annotated[tuple[int, ...] | None, positive_integers] = None
    """Widths of the encoder's dense layers."""
    decoder_units: Annotated[tuple[int, ...] | None, positive_integers] = None
    """Widths of the decoder's dense layers."""
    activation: str | None = None
    """Activation between layers, by its Keras name."""
    normalization: Literal["none", "layer", "batch", "group"] | None = None
    """Normalisation: of the dense layers; batch in conv and group in resnet also of the others."""
    blocks_per_stage: Annotated[int | None, positive_integer] = None
    """Residual blocks at each image size (resnet)."""
    latent_dim: Annotated[int, positive_integer] = 2
    """Size of a code."""
    likelihood: str = "squared_error"
    """Likelihood p(x | z): squared_error, bernoulli, continuous_bernoulli, gaussian,
    optimal_gaussian, learned_gaussian, discretized_logistic."""
    likelihood_options: Annotated[tuple[str, ...], options] = ()
    """Its options as NAME=VALUE, say scale=0.1 or data_range=[-1,1]."""
    output_bias: Literal["zeros", "data"] = "zeros"
    """Bias of the decoder's last layer at the start: zeros, or set from the mean image."""
    prior: str = "standard_normal"
    """Prior p(z): standard_normal, mixture."""
    prior_options: Annotated[tuple[str, ...], options] = ()
    """Its options as NAME=VALUE, say components=20."""
    objective: str = "elbo"
    """Objective: elbo, importance_weighted."""
    objective_options: Annotated[tuple[str, ...], options] = ()
    """Its options as NAME=VALUE, say samples=50 gradient=doubly_reparameterized."""
    regularizer: str = "kl"
    """Regulariser of the codes: kl, free_bits, capacity, total_correlation, mmd, dip."""
    regularizer_options: Annotated[tuple[str, ...], options] = ()
    """Its options as NAME=VALUE, say beta=6."""
    kl_weight: Annotated[float, not_negative] = 1.0
    """Final weight of the KL divergence; 1 is the evidence lower bound."""
    kl_schedule: Literal["linear", "sigmoid", "cyclical"] = "linear"
    """How the KL weight rises over the warm-up."""
    warmup_epochs: Annotated[int, integer] = 0
    """Epochs over which the KL weight rises from 0."""
    warmup_steps: Annotated[int, integer] = 0
    """The same in training steps; at most one of the two can be set."""
    epochs: Annotated[int, positive_integer] = 20
    """Epochs at most; early stopping may end sooner."""
    batch_size: Annotated[int, positive_integer] = 128
    """Images a training step."""
    learning_rate: Annotated[float, positive_number] = 1e-3
    """Adam's learning rate at the start."""
    adam_epsilon: Annotated[float, positive_number] = 1e-7
    """Adam's epsilon."""
    clip_norm: Annotated[float | None, positive_number] = None
    """Largest norm of the gradient of the mean loss of a batch, over all weights together."""
    skip_gradient_norm: Annotated[float | None, positive_number] = None
    """Norm of that gradient above which a step is skipped; the history counts these. A step
    whose gradient is not finite is always skipped."""
    stage_epochs: Annotated[tuple[int, ...], positive_integers] = ()
    """Epochs of each stage of a falling learning rate; replaces the plateau rule."""
    stage_factor: Annotated[float, positive_number] = 0.5
    """Factor of the learning rate from one stage to the next."""
    plateau_patience: Annotated[int, positive_integer] = 5
    """Epochs without a better validation loss until the learning rate is cut."""
    plateau_factor: Annotated[float, fraction] = 0.5
    """Factor of each cut of the learning rate."""
    plateau_min_delta: Annotated[float, not_negative] = 1e-4
    """Smallest fall of the validation loss, in nats, that counts for the plateau rule."""
    min_learning_rate: Annotated[float, not_negative] = 0.0
    """Learning rate that the cuts do not go below."""
    early_stopping_patience: Annotated[int | None, positive_integer] = 10
    """Epochs without a better validation loss until training stops; None for never."""
    checkpoint_epochs: Annotated[int | None, positive_integer] = None
    """Epochs from one checkpoint to the next, in place of minutes."""
    checkpoint_minutes: Annotated[float, not_negative] = 1.0
    """Minutes from one checkpoint to the next, within an epoch too; 0 for as often as possible."""
    seed: Annotated[int, rules.seed] = 0
    """Seed of the split, the initial weights, the order and the noise."""
    backend: Annotated[str | None, one_of(*BACKENDS)] = None
    """Keras backend: tensorflow, jax, torch. By default $KERAS_BACKEND, else tensorflow."""
    distribute: bool = False
    """Share each batch among all devices: tensorflow and jax."""
    deterministic: bool = False
    """Compute the same bits each time on a GPU too, which is slower; a CPU always does."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """Number format to compute in; the mixed ones are for a GPU, and slow on a CPU."""
    jit_compile: bool | None = None
    """Whether to compile a training step with XLA; by default what was measured to be fastest."""
    steps_per_execution: Annotated[int | None, positive_integer] = None
    """Training steps for each call into the backend; by default what was measured to be fastest."""

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))
        if self.warmup_epochs and self.warmup_steps:
            raise ArgumentError(
                "`warmup_epochs` and `warmup_steps` must not both be set. "
                f"Received: {self.warmup_epochs} and {self.warmup_steps}"
            )
        if self.image_size is None and self.crop != "center":
            raise ArgumentError(
                "`crop` must go with `image_size`, the size to bring images to. "
                f"Received: crop={self.crop!r}"
            )
        if self.exclude_classes and self.model == "conditional":
            raise ArgumentError(
                "`exclude_classes` must not be set for a conditional model, which knows each class "
                f"it is given. Received: exclude_classes={self.exclude_classes!r}"
            )
        self._check_autoencoder()

    def _check_autoencoder(self) -> None:
        """Refuse what an autoencoder does not use: a user would believe that it had an effect."""
        if self.model != "autoencoder":
            return
        for name in ("regularizer", "prior", "objective", "kl_weight", "binarize"):
            value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
            if value != default:
                raise ArgumentError(
                    f"`{name}` must not be set for an autoencoder, which has none. "
                    f"Received: {name}={value!r}"
                )

    @property
    def architecture_options(self) -> dict[str, Any]:
        """The options of the architecture that are set."""
        options = {name: getattr(self, name) for name in _ARCHITECTURE_OPTIONS}
        return {name: value for name, value in options.items() if value is not None}

    def options(self, axis: str) -> dict[str, Any]:
        """Return the options of a member as keyword arguments.

        Args:
            axis: `"likelihood"`, `"prior"`, `"objective"` or `"regularizer"`.
        """
        return dict(rules.read_option(option) for option in getattr(self, f"{axis}_options"))

    def replace(self, **changes: Any) -> "Config":
        """Return a copy with some settings changed.

        With another member of an axis, the options that were set for the old one are dropped:
        an option that is not among `changes` takes the new member's default.

        Raises:
            ArgumentError: If a setting does not exist or is invalid.
        """
        values = dataclasses.asdict(self)
        if changes.get("architecture", self.architecture) != self.architecture:
            values.update(dict.fromkeys(_ARCHITECTURE_OPTIONS))
        for axis in OPTION_AXES:
            if changes.get(axis, values[axis]) != values[axis]:
                values[f"{axis}_options"] = ()
        return from_dict({**values, **changes})

    def with_absolute_data(self) -> "Config":
        """Return the settings with an absolute path to the data, to replay from any directory."""
        if self.data is None:
            return self
        return self.replace(data=str(Path(self.data).expanduser().absolute()))

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return json.loads(json.dumps(dataclasses.asdict(self)))


_CHECKS = {field.name: rules.check_of(field.type) for field in dataclasses.fields(Config)}
_ARCHITECTURE_OPTIONS = (
    "filters",
    "largest_grid",
    "kernel_size",
    "decoder_kernel_size",
    "encoder_units",
    "decoder_units",
    "activation",
    "normalization",
    "blocks_per_stage",
)


def from_dict(values: dict[str, Any]) -> Config:
    """Build a `Config` from a dictionary, as `config.json` holds it.

    Raises:
        ArgumentError: If a key is not a setting, or a value is invalid.
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
        values = read_json(path)
    except OSError as error:
        raise ArgumentError(
            f"`config` must be a readable file. Received: {path} ({error.strerror})"
        ) from error
    except ValueError as error:
        raise ArgumentError(f"`config` must be a JSON file. Received: {path} ({error})") from error
    if not isinstance(values, dict):
        raise ArgumentError(f"`config` must hold a JSON object. Received: {path}")
    return from_dict(values)
