# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Quickstart: a two-dimensional map of Fashion-MNIST
#
# Train a variational autoencoder with `model.fit`, look at what it learned, measure it, save it and load it
# again. About two minutes on two CPU cores.

# %%
import subprocess
import sys

import keras
import vae_keras
from vae_keras import plotting
from vae_keras.architectures import conv
from vae_keras.likelihoods import SquaredError

# %% tags=["parameters"]
EPOCHS = 10
WARMUP_EPOCHS = 3
TRAIN_SIZE = None  # all of them
MODEL_FILE = "quickstart.keras"

# %% [markdown]
# ## The data
#
# Train, validation and test are three sets. Images stay bytes; the model scales them as it goes.

# %%
data = vae_keras.load_dataset("fashion_mnist", train_size=TRAIN_SIZE, seed=0)
for name in ("train", "validation", "test"):
    print(f"{name:11}{getattr(data, name)}")
plotting.plot_one_per_class(data.train.images, data.train.labels, data.class_names).figure

# %% [markdown]
# ## The model
#
# A VAE is a composition: an architecture gives the encoder and the decoder, a likelihood says what the
# decoder's output means. `SquaredError` is the bare sum of squared pixel errors. A code has two numbers,
# so that all codes fit on one map.

# %%
keras.utils.set_random_seed(0)
likelihood = SquaredError()
encoder, decoder = conv(
    data.image_shape,
    2,
    likelihood,
    filters=(16, 32),
    kernel_size=4,
    encoder_units=(256, 256),
    decoder_units=(256, 128),
    activation="silu",
    normalization="layer",
)
vae = vae_keras.VAE(encoder, decoder, likelihood, kl_weight=1.0, seed=0)
vae.compile(keras.optimizers.Adam(2e-3))
vae.summary()

# %% [markdown]
# ## Training
#
# The KL weight rises over the first epochs. The plateau rule and early stopping begin to count when it
# has arrived; `val_loss` is measured at the final weight from the start.

# %%
history = vae.fit(
    data.train.images,
    validation_data=(data.validation.images,),
    batch_size=128,
    epochs=EPOCHS,
    verbose=0,
    callbacks=[
        vae_keras.KLWarmup(WARMUP_EPOCHS),
        vae_keras.ReduceLROnPlateau(patience=2, factor=0.5, start_from_epoch=WARMUP_EPOCHS),
        keras.callbacks.EarlyStopping(
            patience=6, restore_best_weights=True, start_from_epoch=WARMUP_EPOCHS
        ),
        vae_keras.StopOnDivergence(),
        vae_keras.callbacks.TrainingProgress(),
    ],
)
plotting.plot_history(history.history)

# %% [markdown]
# ## Looking at it
#
# **Reconstructions.** The code of an image is the mean of its posterior, so the same image always gives
# the same picture. Two numbers keep the kind of thing and its outline, and lose prints and patterns.

# %%
images, labels = data.test.images, data.test.labels
plotting.plot_reconstructions(
    images[:10], vae.reconstruct(images[:10]), labels=labels[:10], class_names=data.class_names
).figure

# %% [markdown]
# **Samples.** Codes drawn from the prior, a standard normal, and decoded: no image went in.

# %%
plotting.plot_samples(vae.sample(64, seed=0)).figure

# %% [markdown]
# **The map.** Each test image is a dot at its code. The model never saw a label, and still the classes lie
# apart, with shoes, trousers and bags in regions of their own and the tops crowded together.

# %%
codes = vae.encode(images)
plotting.plot_latent_scatter(codes, labels, data.class_names).figure

# %% [markdown]
# Ten thousand dots hide each other. The same codes as a density say where the images really are: white is
# where none lies, though the prior (dashed: one and two standard deviations) may put samples there. A
# coloured line goes around half the images of its class.

# %%
plotting.plot_latent_density(codes, labels, data.class_names).figure

# %% [markdown]
# And what the decoder makes of every place on that map:

# %%
grid_codes = plotting.decoded_grid_codes()
decoded = vae.decode(grid_codes.reshape(-1, 2)).reshape(*grid_codes.shape[:2], *data.image_shape)
plotting.plot_decoded_grid(decoded).figure

# %% [markdown]
# From one image to another, along the straight line between their codes:

# %%
plotting.plot_interpolation(
    vae.interpolate(images[0], images[1], steps=10), first=images[0], second=images[1]
).figure

# %% [markdown]
# **By hand.** A page to move around in: point at a dot for its image, anywhere else for what the decoder
# makes of that code. It runs in the browser, without Python, also in a notebook that is only opened;
# `.save("explorer.html")` writes it to a file.

# %%
vae_keras.explore(vae, images, labels, class_names=data.class_names, points=300)

# %% [markdown]
# ## Numbers
#
# Losses in nats per image; reconstructions compared in [0, 1]; how well the nearest codes, and for comparison the
# nearest images, of 10,000 training images guess the class; and samples as a small classifier sees them, which is
# trained here for that. Behind ± is the standard error.

# %%
numbers = vae_keras.evaluate(
    vae,
    images,
    labels,
    train_images=data.train.images[:10_000],
    train_labels=data.train.labels[:10_000],
    samples=500,
)
for name in (
    *("loss", "recon_loss", "kl_loss", "elbo", "mse", "ssim"),
    *("knn_accuracy", "knn_accuracy_pixels", "linear_probe_accuracy"),
    *("sample_confidence", "frechet_distance", "frechet_distance_of_test", "copied_share"),
):
    error = numbers.get(f"{name}_standard_error")
    print(f"{name:26}{numbers[name]:11.4f}" + ("" if error is None else f"  ± {error:.4f}"))
print("and", ", ".join(sorted(name for name in numbers if not name.endswith("error"))))

# %% [markdown]
# ## Is anything wrong?
#
# `diagnose` reads the numbers and the training curves, and says in words what they would tell an expert.

# %%
for finding in vae_keras.diagnose(numbers, history.history):
    print(f"{finding.severity}: {finding.title}\n  {finding.text}\n  {finding.advice}\n")

# %% [markdown]
# ## Save, and load
#
# One file holds everything: weights, settings, the optimizer's state, the KL weight. It loads with plain
# Keras once `vae_keras` is imported, in this process ...

# %%
vae.save(MODEL_FILE)
loaded = keras.saving.load_model(MODEL_FILE)
print("largest difference:", abs(loaded.reconstruct(images[:100]) - vae.reconstruct(images[:100])).max())
print("mean of four samples:", vae.sample(4, seed=1).mean())

# %% [markdown]
# ... or in another:

# %%
program = f"""
import keras, vae_keras
vae = keras.saving.load_model({MODEL_FILE!r})
print("mean of four samples:", vae.sample(4, seed=1).mean())
"""
print(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
