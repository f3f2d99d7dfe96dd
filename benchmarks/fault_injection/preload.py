"""What the parent of all forked runs imports, once: no backend is brought up by it."""

import keras
import matplotlib.pyplot
import sklearn.datasets

import vae_keras.cli
import vae_keras.experiment
import vae_keras.plotting
import vae_keras.run_report

__all__ = ["keras", "matplotlib", "sklearn", "vae_keras"]
