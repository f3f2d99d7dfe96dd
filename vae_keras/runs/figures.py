"""The figures of a run: which there are, what a reader is told of each, and how it is drawn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vae_keras import plotting
from vae_keras._types import Images
from vae_keras.data import ImageDataset, Split
from vae_keras.evaluation import Evaluation, tsne
from vae_keras.generation.images import mixture_sampler, sample_images
from vae_keras.models import ImageModel, labels_for
from vae_keras.runs.directory import RunDirectory

if TYPE_CHECKING:
    from matplotlib.artist import Artist

SHOWN = slice(10)
SHOWN_SAMPLES, SHOWN_SAMPLES_OF_EACH_CLASS = 64, 8
# More classes have no figure, which would be unreadable and finally too long to draw. The table of
# the report lists them.
_MOST_CLASSES = 200
SAMPLE_SEED = 0
EMBEDDED = 5000
INTERPOLATIONS = 4


# What a reader is told of each figure, by its file's name; in the order of a report.
CAPTIONS: dict[str, str] = {}
_Method: TypeAlias = Callable[["RunFigures"], "Artist | None"]
_METHODS: dict[str, _Method] = {}


def write_figures(
    run_directory: RunDirectory,
    vae: ImageModel,
    dataset: ImageDataset,
    history: dict[str, list[float]],
    evaluation: Evaluation,
    *,
    missing_only: bool = False,
) -> None:
    """Draw and write every figure of a run.

    Args:
        run_directory: Where the figures go.
        vae: The trained model, of any kind.
        dataset: Its data.
        history: What `fit` recorded, a list for each metric.
        evaluation: What `evaluate` returned.
        missing_only: Whether to skip figures that are on disk already.
    """
    figures = RunFigures(vae, dataset, history, evaluation)
    for name, draw in _METHODS.items():
        if missing_only and (run_directory.figures / f"{name}.png").is_file():
            continue
        drawn = draw(figures)
        if drawn is not None:
            run_directory.write_figure(drawn.figure, name)


def _figure(caption: str) -> Callable[[_Method], _Method]:
    """Make a method of `RunFigures` one of the figures of a run, under the method's name."""

    def register(draw: _Method) -> _Method:
        name = draw.__name__
        CAPTIONS[name], _METHODS[name] = caption, draw
        return draw

    return register


