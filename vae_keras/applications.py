"""What the commands do with a saved model: files in, files out."""

import csv
import dataclasses
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from vae_keras import plotting
from vae_keras.building import load_data
from vae_keras.config import Config, read_config
from vae_keras.data import read_images
from vae_keras.errors import ArgumentError, RunDirectoryError
from vae_keras.experiment import measure
from vae_keras.files import save_figure, write_json, write_text, written_beside
from vae_keras.inference import load
from vae_keras.models import VAE
from vae_keras.summaries import numbers_table

OVERVIEW_IMAGES = 10


def evaluate_model(
    model: str,
    *,
    dataset: str | None = None,
    data: str | None = None,
    output: Path | None = None,
) -> dict[str, float]:
    """Measure a saved model on a test set, print the numbers and return them.

    Args:
        model: A run directory or a `.keras` file.
        dataset: Data set; by default that of the run which the model lies in.
        data: Path of the data; by default that of the run.
        output: A JSON file for the numbers, or `None`.

    Raises:
        ArgumentError: If the model lies in no run directory and no data set is named.
    """
    vae = load(model)
    config = _run_config(Path(model), named=dataset is not None or data is not None)
    if dataset is not None or data is not None:
        config = dataclasses.replace(
            config, dataset=dataset or "fashion_mnist", data=data, train_size=None
        )
    images = load_data(config)
    console = Console()
    if images.notice:
        console.print(images.notice, style="bold yellow", highlight=False, soft_wrap=True)
    numbers = measure(vae, images)
    console.print(numbers_table(numbers, title=f"Test set of {images.name}"))
    if output is not None:
        write_json(output, numbers)
    return numbers


def reconstruct_files(model: str, images: Sequence[str], output: Path) -> None:
    """Write a PNG of the reconstruction of each image, and an overview of the first ten.

    Raises:
        RunDirectoryError: If `output` holds something already.
    """
    vae = load(model)
    pixels, names = _read(vae, images)
    if os.path.exists(output) and (not output.is_dir() or any(output.iterdir())):
        raise RunDirectoryError(
            f"`output` must be a new or empty directory. Received: {output}, which exists"
        )
    reconstructions = vae.to_unit_range(vae.reconstruct(pixels))
    for number, (name, image) in enumerate(zip(names, reconstructions, strict=True), start=1):
        stem = re.sub(r"[^\w.-]+", "_", Path(name).stem)
        _write_png(image, output / f"{number:05d}_{stem}.png")
    axes = plotting.plot_reconstructions(
        vae.to_unit_range(pixels[:OVERVIEW_IMAGES]), reconstructions[:OVERVIEW_IMAGES]
    )
    save_figure(axes.figure, output / "overview.png")
    print(f"{len(names)} reconstructions and overview.png are in {output}")


def sample_to_file(model: str, output: Path, *, n: int = 64, seed: int | None = None) -> None:
    """Draw images from the prior and write them as one PNG, or as an `.npy` array.

    Raises:
        ArgumentError: If `n` is not positive or `output` has another suffix.
    """
    _check_suffix(output, (".png", ".npy"))
    vae = load(model)
    images = vae.to_unit_range(vae.sample(n, seed=seed))
    if output.suffix == ".npy":
        with written_beside(output) as beside:
            np.save(beside, images)
    else:
        save_figure(plotting.plot_samples(images).figure, output)
    print(f"{n} samples are in {output}")


def encode_files(model: str, images: Sequence[str], output: Path) -> None:
    """Encode images and write names, means and standard deviations as `.csv` or `.npz`.

    Raises:
        ArgumentError: If `output` has another suffix.
    """
    _check_suffix(output, (".csv", ".npz"))
    vae = load(model)
    pixels, names = _read(vae, images)
    posterior = vae.encode_distribution(pixels)
    std = np.exp(0.5 * posterior.log_var)
    if output.suffix == ".npz":
        with written_beside(output) as beside:
            np.savez(beside, name=np.array(names), z_mean=posterior.mean, z_std=std)
    else:
        text = io.StringIO()
        writer = csv.writer(text)
        dimensions = range(1, vae.latent_dim + 1)
        writer.writerow(["name", *(f"z{j}" for j in dimensions), *(f"std{j}" for j in dimensions)])
        for name, mean, deviation in zip(names, posterior.mean, std, strict=True):
            writer.writerow([name, *mean.tolist(), *deviation.tolist()])
        write_text(output, text.getvalue())
    print(f"{len(names)} codes of size {vae.latent_dim} are in {output}")


def _read(vae: VAE, images: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    if not images:
        raise ArgumentError("`images` must be at least one file or folder. Received: images=()")
    return read_images(list(images), image_shape=vae.image_shape)


def _run_config(model: Path, *, named: bool) -> Config:
    path = (model if model.is_dir() else model.parent) / "config.json"
    if path.exists():
        return read_config(path)
    if not named:
        raise ArgumentError(
            "`dataset` or `data` must be given for a model outside its run directory. "
            f"Received: model={str(model)!r}, with no config.json beside it"
        )
    return Config()


def _check_suffix(output: Path, suffixes: tuple[str, ...]) -> None:
    if output.suffix not in suffixes:
        raise ArgumentError(
            f"`output` must end in {' or '.join(suffixes)}. Received: output={str(output)!r}"
        )


def _write_png(image: np.ndarray, path: Path) -> None:
    from PIL import Image

    pixels = np.round(image * 255).astype("uint8")
    with written_beside(path) as beside:
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(beside)
