"""What every contender is: a model of one architecture that trains on images and reconstructs them.

The rest of a peer is written as its own community's guides tell, in a file of its own.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

IMAGE_SHAPE = (28, 28, 1)


@dataclass(frozen=True)
class Task:
    """What there is to train, the same for all contenders.

    Args:
        architecture: `"conv"`, `"mlp_400x2"` or `"stable_conv"`.
        latent_dim: Size of a code.
        likelihood: `"bernoulli"` or `"squared_error"`, both of images in `[0, 1]`.
        learning_rate: Adam's.
        epsilon: Adam's.
        batch_size: Images a training step.
        inference_batch_size: Images a call when reconstructing.
        seed: Of weights, order and noise.
    """

    architecture: str
    latent_dim: int
    likelihood: str
    learning_rate: float
    epsilon: float
    batch_size: int
    inference_batch_size: int
    seed: int


class Unsuited(Exception):
    """A contender has nothing to show for this architecture or on this machine, and says why."""


class Contender(ABC):
    """One way to train a VAE.

    Args:
        task: What to train.
        **options: What the variants of a peer differ in.
    """

    packages: tuple[str, ...] = ()
    """Distributions whose versions belong to a result."""

    def __init__(self, task: Task, **options: Any) -> None:
        self.task = task

    @abstractmethod
    def prepare(self, images: np.ndarray) -> Any:
        """Turn uint8 images `(n, 28, 28, 1)` into what `train` and `reconstruct` are given."""

    @abstractmethod
    def train(self, data: Any, epochs: int) -> None:
        """Train, in a new order each epoch; return when the device has done its work."""

    @abstractmethod
    def reconstruct(self, data: Any) -> np.ndarray:
        """Decode the mean code of each image; a NumPy array, pixels in `[0, 1]`, n x 784 values."""

    @abstractmethod
    def encode(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log-variance of the codes."""

    @abstractmethod
    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Expected images, pixels in `[0, 1]`, n x 784 values."""

    @abstractmethod
    def parameters(self) -> int:
        """Number of trained parameters."""

    @abstractmethod
    def device(self) -> str:
        """`"cpu"`, or the name of the accelerator."""

    def device_memory(self) -> int | None:
        """Largest number of bytes held on the accelerator, if there is one and it can tell."""
        return None


def validation_loss(contender: Contender, images: np.ndarray) -> float:
    """Negative evidence lower bound with one drawn code for each image, in NumPy for everyone.

    Args:
        contender: A trained model.
        images: uint8, shape `(n, 28, 28, 1)`.

    Returns:
        The mean over the images, in nats (for `squared_error` the sum of squares plus the KL).
    """
    x = images.reshape(len(images), -1).astype("float64") / 255
    mean, log_var = (part.astype("float64") for part in contender.encode(contender.prepare(images)))
    noise = np.random.default_rng(0).standard_normal(mean.shape)
    codes = mean + np.exp(log_var / 2) * noise
    p = contender.decode(codes.astype("float32")).reshape(x.shape).astype("float64")
    if contender.task.likelihood == "bernoulli":
        p = np.clip(p, 1e-7, 1 - 1e-7)
        reconstruction = -(x * np.log(p) + (1 - x) * np.log1p(-p)).sum(axis=1)
    else:
        reconstruction = np.square(x - p).sum(axis=1)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    return float(np.mean(reconstruction + kl))
