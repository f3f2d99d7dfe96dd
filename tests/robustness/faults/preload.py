"""What the parent of all forked runs imports, once: no backend is brought up by it."""

import keras
import matplotlib.pyplot
import sklearn.datasets

import vae_keras.cli.main
import vae_keras.plotting
import vae_keras.runs.report
import vae_keras.runs.train

__all__ = ["keras", "matplotlib", "sklearn", "vae_keras"]
