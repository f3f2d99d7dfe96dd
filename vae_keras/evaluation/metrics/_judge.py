"""The network of the judging classifier, and how it is fitted."""

import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from vae_keras.evaluation.metrics._images import to_float

_FEATURES = 128
_LARGEST_MAP = 7  # pixels, of the last convolution: 28 x 28 images are halved twice
_FILTERS = (32, 64)  # of the first convolution and of all others
_LEARNING_RATE = 2e-3


def judge_network(
    image_shape: tuple[int, ...], num_classes: int, generator: np.random.Generator
) -> keras.Model:
    """Build a model from images in `[0, 1]` to `[features, logits]`, its weights from `generator`.

    All of it is float32 under every policy.
    """

    def settings(name: str) -> dict[str, Any]:
        # Names of our own leave the counters of Keras' default names as they were.
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
    """Fit the network to batches of images and classes, which come shuffled."""
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
    """Give whole batches without end, in a new order each time that all were seen.

    Keras would shuffle arrays by a global seed.
    """
    while True:
        order = generator.permutation(len(images))
        for start in range(0, len(images) - batch_size + 1, batch_size):
            part = order[start : start + batch_size]
            yield to_float(images[part], np.float32), labels[part].astype("int32")
