"""What the commands do with a saved model: they read images or codes, and write files."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from vae_keras import plotting
from vae_keras.array_checks import visible_channels
from vae_keras.errors import ArgumentError
from vae_keras.generation.images import sample_images
from vae_keras.io.files import check_free, save_figure, written_beside
from vae_keras.io.text import printable
from vae_keras.models import ImageModel
from vae_keras.runs.figures import SHOWN_SAMPLES, SHOWN_SAMPLES_OF_EACH_CLASS
from vae_keras.runs.given_images import GivenImages
from vae_keras.runs.reading import class_names, class_number, run_config, run_data
from vae_keras.saving.load import load

OVERVIEW_IMAGES = 10
READ_AT_ONCE = 1024  # images


def reconstruct_files(
    model: str,
    images: Sequence[str],
    output: Path,
    *,
    label: str | None = None,
    crop: str | None = None,
    background: str | None = None,
) -> None:
    """Write a PNG of the reconstruction of each image, and an overview of the first ten.

    Args:
        model: A run directory or a `.keras` file.
        images: Image files, folders of them, `.npy` and `.npz` files.
        output: Directory for the images.
        label: Name or number of the class of all images, for a conditional model.
        crop: How images of another size than the model's are fitted; see `Preparation`. By default
            as the model's training images were.
        background: Colour behind transparent and padded images; by default as in training.

    Raises:
        ArgumentError: If there are no images, or `label`, `crop` or `background` does not fit.
        DataError: If an image cannot be read, or has another size and is not to be fitted.
        RunDirectoryError: If `output` holds something already.
    """
    vae: ImageModel = load(model, compile=False)
    number = class_number(vae, model, label)
    given = GivenImages(vae, images, crop=crop, background=background)  # all are looked at
    check_free(output)
    given.say_what_is_done()
    shown: list[tuple[np.ndarray, np.ndarray]] = []
    for start, pixels in _parts(given, "reconstructing"):
        reconstructions = vae.to_unit_range(vae.reconstruct(pixels, label=number))
        for position, image in enumerate(reconstructions, start=start):
            stem = re.sub(r"[^\w.-]+", "_", given.stem(position))
            _write_png(image, output / f"{position + 1:05d}_{stem}.png")
        some = slice(max(0, OVERVIEW_IMAGES - start))
        shown.append((vae.to_unit_range(pixels[some]), reconstructions[some].copy()))
    axes = plotting.plot_reconstructions(*map(np.concatenate, zip(*shown, strict=True)))
    save_figure(axes.figure, output / "overview.png")
    print(f"{len(given)} reconstructions and overview.png are in {printable(output)}")


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
        codes: One of `CODE_SOURCES`; all but `"prior"` need the training data of the run.
        label: Name or number of a class, for a conditional model; by default every class.
        seed: Seed of the draw.

    Raises:
        ArgumentError: If `n` is not positive, `output` has another suffix, or `codes` or `label`
            does not fit the model.
    """
    _check_suffix(output, (".png", ".npy"))
    vae: ImageModel = load(model, compile=False)
    number = class_number(vae, model, label)
    every_class = vae.num_classes > 0 and number is None
    if n is None:
        n = SHOWN_SAMPLES_OF_EACH_CLASS if every_class else SHOWN_SAMPLES
    train = None
    if codes != "prior":
        train = run_data(model, run_config(model), otherwise="`codes` must be 'prior'").train
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
    print(f"{n} samples{each} are in {printable(output)}")


def encode_files(
    model: str,
    images: Sequence[str],
    output: Path,
    *,
    label: str | None = None,
    crop: str | None = None,
    background: str | None = None,
) -> None:
    """Encode images and write names and codes as `.csv` or `.npz`.

    Of a VAE they are the posterior means, with the standard deviations beside them.

    Args:
        model: A run directory or a `.keras` file.
        images: Image files, folders of them, `.npy` and `.npz` files.
        output: The file.
        label: Name or number of the class of all images, for a conditional model.
        crop: See `reconstruct_files`.
        background: See `reconstruct_files`.

    Raises:
        ArgumentError: If there are no images, `output` has another suffix, or `label`, `crop` or
            `background` does not fit.
        DataError: If an image cannot be read, or has another size and is not to be fitted.
    """
    _check_suffix(output, (".csv", ".npz"))
    vae: ImageModel = load(model, compile=False)
    number = class_number(vae, model, label)
    given = GivenImages(vae, images, crop=crop, background=background)
    given.say_what_is_done()
    names = ("z_mean", "z_std") if vae.is_variational else ("z",)
    parts = ((start, _codes(vae, pixels, number)) for start, pixels in _parts(given, "encoding"))
    with written_beside(output) as beside:
        if output.suffix == ".npz":
            columns = zip(*(arrays for _, arrays in parts), strict=True)
            codes: dict[str, Any] = dict(zip(names, map(np.concatenate, columns), strict=True))
            np.savez(beside, name=np.array([*map(given.name, range(len(given)))]), **codes)
        else:
            _write_table(beside, given, parts, vae.latent_dim, len(names))
    print(f"{len(given)} codes of size {vae.latent_dim} are in {printable(output)}")


def _parts(given: GivenImages, doing: str) -> Iterator[tuple[int, np.ndarray]]:
    """Read the images in parts; yield the position and the pixels of each, and show progress."""
    console = Console(stderr=True)
    hidden = not console.is_terminal or len(given) <= READ_AT_ONCE
    parts = given.parts(READ_AT_ONCE)
    for start, images in track(parts, doing, console=console, disable=hidden):
        yield start, np.asarray(images)


def _codes(vae: ImageModel, pixels: np.ndarray, label: int | None) -> tuple[np.ndarray, ...]:
    """Return codes and, of a VAE, their standard deviations."""
    if not vae.is_variational:
        return (vae.encode(pixels, label=label),)
    posterior = vae.encode_distribution(pixels, label=label)
    return posterior.mean, np.exp(0.5 * posterior.log_var)


def _write_table(path: Path, given: GivenImages, parts: Any, latent_dim: int, columns: int) -> None:
    """Write names, codes and, of a VAE, standard deviations as CSV."""
    headings = [f"{word}{j + 1}" for word in ("z", "std")[:columns] for j in range(latent_dim)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", *headings])
        for start, arrays in parts:
            codes = np.concatenate(arrays, axis=1)
            for position, values in enumerate(codes, start=start):
                writer.writerow([_cell(given.name(position)), *values.tolist()])


def _cell(name: str) -> str:
    """Return the path of an image as a cell that no spreadsheet reads as a formula."""
    text = printable(name)
    return f"./{text}" if text.startswith(("=", "+", "-", "@")) else text


def _check_suffix(output: Path, suffixes: tuple[str, ...]) -> None:
    if output.suffix not in suffixes:
        raise ArgumentError(
            f"`output` must end in {' or '.join(suffixes)}. Received: output={str(output)!r}"
        )


def _write_png(image: np.ndarray, path: Path) -> None:
    from PIL import Image

    pixels = visible_channels(np.round(image * 255).astype("uint8"))
    with written_beside(path) as beside:
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(beside)
