"""Evaluation of a model, while it is in memory or from its file: metrics and findings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from vae_keras.config.config import Config
from vae_keras.data import ImageDataset, binarized
from vae_keras.data.load import reader_and_path
from vae_keras.errors import ArgumentError, DataError
from vae_keras.evaluation import Evaluation, diagnose, evaluate, frechet_inception_distance
from vae_keras.generation.images import mixture_sampler
from vae_keras.io.files import write_json
from vae_keras.io.text import printable
from vae_keras.models import ImageModel, labels_for
from vae_keras.runs.build import load_data
from vae_keras.runs.console import (
    member_name,
    metrics_table,
    plain_console,
    print_findings,
    step_by_step,
)
from vae_keras.runs.directory import RunDirectory
from vae_keras.runs.reading import (
    read_history,
    read_metrics,
    run_config,
    run_data,
    run_path,
)
from vae_keras.saving.load import load


def evaluate_model(
    model: str,
    *,
    dataset: str | None = None,
    data: str | None = None,
    crop: str | None = None,
    background: str | None = None,
    log_likelihood: int | None = None,
    samples: int | None = None,
    fid: bool = False,
    output: Path | None = None,
) -> dict[str, float]:
    """Evaluate a saved model on a test set, print the metrics and return them.

    If the model lies in a run and no other data are named, the metrics also go into the run's
    `metrics.json`, with what `diagnose` finds.

    Args:
        model: A run directory or a `.keras` file.
        dataset: Data set; by default that of the run which the model lies in.
        data: Path of the data; by default that of the run.
        crop: How the images of other data are fitted to the model's size; see `Preparation`. By
            default as the model's training images were.
        background: Colour behind their transparent images, and behind padded ones; by default as
            in training.
        log_likelihood: Codes for each image that the log-likelihood is estimated from, or `None`
            to leave it out.
        samples: Images to generate for the metrics of samples, as `vae_keras.evaluate` takes them.
        fid: Whether to compute the FID of the samples, which needs an optional package.
        output: A JSON file for the metrics, or `None`.

    Raises:
        ArgumentError: If there is no run and no data set is named, or the model has no
            log-likelihood or FID.
        DataError: If the model is conditional and the data have no labels.
    """
    vae: ImageModel = load(model)
    _check_request(vae, log_likelihood=log_likelihood, samples=samples, fid=fid)
    config = run_config(model)
    if dataset is None and data is None:
        _check_no_preparation(crop, background)
        images = run_data(model, config, otherwise="`dataset` or `data` must be given")
    else:
        images = other_data(vae, config or Config(), dataset, data, crop, background)
    _check_labels(vae, images)
    console = plain_console()
    if images.prepared:
        console.print(f"Images: {images.prepared}", highlight=False, soft_wrap=True)
    if images.notice:
        console.print(images.notice, style="bold yellow", highlight=False, soft_wrap=True)
    with step_by_step("Evaluating on the test set", console) as log:
        evaluation = measure(vae, images, samples=samples, progress=log)
    if fid:
        evaluation["fid"] = _fid(vae, images, int(evaluation["samples"]))
    if log_likelihood is not None:
        evaluation.update(_log_likelihood(vae, images, log_likelihood))
    _print_table(evaluation, vae, images, console)
    run = None if config is None or dataset or data else RunDirectory(run_path(model))
    metrics = metrics_of(evaluation, {} if run is None else read_history(run), config)
    print_findings(metrics["findings"], console)
    if run is not None:
        _write_to_run(run, metrics, evaluation)
        console.print(
            f"Written to {printable(run.metrics)}", style="dim", highlight=False, soft_wrap=True
        )
    if output is not None:
        write_json(output, evaluation)
    return evaluation


def _check_request(
    vae: ImageModel, *, log_likelihood: int | None, samples: int | None, fid: bool
) -> None:
    """Raise `ArgumentError` if the model has no log-likelihood or FID and it is asked for."""
    if log_likelihood is not None and not vae.is_variational:
        raise ArgumentError(
            "`log_likelihood` must not be given for an autoencoder, which is no distribution. "
            f"Received: log_likelihood={log_likelihood!r}"
        )
    if fid and (samples == 0 or not vae.is_variational or vae.num_classes):
        raise ArgumentError(
            "`fid` must go with samples of a VAE that is not conditional. "
            f"Received: samples={samples!r}, model={type(vae).__name__}"
        )


def _check_labels(vae: ImageModel, images: ImageDataset) -> None:
    """Raise `DataError` if the model needs labels that the data do not have."""
    if vae.num_classes and (images.test.labels is None or images.train.labels is None):
        raise DataError(
            "`data` must have labels: this model is conditioned on the class of each image. "
            f"Received: {images.name}, without labels"
        )


def _print_table(
    evaluation: Evaluation, vae: ImageModel, images: ImageDataset, console: Console
) -> None:
    axes = ("regularizer", "objective") if vae.is_variational else ()
    members = {axis: member_name(getattr(vae, axis)) for axis in axes}
    console.print(metrics_table(evaluation, title=f"Test set of {images.name}", **members))


def _write_to_run(run: RunDirectory, metrics: dict[str, Any], evaluation: Evaluation) -> None:
    """Write metrics and arrays, and keep earlier metrics that were not computed again.

    Among those may be the log-likelihood, which takes long.
    """
    before = read_metrics(run) if run.metrics.is_file() else {}
    test = {**before.get("test", {}), **metrics["test"]}
    run.write_metrics({**before, **metrics, "test": test})
    run.write_arrays(evaluation.arrays)


def _check_no_preparation(crop: str | None, background: str | None) -> None:
    """Raise `ArgumentError` if the run's own data are to be fitted in another way."""
    for name, value in (("crop", crop), ("background", background)):
        if value is not None:
            raise ArgumentError(
                f"`{name}` must go with `data` or `dataset`: the run's own images are fitted as in "
                f"training. Received: {name}={value!r}"
            )


