"""The Keras subclass that most people write, after the VAE example of keras.io.

`keras.Model` with a `GradientTape` in `train_step`, three metrics, `fit(x, x)` on float32 arrays,
and `predict` of encoder and decoder.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf
from base import Task
from keras import layers, ops
from keras_device import KerasContender


class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(shape=ops.shape(z_mean), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


class VAE(keras.Model):
    def __init__(self, encoder, decoder, pixel_loss, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.pixel_loss = pixel_loss
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
        self.reconstruction_loss_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [
            self.total_loss_tracker,
            self.reconstruction_loss_tracker,
            self.kl_loss_tracker,
        ]

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            z_mean, z_log_var, z = self.encoder(x)
            reconstruction = self.decoder(z)
            reconstruction_loss = ops.mean(
                ops.sum(self.pixel_loss(y, reconstruction), axis=(1, 2)),
            )
            kl_loss = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
            kl_loss = ops.mean(ops.sum(kl_loss, axis=1))
            total_loss = reconstruction_loss + kl_loss
        grads = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights, strict=True))
        self.total_loss_tracker.update_state(total_loss)
        self.reconstruction_loss_tracker.update_state(reconstruction_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {
            "loss": self.total_loss_tracker.result(),
            "reconstruction_loss": self.reconstruction_loss_tracker.result(),
            "kl_loss": self.kl_loss_tracker.result(),
        }


def networks(architecture, latent_dim):
    """Encoder `images -> (z_mean, z_log_var, z)` and decoder `codes -> images in [0, 1]`."""
    heads = None
    relu = {"padding": "same", "activation": "relu"}
    images = keras.Input((28, 28, 1))
    codes = keras.Input((latent_dim,))
    if architecture == "conv":
        x = layers.Conv2D(32, 3, strides=2, **relu)(images)
        x = layers.Conv2D(64, 3, strides=2, **relu)(x)
        x = layers.Flatten()(x)
        y = layers.Reshape((7, 7, 64))(layers.Dense(7 * 7 * 64)(codes))
        y = layers.Conv2DTranspose(32, 4, strides=2, **relu)(y)
        y = layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid")(y)
    elif architecture == "mlp_400x2":
        x = layers.Dense(400, activation="relu")(layers.Flatten()(images))
        x = layers.Dense(400, activation="relu")(x)
        y = layers.Dense(400, activation="relu")(codes)
        y = layers.Dense(400, activation="relu")(y)
        y = layers.Reshape((28, 28, 1))(layers.Dense(784, activation="sigmoid")(y))
    else:
        heads = "relu"
        x = layers.Conv2D(128, 5, **relu)(images)
        x = layers.Conv2D(64, 3, strides=2, **relu)(x)
        x = layers.Conv2D(64, 3, **relu)(x)
        x = layers.Conv2D(64, 3, **relu)(x)
        x = layers.Dense(32, activation="relu")(layers.Flatten()(x))
        y = layers.Dense(14 * 14 * 64, activation="relu")(codes)
        y = layers.Reshape((14, 14, 64))(y)
        y = layers.Conv2DTranspose(64, 3, **relu)(y)
        y = layers.Conv2DTranspose(64, 3, **relu)(y)
        y = layers.Conv2DTranspose(64, 3, strides=2, **relu)(y)
        y = layers.Conv2DTranspose(128, 5, **relu)(y)
        y = layers.Conv2DTranspose(1, 5, padding="same", activation="sigmoid")(y)
    z_mean = layers.Dense(latent_dim, activation=heads, name="z_mean")(x)
    z_log_var = layers.Dense(latent_dim, activation=heads, name="z_log_var")(x)
    z = Sampling()([z_mean, z_log_var])
    return keras.Model(images, [z_mean, z_log_var, z]), keras.Model(codes, y)


def squared_error(y, reconstruction):
    return ops.sum(ops.square(y - reconstruction), axis=-1)


class Subclass(KerasContender):
    packages = ("keras", "tensorflow")

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        keras.utils.set_random_seed(task.seed)
        bernoulli = task.likelihood == "bernoulli"
        self.vae = VAE(
            *networks(task.architecture, task.latent_dim),
            keras.losses.binary_crossentropy if bernoulli else squared_error,
        )
        self.vae.compile(optimizer=keras.optimizers.Adam(task.learning_rate, epsilon=task.epsilon))
        self.inference = {"batch_size": task.inference_batch_size, "verbose": 0}

    def prepare(self, images):
        return images.astype("float32") / 255

    def train(self, data, epochs):
        self.vae.fit(data, data, batch_size=self.task.batch_size, epochs=epochs, verbose=0)

    def reconstruct(self, data):
        z_mean, _, _ = self.vae.encoder.predict(data, **self.inference)
        return self.vae.decoder.predict(z_mean, **self.inference)

    def encode(self, data):
        z_mean, z_log_var, _ = self.vae.encoder.predict(data, **self.inference)
        return z_mean, z_log_var

    def decode(self, codes):
        return self.vae.decoder.predict(codes, **self.inference)


contender = Subclass
