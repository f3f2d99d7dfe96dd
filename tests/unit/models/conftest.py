"""Here the steps are TensorFlow graphs, as users run them: how they are built is what is tested."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def tiny_vae(tiny_vae: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that builds a VAE, compiled with Keras' defaults by default."""

    def build(*shape: Any, compiled: dict[str, Any] | None = None, **settings: Any) -> Any:
        return tiny_vae(*shape, compiled={} if compiled is None else compiled, **settings)

    return build