@dataclass(frozen=True)
class RunFigures:
    """Draws the figures of one run from what its evaluation left.

    Each method returns axes, or their figure; `None` where the model or the data have no such
    figure.

    Args:
        vae: The trained model, of any kind.
        dataset: Its data.
        history: What `fit` recorded, a list for each metric.
        evaluation: What `evaluate` returned.
    """

    vae: ImageModel
    dataset: ImageDataset
    history: dict[str, list[float]]
    evaluation: Evaluation

    @_figure("Training curves. Validation is measured at the final KL weight throughout.")
    def training_curves(self) -> "Artist | None":
        """Draw the metrics over the epochs."""
        return plotting.plot_history(self.history) if self.history else None

    @_figure("Test images over their reconstructions (code = mean), with the error of each.")
    def reconstructions(self) -> "Artist | None":
        """Draw the first test images over their reconstructions."""
        test = self.dataset.test
        images = test.images[SHOWN]
        copies = self.vae.reconstruct(images, label=labels_for(self.vae, test.labels, SHOWN))
        return plotting.plot_reconstructions(
            self._unit(images),
            self._unit(copies),
            labels=None if test.labels is None else test.labels[SHOWN],
            class_names=self._names,
        )

    @_figure("Generated images: the expected images of codes drawn from the prior.")
    def samples(self) -> "Artist | None":
        """Draw samples; of a conditional model in each class, of an autoencoder from a mixture."""
        vae = self.vae
        if vae.num_classes:
            images = sample_images(vae, SHOWN_SAMPLES_OF_EACH_CLASS, seed=SAMPLE_SEED)
            return plotting.plot_samples_by_class(self._unit(images), self._names)
        if vae.is_variational:
            images = sample_images(vae, SHOWN_SAMPLES, seed=SAMPLE_SEED)
            return plotting.plot_samples(self._unit(images))
        sampler = mixture_sampler(vae, self.dataset.train)
        axes = plotting.plot_samples(sampler(SHOWN_SAMPLES, SAMPLE_SEED))
        title = "Codes drawn from a mixture of Gaussians fitted to the training codes"
        axes.set_title(title, loc="left")
        return axes

    @_figure(
        "Generated images over the training image nearest to each. Pairs that are the same "
        "were remembered."
    )
    def nearest_training_images(self) -> "Artist | None":
        """Draw samples over the training image nearest to each."""
        arrays = self.evaluation.arrays
        if "nearest_train" not in arrays:
            return None
        return plotting.plot_samples_with_neighbors(
            arrays["samples"],
            arrays["nearest_train"],
            distances=arrays["nearest_train_distances"],
        )

    @_figure("What the decoder makes of the latent plane.")
    def decoded_grid(self) -> "Artist | None":
        """Draw the decoded plane of codes; of a conditional model, in its first class."""
        vae = self.vae
        if vae.latent_dim != 2 or not vae.is_variational:  # a prior says which part to show
            return None
        codes = plotting.decoded_grid_codes()
        label = 0 if vae.num_classes else None
        images = self._unit(vae.decode(codes.reshape(-1, 2), label=label))
        axes = plotting.plot_decoded_grid(images.reshape(*codes.shape[:2], *images.shape[1:]))
        if label is not None:
            axes.set_title(f"Decoded as {self._class_name(label)}", loc="left")
        return axes

    @_figure("Codes of the test images (posterior means).")
    def latent_scatter(self) -> "Artist | None":
        """Draw the codes of the test images in the two dimensions with the most KL."""
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

    @_figure(
        "The same as a density, with the half of each class that lies densest. White is where "
        "no codes are."
    )
    def latent_density(self) -> "Artist | None":
        """Draw the density of two-dimensional codes."""
        if self.vae.latent_dim != 2:
            return None
        codes, labels = self.evaluation.arrays["z_mean"], self.dataset.test.labels
        return plotting.plot_latent_density(codes, labels, self._names)

    @_figure(
        "t-SNE of the codes of test images. Neighbours are neighbours; distances and sizes "
        "mean nothing."
    )
    def tsne(self) -> "Artist | None":
        """Draw the codes of the first test images, if of more than two dimensions, by t-SNE."""
        codes, labels = self.evaluation.arrays["z_mean"], self.dataset.test.labels
        if self.vae.latent_dim <= 2 or len(codes) < 4 or (codes == codes[0]).all():
            return None
        labels = None if labels is None else labels[:EMBEDDED]
        points = tsne(codes[:EMBEDDED], perplexity=min(30.0, (len(codes[:EMBEDDED]) - 1) / 3))
        return plotting.plot_embedding(points, labels, self._names)

    @_figure("One latent dimension varied at a time, the others at 0.")
    def traversals(self) -> "Artist | None":
        """Draw what each latent dimension changes; of a conditional model, in its first class."""
        if not self.vae.is_variational:
            return None
        label = 0 if self.vae.num_classes else None
        images = self._unit(self.vae.traverse(label=label))
        kl = self.evaluation.by_dimension.get("kl")
        return plotting.plot_traversals(images, kl=kl)

    @_figure("From one test image to another along a straight line between their codes.")
    def interpolations(self) -> "Artist | None":
        """Draw the way between pairs of test images, of different classes where known."""
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

    @_figure(
        "Where reconstructions are uncertain: the spread over codes drawn from the posterior "
        "of each image."
    )
    def uncertainty(self) -> "Artist | None":
        """Draw the standard deviation of the first test images' reconstructions."""
        if not self.vae.is_variational:
            return None
        test = self.dataset.test
        images, label = test.images[SHOWN], labels_for(self.vae, test.labels, SHOWN)
        low, high = self.vae.likelihood.data_range
        return plotting.plot_uncertainty(
            self._unit(images),
            self.vae.uncertainty(images, label=label) / (high - low),
            reconstructions=self._unit(self.vae.reconstruct(images, label=label)),
        )

    @_figure("KL divergence by latent dimension: what each carries.")
    def kl_by_dimension(self) -> "Artist | None":
        """Draw the KL divergence of each latent dimension, if there are more than two."""
        by_dimension = self.evaluation.by_dimension
        if "kl" not in by_dimension or self.vae.latent_dim <= 2:
            return None
        return plotting.plot_kl_by_dimension(by_dimension["kl"], active=by_dimension["active"])

    @_figure("Test images by class, with standard errors.")
    def loss_by_class(self) -> "Artist | None":
        """Draw the reconstruction loss, or the squared error, of each class."""
        by_class = self.evaluation.by_class
        if not 2 <= len(by_class.get("classes", ())) <= _MOST_CLASSES:
            return None
        metric, name = "mse", "mean squared error per pixel"
        if "recon_loss" in by_class:
            metric, name = "recon_loss", "reconstruction loss (nats)"
        errors = by_class[f"{metric}_standard_error"]
        return plotting.plot_by_class(
            by_class[metric],
            standard_error=[0.0 if error is None else error for error in errors],
            class_names=[self._class_name(number) for number in by_class["classes"]],
            name=name,
        )

    @_figure("Anomaly scores of the test images and of the classes left out of training.")
    def anomaly_scores(self) -> "Artist | None":
        """Draw the scores of test images and anomalies as histograms."""
        arrays = self.evaluation.arrays
        if "anomaly_scores" not in arrays:
            return None
        auc = self.evaluation["anomaly_roc_auc"]
        scores, is_anomaly = arrays["anomaly_scores"], arrays["is_anomaly"]
        unit = "nats" if self.vae.is_variational else "mean squared error"
        name = f"anomaly score ({unit})"
        return plotting.plot_anomaly_scores(scores, is_anomaly, auc=auc, name=name)

    @_figure("The same as a curve: share of anomalies found over share of false alarms.")
    def roc(self) -> "Artist | None":
        """Draw the ROC curve of the anomaly score."""
        arrays = self.evaluation.arrays
        if "anomaly_scores" not in arrays:
            return None
        return plotting.plot_roc(arrays["anomaly_scores"], arrays["is_anomaly"])

    @_figure("The test images with the highest anomaly scores.")
    def most_anomalous(self) -> "Artist | None":
        """Draw the images with the highest anomaly scores."""
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

    @_figure("Test images, one of each class.")
    def classes(self) -> "Artist | None":
        """Draw one test image of each class."""
        test = self.dataset.test
        if test.labels is None or len(np.unique(test.labels)) > _MOST_CLASSES:
            return None
        axes = plotting.plot_one_per_class(test.images, test.labels, self._names)
        axes.figure.suptitle("Test images, one of each class")
        return axes

    @property
    def _names(self) -> tuple[str, ...] | None:
        return self.dataset.class_names

    def _class_name(self, number: int) -> str:
        return self._names[number] if self._names else f"class {number}"

    def _unit(self, images: Images) -> Images:
        return self.vae.to_unit_range(images)


def _pairs(test: Split) -> Iterator[tuple[int, int]]:
    """Yield pairs of test images to interpolate between, of different classes where known."""
    if test.labels is None:
        count = min(INTERPOLATIONS, len(test) // 2)
        yield from ((2 * i, 2 * i + 1) for i in range(count))
        return
    _, first = np.unique(test.labels, return_index=True)
    half = min(INTERPOLATIONS, len(first) // 2)
    yield from zip(first[:half].tolist(), first[::-1][:half].tolist(), strict=True)
