"""The pictures of a run: which there are, and what a reader is told of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_keras import plotting
from vae_keras.data import ImageDataset, Split
from vae_keras.evaluation import tsne
from vae_keras.generation.images import mixture_sampler, sample_images
from vae_keras.models import labels_for
from vae_keras.runs.directory import RunDirectory

SHOWN = slice(10)
SAMPLES, SAMPLES_IN_EACH_CLASS = 64, 8
# More have no figure: it would be a wall, and at some length cannot be drawn. The table has them.
_MOST_CLASSES = 200
SAMPLE_SEED = 0
EMBEDDED = 5000
INTERPOLATIONS = 4
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


@dataclass(frozen=True)
class RunFigures:
    """Draws the pictures of one run from what its evaluation left.

    A method returns `None` where its picture makes no sense for the model or the data.

    Args:
        vae: The trained model, of any kind.
        dataset: Its data.
        history: What `fit` recorded, a list for each metric.
        evaluation: What `evaluate` returned: numbers with attributes.
    """

    vae: Any
    dataset: ImageDataset
    history: dict[str, list[float]]
    evaluation: Any

    def training_curves(self) -> Any:
        return plotting.plot_history(self.history) if self.history else None

    def reconstructions(self) -> Any:
        test = self.dataset.test
        images = test.images[SHOWN]
        copies = self.vae.reconstruct(images, label=labels_for(self.vae, test.labels, SHOWN))
        return plotting.plot_reconstructions(
            self._unit(images),
            self._unit(copies),
            labels=None if test.labels is None else test.labels[SHOWN],
            class_names=self._names,
        )

    def samples(self) -> Any:
        vae = self.vae
        if vae.num_classes:
            images = sample_images(vae, SAMPLES_IN_EACH_CLASS, seed=SAMPLE_SEED)
            return plotting.plot_samples_by_class(self._unit(images), self._names)
        if self._variational:
            images = sample_images(vae, SAMPLES, seed=SAMPLE_SEED)
            return plotting.plot_samples(self._unit(images))
        axes = plotting.plot_samples(mixture_sampler(vae, self.dataset.train)(SAMPLES, SAMPLE_SEED))
        title = "Codes drawn from a mixture of Gaussians fitted to the training codes"
        axes.set_title(title, loc="left")
        return axes

    def nearest_training_images(self) -> Any:
        arrays = self.evaluation.arrays
        if "nearest_train" not in arrays:
            return None
        return plotting.plot_samples_with_neighbors(
            arrays["samples"],
            arrays["nearest_train"],
            distances=arrays["nearest_train_distances"],
        )

    def decoded_grid(self) -> Any:
        """Draw the plane of codes, of a conditional model in its first class."""
        vae = self.vae
        if vae.latent_dim != 2 or not self._variational:  # the prior says what to show of the plane
            return None
        codes = plotting.decoded_grid_codes()
        label = 0 if vae.num_classes else None
        images = self._unit(vae.decode(codes.reshape(-1, 2), label=label))
        axes = plotting.plot_decoded_grid(images.reshape(*codes.shape[:2], *images.shape[1:]))
        if label is not None:
            axes.set_title(f"Decoded as {self._class_name(label)}", loc="left")
        return axes

    def traversals(self) -> Any:
        if not self._variational:
            return None
        label = 0 if self.vae.num_classes else None
        images = self._unit(self.vae.traverse(label=label))
        kl = self.evaluation.by_dimension.get("kl")
        return plotting.plot_traversals(images, kl=kl)

    def interpolations(self) -> Any:
        pairs = list(_pairs(self.dataset.test))
        if not pairs:
            return None
        test, rows = self.dataset.test, []
        for first, second in pairs:
            label = None
            if self.vae.num_classes and test.labels is not None:
                label = int(test.labels[first])
            images = (test.images[first], test.images[second])
            rows.append(self._unit(self.vae.interpolate(*images, label=label)))
        firsts, seconds = zip(*pairs, strict=True)
        return plotting.plot_interpolation(
            np.stack(rows),
            first=self._unit(test.images[list(firsts)]),
            second=self._unit(test.images[list(seconds)]),
        )

    def uncertainty(self) -> Any:
        if not self._variational:
            return None
        test = self.dataset.test
        images, label = test.images[SHOWN], labels_for(self.vae, test.labels, SHOWN)
        low, high = self.vae.likelihood.data_range
        return plotting.plot_uncertainty(
            self._unit(images),
            self.vae.uncertainty(images, label=label) / (high - low),
            reconstructions=self._unit(self.vae.reconstruct(images, label=label)),
        )

    def latent_scatter(self) -> Any:
        codes, labels = self.evaluation.arrays["z_mean"], self.dataset.test.labels
        if self.vae.latent_dim < 2:
            return None
        kl = self.evaluation.by_dimension.get("kl", -np.var(codes, axis=0))
        first, second = sorted(int(j) for j in np.argsort(kl)[::-1][:2])
        if self.vae.latent_dim == 2:
            first, second = 0, 1
        axes = plotting.plot_latent_scatter(codes, labels, self._names, dimensions=(first, second))
        if self.vae.latent_dim > 2:
            title = f"The two of {self.vae.latent_dim} latent dimensions with the most KL"
            axes.set_title(title, loc="left")
        return axes

    def latent_density(self) -> Any:
        if self.vae.latent_dim != 2:
            return None
        codes, labels = self.evaluation.arrays["z_mean"], self.dataset.test.labels
        return plotting.plot_latent_density(codes, labels, self._names)

    def tsne(self) -> Any:
        codes, labels = self.evaluation.arrays["z_mean"], self.dataset.test.labels
        if self.vae.latent_dim <= 2 or len(codes) < 4 or (codes == codes[0]).all():
            return None
        labels = None if labels is None else labels[:EMBEDDED]
        points = tsne(codes[:EMBEDDED], perplexity=min(30.0, (len(codes[:EMBEDDED]) - 1) / 3))
        return plotting.plot_embedding(points, labels, self._names)

    def kl_by_dimension(self) -> Any:
        by_dimension = self.evaluation.by_dimension
        if "kl" not in by_dimension or self.vae.latent_dim <= 2:
            return None
        return plotting.plot_kl_by_dimension(by_dimension["kl"], active=by_dimension["active"])

    def loss_by_class(self) -> Any:
        by_class = self.evaluation.by_class
        if not 2 <= len(by_class.get("classes", ())) <= _MOST_CLASSES:
            return None
        measure, name = "mse", "mean squared error per pixel"
        if "recon_loss" in by_class:
            measure, name = "recon_loss", "reconstruction loss (nats)"
        errors = by_class[f"{measure}_standard_error"]
        return plotting.plot_by_class(
            by_class[measure],
            standard_error=[0.0 if error is None else error for error in errors],
            class_names=[self._class_name(number) for number in by_class["classes"]],
            name=name,
        )

    def classes(self) -> Any:
        test = self.dataset.test
        if test.labels is None or len(np.unique(test.labels)) > _MOST_CLASSES:
            return None
        axes = plotting.plot_one_per_class(test.images, test.labels, self._names)
        axes.figure.suptitle("Test images, one of each class")
        return axes

    def anomaly_scores(self) -> Any:
        arrays = self.evaluation.arrays
        if "anomaly_scores" not in arrays:
            return None
        auc = self.evaluation["anomaly_roc_auc"]
        scores, is_anomaly = arrays["anomaly_scores"], arrays["is_anomaly"]
        unit = "nats" if self._variational else "mean squared error"
        name = f"anomaly score ({unit})"
        return plotting.plot_anomaly_scores(scores, is_anomaly, auc=auc, name=name)

    def roc(self) -> Any:
        arrays = self.evaluation.arrays
        if "anomaly_scores" not in arrays:
            return None
        return plotting.plot_roc(arrays["anomaly_scores"], arrays["is_anomaly"])

    def most_anomalous(self) -> Any:
        arrays, dataset = self.evaluation.arrays, self.dataset
        if "anomaly_scores" not in arrays or dataset.anomalies is None:
            return None
        scores = arrays["anomaly_scores"]
        highest = np.argsort(scores)[::-1][SHOWN]
        tested = len(dataset.test)
        images = [
            dataset.test.images[i] if i < tested else dataset.anomalies.images[i - tested]
            for i in highest
        ]
        return plotting.plot_most_anomalous(self._unit(np.stack(images)), scores[highest])

    @property
    def _variational(self) -> bool:
        return hasattr(self.vae, "prior")

    @property
    def _names(self) -> tuple[str, ...] | None:
        return self.dataset.class_names

    def _class_name(self, number: int) -> str:
        return self._names[number] if self._names else f"class {number}"

    def _unit(self, images: np.ndarray) -> np.ndarray:
        return self.vae.to_unit_range(images)


def _pairs(test: Split) -> Iterator[tuple[int, int]]:
    """Yield pairs of test images to interpolate between: of different classes where there are."""
    if test.labels is None:
        count = min(INTERPOLATIONS, len(test) // 2)
        yield from ((2 * i, 2 * i + 1) for i in range(count))
        return
    _, first = np.unique(test.labels, return_index=True)
    half = min(INTERPOLATIONS, len(first) // 2)
    yield from zip(first[:half].tolist(), first[::-1][:half].tolist(), strict=True)
