"""Training and test step on TensorFlow."""

from typing import Any

import tensorflow as tf


def _replicas() -> int:
    return tf.distribute.get_strategy().num_replicas_in_sync


class TrainingSteps:
    """Takes the gradient of `training_loss` with a `GradientTape`."""

    def train_step(self: Any, data: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self.training_loss(data)
            # Keras sums gradients over replicas: each contributes its share of the mean.
            scaled = self.optimizer.scale_loss(loss / _replicas())
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        return self.get_metrics_result()

    def test_step(self: Any, data: Any) -> Any:
        self.test_loss(data)
        return self.get_metrics_result()
