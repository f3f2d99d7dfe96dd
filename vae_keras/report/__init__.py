"""Pages about a model in one HTML file: the latent explorer and the report of a run."""

from vae_keras.report.explorer import Explorer, explore
from vae_keras.report.report import Report, Table

__all__ = ["Explorer", "Report", "Table", "explore"]
