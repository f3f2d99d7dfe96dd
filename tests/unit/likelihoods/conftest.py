"""A model that trains by a likelihood alone, on Keras' own steps."""

import keras
import numpy as np
import pytest
from keras import ops


class Autoencoder(keras.Model):
    """One dense layer between an image and the likelihood's parameters."""

    def __init__(self, likelihood, shape):
        super().__init__()
        self.likelihood = likelihood
        *size, channels = shape
        outputs = (*size, channels * likelihood.parameters_per_channel)
        self.flatten = keras.layers.Flatten()
        self.decoder = keras.layers.Dense(int(np.prod(outputs)))
        self.reshape = keras.layers.Reshape(outputs)
        self.activation = keras.layers.Activation(likelihood.output_activation)

    def call(self, x):
        return self.activation(self.reshape(self.decoder(self.flatten(x))))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(self.likelihood.loss(x, y_pred, training=training))


@pytest.fixture
def train():
    """Return a function that trains by a likelihood, in the compiled steps of the backend."""

    def fit(likelihood, x, *, learning_rate=1e-3, jit_compile="auto", **settings):
        keras.utils.set_random_seed(0)
        model = Autoencoder(likelihood, x.shape[1:])
        model(x[:1])  # builds it
        model.compile(keras.optimizers.SGD(learning_rate), jit_compile=jit_compile)
        model.fit(x, x, verbose=0, shuffle=False, **settings)
        return model

    return fit
