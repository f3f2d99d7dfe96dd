"""What the commands do with a saved model: files in, files out."""

import csv
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vae_keras import plotting
from vae_keras.data import read_images
from vae_keras.errors import ArgumentError, RunDirectoryError
from vae_keras.files import save_figure, write_text, written_beside
from vae_keras.inference import load
from vae_keras.run_data import class_names, class_number, run_data
from vae_keras.run_pictures import SAMPLES, SAMPLES_IN_EACH_CLASS
from vae_keras.sample_images import sample_images

OVERVIEW_IMAGES = 10


def reconstruct_files(
    model: str, images: Sequence[str], output: Path, *, label: str | None = None
) -> None:
    """Write a PNG of the reconstruction of each image, and an overview of the first ten.

    Args:
        model: A run directory or a `.keras` file.
        images: Image files or folders of them.
        output: Directory for the pictures.
        label: Name or number of the class of all images, for a conditional model.

    Raises:
        ArgumentError: If there are no images, or `label` does not fit the model.
        RunDirectoryError: If `output` holds something already.
    """
    vae: Any = load(model)
    number = class_number(vae, model, label)
    pixels, names = _read(vae, images)
    if os.path.exists(output) and (not output.is_dir() or any(output.iterdir())):
        raise RunDirectoryError(
            f"`output` must be a new or empty directory. Received: {output}, which exists"
        )
    reconstructions = vae.to_unit_range(vae.reconstruct(pixels, label=number))
    for position, (name, image) in enumerate(zip(names, reconstructions, strict=True), start=1):
        stem = re.sub(r"[^\w.-]+", "_", Path(name).stem)
        _write_png(image, output / f"{position:05d}_{stem}.png")
    axes = plotting.plot_reconstructions(
        vae.to_unit_range(pixels[:OVERVIEW_IMAGES]), reconstructions[:OVERVIEW_IMAGES]
    )
    save_figure(axes.figure, output / "overview.png")
    print(f"{len(names)} reconstructions and overview.png are in {output}")


def sample_to_file(
    model: str,
    output: Path,
    *,
    n: int | None = None,
    codes: str = "prior",
    label: str | None = None,
    seed: int | None = None,
) -> None:
    """Draw codes, decode them, and write the images as one PNG, or as an `.npy` array.

    Args:
        model: A run directory or a `.keras` file.
        output: The file. An array has the shape `(n, height, width, channels)`, of a conditional
            model without a label `(n, num_classes, height, width, channels)`.
        n: Number of codes; by default 64, or 8 where each is decoded in every class.
        codes: One of `CODE_SOURCES`; all but the prior read the training data of the run.
        label: Name or number of a class, for a conditional model; by default every class.
        seed: Seed of the draw.

    Raises:
        ArgumentError: If `n` is not positive, `output` has another suffix, or `codes` or `label`
            do not fit the model.
    """
    _check_suffix(output, (".png", ".npy"))
    vae: Any = load(model)
    number = class_number(vae, model, label)
    every_class = vae.num_classes > 0 and number is None
    if n is None:
        n = SAMPLES_IN_EACH_CLASS if every_class else SAMPLES
    train = None
    if codes != "prior":
        train = run_data(model, otherwise="`codes` must be 'prior'").train
    drawn = sample_images(vae, n, codes=codes, label=number, seed=seed, train=train)
    images = vae.to_unit_range(drawn)
    if output.suffix == ".npy":
        with written_beside(output) as beside:
            np.save(beside, images)
    elif every_class:
        axes = plotting.plot_samples_by_class(images, class_names(model))
        save_figure(axes.figure, output)
    else:
        save_figure(plotting.plot_samples(images).figure, output)
    each = f" in each of {vae.num_classes} classes" if every_class else ""
    print(f"{n} samples{each} are in {output}")


def encode_files(
    model: str, images: Sequence[str], output: Path, *, label: str | None = None
) -> None:
    """Encode images and write names and codes as `.csv` or `.npz`.

    The codes are the posterior means with their standard deviations, of an autoencoder the codes
    alone.

    Args:
        model: A run directory or a `.keras` file.
        images: Image files or folders of them.
        output: The file.
        label: Name or number of the class of all images, for a conditional model.

    Raises:
        ArgumentError: If there are no images, `output` has another suffix, or `label` does not
            fit the model.
    """
    _check_suffix(output, (".csv", ".npz"))
    vae: Any = load(model)
    number = class_number(vae, model, label)
    pixels, names = _read(vae, images)
    if hasattr(vae, "encode_distribution"):
        posterior = vae.encode_distribution(pixels, label=number)
        arrays = {"z_mean": posterior.mean, "z_std": np.exp(0.5 * posterior.log_var)}
    else:
        arrays = {"z": vae.encode(pixels)}
    if output.suffix == ".npz":
        with written_beside(output) as beside:
            np.savez(beside, name=np.array(names), **arrays)
    else:
        write_text(output, _table(names, list(arrays.values())))
    print(f"{len(names)} codes of size {vae.latent_dim} are in {output}")


def _read(vae: Any, images: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    if not images:
        raise ArgumentError("`images` must be at least one file or folder. Received: images=()")
    return read_images(list(images), image_shape=vae.image_shape)


def _table(names: list[str], arrays: list[np.ndarray]) -> str:
    """Return names, codes and, where there are any, standard deviations as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    dimensions = range(1, arrays[0].shape[1] + 1)
    headings = [f"{word}{j}" for word in ("z", "std")[: len(arrays)] for j in dimensions]
    writer.writerow(["name", *headings])
    for name, values in zip(names, np.concatenate(arrays, axis=1), strict=True):
        writer.writerow([name, *values.tolist()])
    return text.getvalue()


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
