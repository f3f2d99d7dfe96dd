"""This package, through what its users call: a preset, `build_model`, `fit` on bytes."""

import keras
from base import IMAGE_SHAPE, Task
from keras_device import KerasContender, versions

import vae_keras


class Package(KerasContender):
    packages = ("vae-keras", *versions())

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        config = vae_keras.preset(
            task.architecture, batch_size=task.batch_size, seed=task.seed, output_bias="zeros"
        )
        self.vae = vae_keras.build_model(config, IMAGE_SHAPE)

    def prepare(self, images):
        return images

    def train(self, data, epochs):
        self.vae.fit(data, batch_size=self.task.batch_size, epochs=epochs, verbose=0)

    def reconstruct(self, data):
        return self.vae.reconstruct(data, batch_size=self.task.inference_batch_size)

    def encode(self, data):
        images = data.astype("float32") / 255
        return tuple(
            self.vae.encoder.predict(images, batch_size=self.task.inference_batch_size, verbose=0)
        )

    def decode(self, codes):
        return self.vae.decode(codes, batch_size=self.task.inference_batch_size)

    def flop(self):
        """Floating-point operations of an image and training step; the same for all peers."""
        from comparison.flops import training_flop

        return training_flop(self.vae.encoder, self.vae.decoder)

    def backend(self):
        return keras.backend.backend()


contender = Package
