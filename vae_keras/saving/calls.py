"""Counts the work of building a config, before any of it is done."""

from typing import Any

from vae_keras.saving.refused import Refused

# Calls of layers while the networks are built, a millisecond each. EfficientNet-B7 has 814.
_MAX_CALLS = 5_000
# For each layer that is listed before its input, Keras goes through all layers again. In files that
# Keras wrote there are hardly any.
_MAX_OUT_OF_ORDER = 100


def check_calls(config: object) -> None:
    """Raise `Refused` if building the networks of a config takes too many calls of layers.

    A network within a network is run again for each call. If each of several nested networks calls
    the next one twice, the work doubles at each level.
    """
    calls = _Calls()
    total = calls.of(config)
    if total > _MAX_CALLS:
        raise Refused(f"networks of {min(total, 10**9)} layers and more, {_MAX_CALLS} at most")
    if calls.out_of_order > _MAX_OUT_OF_ORDER:
        raise Refused("networks whose layers come before what they are given")


class _Calls:
    """The count, and what it needs to know of objects met before."""

    def __init__(self) -> None:
        self.out_of_order = 0
        self._shared: dict[int, int] = {}

    def of(self, value: object) -> int:
        """Return the number of calls of layers that a value takes. JSON was bounded in depth."""
        if isinstance(value, list):
            return sum(map(self.of, value))
        if not isinstance(value, dict):
            return 0
        if "class_name" not in value:
            return sum(map(self.of, value.values()))
        inner = value.get("config")
        count = self.of(inner)
        if isinstance(inner, dict) and isinstance(inner.get("layers"), list):
            self._check_order(inner["layers"])
        shared = value.get("shared_object_id")
        if shared is not None:  # built once; later mentions may have its number alone
            count = self._shared[shared] = max(count, self._shared.get(shared, 0))
        nodes = value.get("inbound_nodes")
        if nodes is None:
            return count + _is_called(value)
        if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
            raise Refused("config.json is of a legacy format")
        return max(1, len(nodes)) * (count + 1) + self.of(nodes)

    def _check_order(self, layers: list[object]) -> None:
        seen: set[str] = set()
        for layer in layers:
            if not isinstance(layer, dict):
                raise Refused("config.json holds a layer that is none")
            self.out_of_order += sum(
                name not in seen for name in _sources(layer.get("inbound_nodes"))
            )
            seen.add(str(layer.get("name")))


def _is_called(value: dict[str, Any]) -> bool:
    """Tell whether an object without inbound nodes is a layer, as in a sequential network."""
    return str(value.get("module")).startswith("keras.layers")


def _sources(nodes: object) -> list[str]:
    """Return the names of the layers that feed these nodes."""
    names, stack = [], [nodes]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            history = value.get("keras_history")
            if isinstance(history, list) and history:
                names.append(str(history[0]))
            stack.extend(value.values())
    return names
