"""Who takes part: this package and its peers, each with the file that holds it."""

from dataclasses import dataclass, field
from typing import Any

OURS = "vae_keras"


@dataclass(frozen=True)
class Entry:
    """One contender.

    Args:
        module: File in `peers/`.
        about: What it is, for the table.
        options: What its variant differs in.
    """

    module: str
    about: str
    options: dict[str, Any] = field(default_factory=dict)


ENTRIES = {
    OURS: Entry("vae_keras_fit", "this package: `build_model(preset(...))`, `fit` on bytes"),
    "keras_subclass": Entry(
        "keras_subclass", "`keras.Model` subclass with a `GradientTape`, `fit(x, x)`, TensorFlow"
    ),
    "torch_eager": Entry("torch_loop", "PyTorch loop, `DataLoader`, eager"),
    "torch_channels_last": Entry(
        "torch_loop", "the same with channels last", {"channels_last": True}
    ),
    "torch_compile": Entry(
        "torch_loop", "the same with `torch.compile`, one graph", {"compiled": True}
    ),
    "torch_tuned": Entry(
        "torch_loop",
        "compiled, channels last, fused Adam, images kept on the device",
        {"compiled": True, "channels_last": True, "resident": True, "fused": True},
    ),
    "jax_scan": Entry("jax_scan", "bare JAX, an epoch in one `lax.scan`, images on the device"),
    "jax_loop": Entry("jax_scan", "the same with a jitted step in a loop", {"scan": False}),
    "pythae": Entry("pythae_trainer", "pythae's `VAE` and `BaseTrainer`"),
}
