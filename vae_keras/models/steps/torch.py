"""Training and test step on PyTorch."""

from typing import Any

import torch


class TrainingSteps:
    """Takes the gradient of `training_loss` with `backward`."""

    def train_step(self: Any, data: Any) -> Any:
        self.zero_grad()
        loss = self.training_loss(data)
        self.optimizer.scale_loss(loss).backward()
        variables = self.trainable_variables
        with torch.no_grad():
            self.optimizer.apply([variable.value.grad for variable in variables], variables)
        return self.get_metrics_result()

    def test_step(self: Any, data: Any) -> Any:
        with torch.no_grad():
            self.test_loss(data)
        return self.get_metrics_result()
