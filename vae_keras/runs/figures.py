"""The pictures of a run: which there are, and what a reader is told of each."""

from typing import Any

from vae_keras.data import ImageDataset
from vae_keras.runs.directory import RunDirectory
from vae_keras.runs.run_pictures import RunFigures

# File name, and what a reader is told of it; in the order of a report.
CAPTIONS = {
    "training_curves": "Training curves. Validation is measured at the final KL weight throughout.",
    "reconstructions": "Test images over their reconstructions (code = mean), with the error of "
    "each.",
    "samples": "Generated images: the expected images of codes drawn from the prior.",
    "nearest_training_images": "Generated images over the training image nearest to each. Pairs "
    "that are the same were remembered.",
    "decoded_grid": "What the decoder makes of the latent plane.",
    "latent_scatter": "Codes of the test images (posterior means).",
    "latent_density": "The same as a density, with the half of each class that lies densest. "
    "White is where no codes are.",
    "tsne": "t-SNE of the codes of test images. Neighbours are neighbours; distances and sizes "
    "mean nothing.",
    "traversals": "One latent dimension varied at a time, the others at 0.",
    "interpolations": "From one test image to another along a straight line between their codes.",
    "uncertainty": "Where reconstructions are uncertain: the spread over codes drawn from the "
    "posterior of each image.",
    "kl_by_dimension": "KL divergence by latent dimension: what each carries.",
    "loss_by_class": "Test images by class, with standard errors.",
    "anomaly_scores": "Anomaly scores of the test images and of the classes left out of training.",
    "roc": "The same as a curve: share of anomalies found over share of false alarms.",
    "most_anomalous": "The test images with the highest anomaly scores.",
    "classes": "Test images, one of each class.",
}


def write_figures(
    run_directory: RunDirectory,
    vae: Any,
    dataset: ImageDataset,
    history: dict[str, list[float]],
    evaluation: Any,
    *,
    missing_only: bool = False,
) -> None:
    """Draw and write every picture of a run.

    Args:
        run_directory: Where to.
        vae: The trained model, of any kind.
        dataset: Its data.
        history: What `fit` recorded, a list for each metric.
        evaluation: What `evaluate` returned.
        missing_only: Whether to leave those that are on disk as they are.
    """
    figures = RunFigures(vae, dataset, history, evaluation)
    for name in CAPTIONS:
        if missing_only and (run_directory.figures / f"{name}.png").is_file():
            continue
        drawn = getattr(figures, name)()
        if drawn is not None:
            run_directory.write_figure(drawn.figure, name)
