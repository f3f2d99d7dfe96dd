"""How the steps of a model are built is tested in `fitting/` and `inference/`."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def tiny_vae(tiny_vae: Callable[..., Any], request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return the function that builds a VAE; in those folders with Keras' defaults, as graphs."""
    graphs = request.path.parent.name in ("fitting", "inference")

    def build(*shape: Any, compiled: dict[str, Any] | None = None, **settings: Any) -> Any:
        compiled = {} if graphs and compiled is None else compiled
        return tiny_vae(*shape, compiled=compiled, **settings)

    return build
