"""The pictures of a run."""

from typing import Any

from vae_keras import plotting
from vae_keras.data import Split
from vae_keras.models import labels_for
from vae_keras.run import RunDirectory
from vae_keras.sample_images import sample_images

SHOWN = slice(10)
SAMPLES, SAMPLES_IN_EACH_CLASS = 64, 8
SAMPLE_SEED = 0
MIXTURE_IMAGES = 10_000  # a mixture for a picture need not have seen more


def write_figures(
    run_directory: RunDirectory, vae: Any, dataset: Any, history: dict[str, list[float]]
) -> None:
    """Draw and write every picture of a run.

    Args:
        run_directory: Where to.
        vae: The trained model, of any kind.
        dataset: Its data.
        history: What `fit` recorded, a list for each metric.
    """
    test, names = dataset.test, dataset.class_names
    write = run_directory.write_figure

    write(plotting.plot_history(history), "training_curves")
    write(_reconstructions(vae, test, names).figure, "reconstructions")
    write(_samples(vae, dataset.train, names).figure, "samples")
    if test.labels is not None:
        axes = plotting.plot_one_per_class(test.images, test.labels, names)
        axes.figure.suptitle("Test images, one of each class")
        write(axes.figure, "classes")
    if vae.latent_dim > 1:
        codes = vae.encode(test.images, label=labels_for(vae, test.labels))
        axes = plotting.plot_latent_scatter(codes, test.labels, names)
        if vae.latent_dim > 2:
            axes.set_title(f"The first two of {vae.latent_dim} latent dimensions", loc="left")
        write(axes.figure, "latent_scatter")
    if vae.latent_dim == 2 and hasattr(vae, "prior"):  # which says what part of the plane to show
        write(_decoded_grid(vae, names).figure, "decoded_grid")


def _reconstructions(vae: Any, test: Split, names: Any) -> Any:
    images = test.images[SHOWN]
    reconstructions = vae.reconstruct(images, label=labels_for(vae, test.labels, SHOWN))
    return plotting.plot_reconstructions(
        vae.to_unit_range(images),
        vae.to_unit_range(reconstructions),
        labels=None if test.labels is None else test.labels[SHOWN],
        class_names=names,
    )


def _samples(vae: Any, train: Split, names: Any) -> Any:
    if vae.num_classes:
        images = sample_images(vae, SAMPLES_IN_EACH_CLASS, seed=SAMPLE_SEED)
        return plotting.plot_samples_by_class(vae.to_unit_range(images), names)
    if hasattr(vae, "prior"):
        images = sample_images(vae, SAMPLES, seed=SAMPLE_SEED)
        return plotting.plot_samples(vae.to_unit_range(images))
    some = Split(train.images[:MIXTURE_IMAGES])
    images = sample_images(vae, SAMPLES, codes="mixture", seed=SAMPLE_SEED, train=some)
    axes = plotting.plot_samples(vae.to_unit_range(images))
    axes.set_title(
        "Codes drawn from a mixture of Gaussians fitted to the training codes", loc="left"
    )
    return axes


def _decoded_grid(vae: Any, names: Any) -> Any:
    """Draw the plane of codes, of a conditional model in its first class."""
    codes = plotting.decoded_grid_codes()
    label = 0 if vae.num_classes else None
    images = vae.to_unit_range(vae.decode(codes.reshape(-1, 2), label=label))
    axes = plotting.plot_decoded_grid(images.reshape(*codes.shape[:2], *images.shape[1:]))
    if label is not None:
        axes.set_title(f"Decoded as {names[label] if names else f'class {label}'}", loc="left")
    return axes
