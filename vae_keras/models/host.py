"""What the base classes of `ImageModel` take for granted in it; for the type checker alone."""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import keras

    from vae_keras._types import ImageShape, Labels, Tensor
    from vae_keras.likelihoods import Likelihood

    class Host(Protocol):
        """A model: its parts, and what Keras gives it."""

        parts: tuple[str, ...]
        encoder: keras.Model
        decoder: keras.Model
        likelihood: Likelihood
        seed: int | None
        skip_gradient_norm: float | None
        highest_integer: int | None
        seen_range: Any
        skipped_tracker: keras.metrics.Metric  # `None` without `skip_gradient_norm`
        # Of Keras.
        optimizer: keras.optimizers.Optimizer
        stop_training: bool
        history: keras.callbacks.History
        jit_compile: bool
        run_eagerly: bool
        steps_per_execution: int
        losses: list[Tensor]
        variables: list[keras.Variable]
        trainable_variables: list[keras.Variable]
        non_trainable_variables: list[keras.Variable]
        metrics_variables: list[keras.Variable]

        @property
        def num_classes(self) -> int: ...

        @property
        def image_shape(self) -> ImageShape: ...

        @property
        def latent_dim(self) -> int: ...

        @property
        def loss_tracker(self) -> keras.metrics.Metric: ...

        def check_images(self, x: Any, *, name: str = "x") -> Any: ...

        def decide_highest_integer(self, x: Any) -> None: ...

        def checked_labels(self, x: Any, y: Any, *, name: str) -> Any: ...

        def check_label(self, label: Any, n: int) -> Labels | None: ...

        def encoder_inputs(self, x: Tensor, label: Tensor | None) -> Any: ...

        def decoder_inputs(self, codes: Tensor, label: Tensor | None) -> Any: ...

        def loss_of_batch(self, data: Any, *, training: bool) -> Tensor: ...

        def get_metrics_result(self) -> dict[str, Tensor]: ...

else:
    Host = object  # a Protocol would bring a metaclass and an `__init__` into Keras' classes

__all__ = ["Host"]
