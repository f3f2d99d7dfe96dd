"""Training and test step on PyTorch."""

from typing import Any

import torch


class TrainingSteps:
    """Takes the gradient of `training_loss` with `backward`."""

    def train_step(self: Any, data: Any) -> Any:
        self.zero_grad()
        before = [(one, one.value.detach().clone()) for one in self._fragile_tensors()]
        loss = self.training_loss(data)
        self.optimizer.scale_loss(loss).backward()
        variables = self.trainable_variables
        gradients = [variable.value.grad for variable in variables]
        with torch.no_grad():
            given = [one for one in gradients if one is not None]
            norm = torch.stack(torch._foreach_norm(given)).float().norm()
            # An `if` that waits for a GPU to end the backward pass. To choose value by value
            # would be some hundred small operations, where launching them is what takes time.
            if self._allowed(norm):
                self.optimizer.apply(gradients, variables)
            for variable, old in before:
                finite = torch.isfinite(variable.value).all()
                variable.assign(torch.where(finite, variable.value, old))
        return self.get_metrics_result()

    def _fragile_tensors(self: Any) -> list[Any]:
        # Looked for once: in the dictionary, where Keras takes them for no weights of the model.
        if "_fragile" not in self.__dict__:
            self.__dict__["_fragile"] = self._fragile_variables()
        return self.__dict__["_fragile"]

    def test_step(self: Any, data: Any) -> Any:
        with torch.no_grad():
            self.test_loss(data)
        return self.get_metrics_result()
