"""The one table of metrics: every number of `metrics.json` and of a training history.

The console, the report, the studies and the plots select names from it. `docs/guide/evaluation.md`
says how each metric is computed.
"""

from typing import Literal, NamedTuple

STANDARD_ERROR = "_standard_error"
# Entries of `metrics.json` that say how much was measured.
COUNTS = ("samples", "frechet_samples", "log_likelihood_samples", "latent_dim")


class Metric(NamedTuple):
    """How a metric is named and written.

    Attributes:
        name: Its key in `metrics.json` and in the history, there also after `val_`.
        label: What a reader sees, without the unit.
        section: The part of `docs/guide/evaluation.md` that explains it.
        digits: Digits behind the decimal point.
        better: Which of two values is better; `None` if neither is.
        unit: `"nats"` or `"dB"`; empty for a metric without one.
        short: Heading of a narrow column.
    """

    name: str
    label: str
    section: str
    digits: int
    better: Literal["lower", "higher"] | None = None
    unit: str = ""
    short: str = ""

    @property
    def heading(self) -> str:
        """The label with the unit, say `"ELBO (nats)"`."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def title(self) -> str:
        """The label as the title of a panel, say `"Loss"`."""
        return self.label[:1].upper() + self.label[1:]

    @property
    def column(self) -> str:
        """The heading of a narrow column, say `"recon"`."""
        return self.short or self.label


def metric(name: str) -> Metric:
    """Return a metric by its name; one that is not in the table goes by its own name."""
    return METRICS.get(name) or Metric(name, name.replace("_", " "), "", 4)


# In the order of every table. `loss` and `recon_loss` have no unit here: it is nats for a VAE, but
# an autoencoder's loss is a mean over pixels.
# fmt: off
_ALL = (
    Metric("loss", "loss", "losses", 2, "lower"),
    Metric("recon_loss", "reconstruction loss", "losses", 2, "lower", short="recon"),
    Metric("kl_loss", "KL divergence", "losses", 2, unit="nats", short="KL"),
    Metric("kl_scaled", "weighted KL or regulariser", "losses", 2, unit="nats"),
    Metric("kl_weight", "KL weight", "losses", 3),
    Metric("learning_rate", "learning rate", "losses", 6),
    Metric("elbo", "ELBO", "losses", 2, "higher", "nats"),
    Metric("log_likelihood", "log-likelihood", "losses", 2, "higher", "nats"),
    Metric("bits_per_dimension", "bits per dimension", "losses", 4, "lower"),
    Metric("residual_variance_ratio", "squared over expected error", "losses", 3),
    Metric("mse", "MSE per pixel", "reconstructions", 5, "lower", short="MSE"),
    Metric("mse_train", "MSE on training images", "reconstructions", 5),
    Metric("mse_of_mean_image", "MSE of the mean image", "reconstructions", 5),
    Metric("mae", "mean absolute error per pixel", "reconstructions", 4, "lower"),
    Metric("psnr", "PSNR", "reconstructions", 2, "higher", "dB"),
    Metric("ssim", "SSIM", "reconstructions", 3, "higher"),
    Metric("ms_ssim", "multi-scale SSIM", "reconstructions", 3, "higher"),
    Metric("knn_accuracy", "k-NN accuracy of codes", "codes", 3, "higher", short="k-NN"),
    Metric("knn_accuracy_of_split", "k-NN accuracy, 70/30 split", "codes", 3, "higher"),
    Metric("knn_accuracy_pixels", "k-NN accuracy of raw pixels", "codes", 3),
    Metric("linear_probe_accuracy", "linear probe accuracy of codes", "codes", 3, "higher"),
    Metric("active_units", "active latent dimensions", "codes", 0, short="active"),
    Metric("mutual_information", "mutual information", "codes", 2, unit="nats"),
    Metric("aggregated_posterior_kl", "KL of aggregated posterior", "codes", 2,
           unit="nats"),
    Metric("classifier_accuracy", "classifier on test images", "samples", 3),
    Metric("classifier_accuracy_of_reconstructions", "classifier on reconstructions",
           "samples", 3, "higher"),
    Metric("classifier_accuracy_of_samples", "classifier on samples", "samples", 3,
           "higher"),
    Metric("sample_confidence", "classifier confidence on samples", "samples", 3, "higher"),
    Metric("sample_class_entropy", "class entropy of samples", "samples", 2, unit="nats"),
    Metric("frechet_distance", "Frechet distance of samples", "samples", 2, "lower"),
    Metric("frechet_distance_of_test", "Frechet distance of test images", "samples", 2),
    Metric("fid", "FID of samples", "samples", 2, "lower"),
    Metric("sample_diversity", "diversity of samples", "samples", 3, short="diversity"),
    Metric("test_diversity", "diversity of test images", "samples", 3),
    Metric("nearest_train_distance", "samples to training images", "samples", 3),
    Metric("nearest_train_distance_of_test", "test to training images", "samples", 3),
    Metric("copied_share", "share of samples copied", "samples", 3, "lower"),
    Metric("anomaly_roc_auc", "ROC-AUC of anomaly score", "anomalies", 3, "higher"),
)
# fmt: on
METRICS = {one.name: one for one in _ALL}
