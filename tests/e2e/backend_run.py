"""Train a few steps from saved models with fixed noise and print the losses.

Usage: KERAS_BACKEND=... python backend_run.py IMAGES MODEL...
"""

import json
import sys

import keras
import numpy as np

import vae_keras

STEPS, BATCH = 5, 32


class Losses(keras.callbacks.Callback):
    """Keep what each training step reports (running means over the epoch)."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def on_train_batch_end(self, batch, logs=None):
        self.rows.append({name: float(value) for name, value in logs.items()})


def run(model_path, images):
    vae = keras.saving.load_model(model_path)
    losses = Losses()
    vae.fit(
        images,
        batch_size=BATCH,
        shuffle=False,
        verbose=0,
        callbacks=[losses, vae_keras.KLWarmup(0)],
    )
    evaluated = vae.evaluate(images, batch_size=BATCH, verbose=0, return_dict=True)
    return {"fit": losses.rows, "test": evaluated}


def main(images_path, *model_paths):
    # Backends draw different numbers from the same seed: the noise is given to all of them.
    noise = np.random.default_rng(0).standard_normal((BATCH, 2)).astype("float32")
    keras.random.normal = lambda shape, **_: keras.ops.convert_to_tensor(noise)
    images = np.load(images_path)
    print(json.dumps([run(path, images) for path in model_paths]))


if __name__ == "__main__":
    main(*sys.argv[1:])
