"""The pictures of a run."""

from typing import Any

import numpy as np

from vae_keras import plotting
from vae_keras.run import RunDirectory

SAMPLES = 64
SAMPLE_SEED = 0


def write_figures(
    run_directory: RunDirectory, vae: Any, dataset: Any, history: dict[str, list[float]]
) -> None:
    """Draw and write every picture of a run.

    Args:
        run_directory: Where to.
        vae: The trained model.
        dataset: Its data.
        history: What `fit` recorded, a list for each metric.
    """
    test, names = dataset.test, dataset.class_names
    images = vae.to_unit_range(test.images[:10])
    write = run_directory.write_figure

    write(plotting.plot_history(history), "training_curves")
    write(
        plotting.plot_reconstructions(
            images,
            vae.to_unit_range(vae.reconstruct(test.images[:10])),
            labels=None if test.labels is None else test.labels[:10],
            class_names=names,
        ).figure,
        "reconstructions",
    )
    samples = vae.to_unit_range(vae.sample(SAMPLES, seed=SAMPLE_SEED))
    write(plotting.plot_samples(samples).figure, "samples")
    if test.labels is not None:
        axes = plotting.plot_one_per_class(test.images, test.labels, names)
        write(axes.figure, "classes")
    if vae.latent_dim > 1:
        codes = vae.encode(test.images)
        axes = plotting.plot_latent_scatter(codes, test.labels, names)
        if vae.latent_dim > 2:
            axes.set_title(f"The first two of {vae.latent_dim} latent dimensions", loc="left")
        write(axes.figure, "latent_scatter")
    if vae.latent_dim == 2:
        write(plotting.plot_decoded_grid(_decoded_grid(vae)).figure, "decoded_grid")


def _decoded_grid(vae: Any) -> np.ndarray:
    codes = plotting.decoded_grid_codes()
    images = vae.to_unit_range(vae.decode(codes.reshape(-1, 2)))
    return images.reshape(*codes.shape[:2], *images.shape[1:])
