"""Training and test step on PyTorch."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import torch

from vae_keras._types import Tensor
from vae_keras.models.fitting.guard import fragile_variables, step_is_allowed
from vae_keras.models.fitting.streams import FitCall
from vae_keras.models.host import Host


def prepared_fit(model: Host, call: FitCall) -> AbstractContextManager[FitCall]:
    """Return `call` as it is: Keras' `fit` needs no preparation on PyTorch."""
    return nullcontext(call)


def kept_on_error(model: Host) -> AbstractContextManager[None]:
    """Do nothing: PyTorch leaves the weights where they are."""
    return nullcontext()


def prepare_evaluation(model: Host) -> None:
    """Do nothing: Keras' `evaluate` needs no preparation on PyTorch."""


class TrainingSteps(Host):
    """Takes the gradient of `loss_of_batch` with `backward`."""

    zero_grad: Callable[[], None]

    def train_step(self, data: Any) -> dict[str, Tensor]:
        self.zero_grad()
        before = [(one, one.value.detach().clone()) for one in self._fragile_variables()]
        loss = self.loss_of_batch(data, training=True)
        self.optimizer.scale_loss(loss).backward()
        variables = self.trainable_variables
        gradients = [variable.value.grad for variable in variables]
        with torch.no_grad():
            norm = torch.nn.utils.get_total_norm(
                [one.float() for one in gradients if one is not None]
            )
            # This `if` waits for a GPU to end the backward pass. To choose value by value instead
            # would take some hundred small operations, whose launches would take longer.
            if step_is_allowed(self, norm):
                self.optimizer.apply(gradients, variables)
            for variable, old in before:
                finite = torch.isfinite(variable.value).all()
                variable.assign(torch.where(finite, variable.value, old))
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, Tensor]:
        with torch.no_grad():
            self.loss_of_batch(data, training=False)
        return self.get_metrics_result()

    def _fragile_variables(self) -> list[keras.Variable]:
        # Looked up once, and kept in the dictionary: as an attribute, Keras would take them for
        # weights of the model itself.
        if "_fragile" not in self.__dict__:
            self.__dict__["_fragile"] = fragile_variables(self)
        return self.__dict__["_fragile"]
