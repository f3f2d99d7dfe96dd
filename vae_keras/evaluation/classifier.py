"""A classifier that is trained on real images and judges generated ones."""

import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_class_numbers, check_images, check_labels
from vae_keras.checks import check_seed, integer, positive_integer
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics._images import check_unit_range, to_float
from vae_keras.models.inference.batches import in_batches

_FEATURES = 128
_LARGEST_MAP = 7  # pixels after the last convolution: 28 x 28 images are halved twice
_FILTERS = (32, 64)  # in the first convolution, and in all others
_LEARNING_RATE = 2e-3


def judge_network(
    image_shape: tuple[int, ...], num_classes: int, generator: np.random.Generator
) -> keras.Model:
    """Build a model from images in `[0, 1]` to `[features, logits]`, with weights from `generator`.

    It computes in float32 under every dtype policy.
    """

    def settings(name: str) -> dict[str, Any]:
        # Explicit names leave the counters of Keras' default names unchanged.
        initializer = keras.initializers.HeUniform(seed=int(generator.integers(2**31)))
        return {"name": name, "dtype": "float32", "kernel_initializer": initializer}

    inputs = keras.Input(image_shape, name="judge_images", dtype="float32")
    x, size, level = inputs, max(image_shape[:2]), 0
    while size > _LARGEST_MAP or level < len(_FILTERS):
        x = keras.layers.Conv2D(
            _FILTERS[min(level, 1)],
            3,
            strides=2,
            padding="same",
            activation="relu",
            data_format="channels_last",
            **settings(f"judge_conv_{level}"),
        )(x)
        size, level = math.ceil(size / 2), level + 1
    x = keras.layers.Flatten(name="judge_flatten", dtype="float32")(x)
    features = keras.layers.Dense(_FEATURES, activation="relu", **settings("judge_features"))(x)
    logits = keras.layers.Dense(num_classes, **settings("judge_logits"))(features)
    return keras.Model(inputs, [features, logits], name="judge")


def fit_judge(
    network: keras.Model,
    batches: Iterator[tuple[np.ndarray, np.ndarray]],
    steps: int,
    epochs: int,
    *,
    progress: bool,
) -> None:
    """Fit the network to shuffled batches of images and classes."""
    trained = keras.Model(network.input, network.outputs[1], name="judge_training")
    rate = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, steps * epochs)
    trained.compile(
        keras.optimizers.Adam(rate, name="judge_adam"),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="judge_loss"),
    )
    trained.fit(
        batches,
        steps_per_epoch=steps,
        epochs=epochs,
        shuffle=False,
        verbose=2 if progress else 0,
    )


def shuffled_batches(
    images: np.ndarray, labels: np.ndarray, batch_size: int, generator: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield full batches without end, in a new order after each pass.

    Keras would shuffle arrays with a global seed.
    """
    while True:
        order = generator.permutation(len(images))
        for start in range(0, len(images) - batch_size + 1, batch_size):
            part = order[start : start + batch_size]
            yield to_float(images[part], np.float32), labels[part].astype("int32")


# Small training sets get small batches, so that an epoch still has about this many steps.
_STEPS = 100
_BATCH_SIZES = (16, 128)


class JudgeClassifier:
    """A trained classifier; `train_classifier` makes one.

    Attributes:
        image_shape: `(height, width, channels)` of its input.
        num_classes: Number of classes.
    """

    def __init__(self, network: keras.Model) -> None:
        self._network = network
        self.image_shape: tuple[int, ...] = tuple(network.input_shape[1:])
        self.num_classes: int = network.output_shape[1][-1]

    def probabilities(self, images: ArrayLike) -> np.ndarray:
        """Return the probability of each class.

        Args:
            images: Shape `(n, height, width, channels)`, float in `[0, 1]` or uint8.

        Returns:
            Shape `(n, num_classes)`, float64; each row sums to 1.
        """
        logits = self._outputs(images)[1].astype(np.float64)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)

    def features(self, images: ArrayLike) -> np.ndarray:
        """Return the activations of the last layer before the classes, for `frechet_distance`.

        Args:
            images: Shape `(n, height, width, channels)`, float in `[0, 1]` or uint8.

        Returns:
            Shape `(n, 128)`, float32.
        """
        return self._outputs(images)[0]

    def _outputs(self, images: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        array = check_images("images", images)
        if array.shape[1:] != self.image_shape:
            raise ArgumentError(
                f"`images` must be of the size that the classifier was trained on, "
                f"{self.image_shape}. Received: images.shape={array.shape}"
            )
        check_unit_range("images", array)

        def batch_outputs(batch: np.ndarray) -> Any:
            return self._network(to_float(batch, np.float32), training=False)

        features, logits = in_batches(batch_outputs, array)
        return features, logits


def train_classifier(
    images: ArrayLike,
    labels: ArrayLike,
    *,
    epochs: int = 5,
    max_images: int = 20_000,
    seed: int = 0,
    progress: bool = False,
) -> JudgeClassifier:
    """Train a small convolutional network to classify real images.

    Convolutions with stride 2 down to at most 7 x 7 pixels, a dense layer of 128, and a layer of
    the classes; Adam at 2e-3 with cosine decay. The classifier judges generated images
    (`sample_confidence`, `classifier_accuracy`, `frechet_distance` of its features). Its judgement
    is only as good as its accuracy on real test images, which should be given beside it.

    Weights and batches depend on `seed` alone, and no global seed is read or changed: on one
    machine and backend the same call gives the same classifier, if the backend's operations are
    deterministic (those of a GPU may not be).

    Args:
        images: Shape `(n, height, width, channels)`, float in `[0, 1]` or uint8, at least 2.
        labels: Class of each image, whole numbers from 0 on, shape `(n,)`.
        epochs: Number of passes over the images, > 0. Defaults to `5`.
        max_images: Largest number of images to train on, > 1; of more, a random subset is used.
            Defaults to `20_000`.
        seed: Seed of the weights, the subset and the batches. Defaults to `0`.
        progress: Whether to print a line for each epoch. Defaults to `False`.

    Returns:
        The classifier.

    Raises:
        ArgumentError: If the shapes do not fit, images lie outside `[0, 1]`, labels are not whole
            numbers or all the same, or another argument is out of range.

    Example:
        >>> judge = train_classifier(data.train.images, data.train.labels)
        >>> classifier_accuracy(judge.probabilities(data.test.images), data.test.labels)
        >>> sample_confidence(judge.probabilities(vae.sample(1000)))
    """
    array = check_images("images", images, at_least=2)
    check_unit_range("images", array)
    classes = check_class_numbers("labels", check_labels("labels", labels, len(array), "images"))
    positive_integer("epochs", epochs)
    integer("max_images", max_images, at_least=2)
    check_seed(seed)
    if (classes == classes[0]).all():
        raise ArgumentError(f"`labels` must be of at least two classes. Received: all {classes[0]}")
    generator = np.random.default_rng(seed)
    if len(array) > max_images:
        part = np.sort(generator.choice(len(array), size=max_images, replace=False))
        array, kept = array[part], classes[part]
    else:
        kept = classes
    smallest, largest = _BATCH_SIZES
    batch_size = min(len(array), max(smallest, min(largest, len(array) // _STEPS)))
    steps = len(array) // batch_size
    network = judge_network(array.shape[1:], int(classes.max()) + 1, generator)
    batches = shuffled_batches(array, kept, batch_size, generator)
    fit_judge(network, batches, steps, epochs, progress=progress)
    return JudgeClassifier(network)