def other_data(
    vae: ImageModel,
    config: Config,
    dataset: str | None,
    data: str | None,
    crop: str | None,
    background: str | None,
) -> ImageDataset:
    """Load a data set other than that of the run, in the shape that the model takes."""
    *size, channels = vae.image_shape
    crop = crop or vae.preparation.crop
    exists = data is not None and Path(data).exists()  # otherwise `load_data` refuses it
    is_folder = exists and reader_and_path(dataset, data)[0] == "folder"
    if background is None and (is_folder or crop == "pad"):
        background = vae.preparation.background
    config = config.replace(
        dataset=dataset or Config().dataset,
        data=data,
        train_size=None,
        image_size=None if crop is None else tuple(size),
        crop=crop or Config().crop,
        background=background or Config().background,
    )
    images = load_data(config, channels=channels if is_folder and channels in (1, 3) else None)
    if images.image_shape != vae.image_shape:
        advice = ": `crop` (`--crop center`) fits images of other sizes" if crop is None else ""
        raise DataError(
            f"`data` must hold images of shape {vae.image_shape}, as the model expects{advice}. "
            f"Received: {images.image_shape}"
        )
    return images


def _log_likelihood(vae: ImageModel, images: ImageDataset, samples: int) -> dict[str, float]:
    result = vae.log_likelihood(
        images.test.images,
        label=labels_for(vae, images.test.labels),
        samples=samples,
        progress=Console().is_terminal,
    )
    metrics = {
        "log_likelihood": result.mean,
        "log_likelihood_standard_error": result.standard_error,
        "log_likelihood_samples": result.samples,
    }
    if result.levels_per_unit is not None:
        metrics["bits_per_dimension"] = result.bits_per_dimension
    return metrics


def _fid(vae: ImageModel, images: ImageDataset, samples: int) -> float:
    """Return the Frechet inception distance of samples from the test images."""
    drawn = vae.to_unit_range(vae.sample(samples, seed=0))
    return frechet_inception_distance(vae.to_unit_range(images.test.images), drawn)


def measure(
    vae: ImageModel,
    dataset: ImageDataset,
    *,
    samples: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Evaluation:
    """Evaluate a model on the test images of a data set, with its training images beside them.

    If the training images are files, as many are taken as memory can hold: see `Split.bounded`.

    Args:
        vae: ImageModel model; an autoencoder's samples come from a mixture fitted to its codes.
        dataset: Its data.
        samples: Images to generate, three times over, as `vae_keras.evaluate` takes them.
        progress: Called with a line on each step that takes long. Defaults to `None`.
    """
    train, test = dataset.train.bounded(), dataset.test
    if len(train) < len(dataset.train) and progress is not None:
        progress(f"{len(train):,} of {len(dataset.train):,} training images, drawn at random")
    if getattr(vae, "binarize", False):  # the test set is binary, so its neighbours are too
        train = binarized(replace(dataset, train=train), train=True).train
    sampler = None if vae.is_variational or samples == 0 else mixture_sampler(vae, train)
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
        history: What `fit` recorded, a list for each metric; empty if it is not known.
        config: The settings, or `None` if they are not known.
    """
    weight = 1.0 if config is None else config.kl_weight
    return {
        "test": dict(evaluation),
        "by_class": evaluation.by_class,
        "by_dimension": evaluation.by_dimension,
        "findings": [asdict(one) for one in diagnose(evaluation, history, kl_weight=weight)],
    }
