"""Train small models on some devices of this machine's processor and print what came of it.

Usage: KERAS_BACKEND=... python distribution_run.py DEVICES FOLDER NAME...
On JAX with XLA_FLAGS=--xla_force_host_platform_device_count=DEVICES, or one in each process.
"""

import json
import sys
import warnings
from contextlib import nullcontext
from pathlib import Path

import keras
import numpy as np

import vae_keras
from vae_keras import architectures, callbacks, likelihoods, priors, regularizers, schedules

DEVICES = int(sys.argv[1])
BACKEND = keras.backend.backend()
BATCH = 64
DRAWN = np.random.default_rng(0)
TRAIN = DRAWN.integers(0, 256, (193, 8, 8, 1)).astype("uint8")  # a last batch of one image
VALIDATION = DRAWN.integers(0, 256, (67, 8, 8, 1)).astype("uint8")


def main(folder, names):
    if BACKEND == "tensorflow":
        import tensorflow as tf

        one = tf.config.LogicalDeviceConfiguration()
        processor = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(processor, [one] * DEVICES)
    scope = vae_keras.distribute() if DEVICES > 1 else nullcontext(1)
    with scope as devices:
        assert devices == DEVICES
        results = {name: globals()[name](Path(folder)) for name in names}
    print(json.dumps(results))


def built(likelihood, optimizer=None, kind=vae_keras.VAE, compiled=None, **settings):
    keras.utils.set_random_seed(0)
    options = {"num_classes": 3} if kind is vae_keras.ConditionalVAE else {}
    parts = architectures.mlp((8, 8, 1), 2, likelihood, encoder_units=(16,), **options)
    model = kind(*parts, likelihood, seed=0, **settings)
    model.compile(keras.optimizers.Adam(1e-2, **(optimizer or {})), **(compiled or {}))
    return model


def fitted(model, x=TRAIN, y=None, *, validation=(VALIDATION,), **arguments):
    settings = {"batch_size": BATCH, "epochs": 3, "validation_data": validation, "verbose": 0}
    history = model.fit(x, y, **{**settings, **arguments}).history
    sums = [float(np.abs(weight).sum()) for weight in model.get_weights()]
    return {"history": history, "weights": sums}


def plain(folder):
    """The callbacks of the package, and a file to continue from."""
    model = built(likelihoods.Bernoulli())
    followed = [
        vae_keras.KLWarmup(2),
        callbacks.StopOnDivergence(),
        callbacks.ReduceLROnPlateau(patience=1, min_delta=100.0, start_from_epoch=1),
        callbacks.HistoryFile(folder / "history.csv"),
        callbacks.ReconstructionImages(VALIDATION[:3], folder / "figures", every=3),
        callbacks.TensorBoardLog(folder / "log", VALIDATION[:3], every=3),
    ]
    result = fitted(model, callbacks=followed)
    model.save(folder / "model.keras")
    return result


def everything(folder):
    """All that draws numbers, a clipped gradient, weights that go back to the best epoch."""
    model = built(
        likelihoods.Bernoulli(),
        {"global_clipnorm": 0.5},
        prior=priors.Mixture(4),
        kl_schedule=schedules.Linear(5),
        binarize=True,
        compiled={"steps_per_execution": 2, "jit_compile": BACKEND == "jax"},
    )
    best = keras.callbacks.EarlyStopping(patience=9, restore_best_weights=True)
    return fitted(model, callbacks=[best])


def conditional(folder):
    """Labels and weights of images, and a scale that is the best one for the whole batch."""
    x = TRAIN[:130]  # each device has an image of the last batch, and none is filled up
    labels, weight = np.arange(len(x)) % 3, np.linspace(0.0, 2.0, len(x))
    likelihood = likelihoods.OptimalGaussian(mode="analytic")
    model = built(likelihood, kind=vae_keras.ConditionalVAE)
    validation = (VALIDATION, np.arange(len(VALIDATION)) % 3)
    result = fitted(model, x, labels, sample_weight=weight, validation=validation)
    again = model.evaluate(*validation, batch_size=30, verbose=0, return_dict=True)
    result["history"]["evaluated"] = [again["loss"]]
    return result


def batch_level(folder):
    """Return what is said of a loss that looks at the whole batch."""
    model = built(likelihoods.Bernoulli(), regularizer=regularizers.MMD())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted(model, epochs=1)
    return [str(one.message) for one in caught if "part of it" in str(one.message)]


if __name__ == "__main__":
    main(sys.argv[2], sys.argv[3:])
