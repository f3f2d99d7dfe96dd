"""All numbers of a model on a data set, and what goes into `metrics.json`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from vae_keras.config.config import Config
from vae_keras.data import ImageDataset, binarized
from vae_keras.evaluation import Evaluation, diagnose, evaluate
from vae_keras.models import ImageModel
from vae_keras.generation.images import mixture_sampler

SAMPLES = 1000


def measure(
    vae: ImageModel,
    dataset: ImageDataset,
    *,
    samples: int = SAMPLES,
    progress: Callable[[str], None] | None = None,
) -> Evaluation:
    """Measure a model on the test images of a data set, its training images beside them.

    Of training images that are files it takes what can be held in memory: see `Split.bounded`.

    Args:
        vae: Any model; an autoencoder's samples come from a mixture fitted to its codes.
        dataset: Its data.
        samples: Images to generate, three times over, and judge; 0 for none. Defaults to `1000`.
        progress: Called with a line on each step that takes long. Defaults to `None`.
    """
    train, test = dataset.train.bounded(), dataset.test
    if len(train) < len(dataset.train) and progress is not None:
        progress(f"{len(train):,} of {len(dataset.train):,} training images, drawn at random")
    if getattr(vae, "binarize", False):  # the test set is binary, so its neighbours are too
        train = binarized(replace(dataset, train=train), train=True).train
    sampler = None if hasattr(vae, "prior") or not samples else mixture_sampler(vae, train)
    return evaluate(
        vae,
        test.images,
        test.labels,
        train_images=train.images,
        train_labels=train.labels,
        anomalies=None if dataset.anomalies is None else dataset.anomalies.images,
        samples=samples,
        sampler=sampler,
        progress=progress,
    )


def metrics_of(
    evaluation: Evaluation, history: Mapping[str, Sequence[float]], config: Config | None
) -> dict[str, Any]:
    """Return the parts of `metrics.json` that an evaluation fills, with its findings.

    Args:
        evaluation: What `measure` returned.
        history: What `fit` recorded, a list for each metric; empty where it is not known.
        config: The settings, or `None` where they are not known.
    """
    weight = 1.0 if config is None else config.kl_weight
    return {
        "test": dict(evaluation),
        "by_class": evaluation.by_class,
        "by_dimension": evaluation.by_dimension,
        "findings": [asdict(one) for one in diagnose(evaluation, history, kl_weight=weight)],
    }
