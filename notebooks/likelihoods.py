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
# # Likelihoods and calibrated nats
#
# A decoder draws a picture. The *likelihood* says what the picture means: a distribution `p(x | z)`
# over images around it. It is half of the loss, and it decides how much the code may cost, how
# reconstructions look, and what the nats that are printed can be compared with.
#
# Here one architecture learns the same images under six likelihoods. Which numbers compare, which do
# not, and which likelihood describes the pixels? About two minutes on two CPU cores.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import vae_keras
from vae_keras import evaluation, plotting
from vae_keras.architectures import mlp
from vae_keras.likelihoods import (
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    OptimalGaussian,
    SquaredError,
)

# %% tags=["parameters"]
EPOCHS = 12
WARMUP_EPOCHS = 3
TRAIN_SIZE = 20_000  # of 55,000
LATENT_DIM = 16

# %%
data = vae_keras.load_dataset("fashion_mnist", train_size=TRAIN_SIZE, seed=0)
images = data.test.images[:2000]
plotting.plot_image_grid(images[:20], columns=10).figure

# %% [markdown]
# ## Six models
#
# - `SquaredError`: the sum of squares that much published code uses. As a density it is a Gaussian
#   with the variance 1/2.
# - `Gaussian(scale=0.05)`: a Gaussian whose standard deviation someone guessed.
# - `OptimalGaussian`: one standard deviation for all pixels, found from the data; `"learned"` like a
#   weight, or `"analytic"`, the root-mean-square error itself.
# - `ContinuousBernoulli`: a density on grey values from 0 to 1, without a scale.
# - `DiscretizedLogistic`: a probability for each of the 256 grey levels, with a location and a scale
#   for each pixel.

# %%
likelihoods = {
    "squared error": SquaredError(),
    "Gaussian 0.05": Gaussian(scale=0.05),
    "optimal, learned": OptimalGaussian(),
    "optimal, analytic": OptimalGaussian(mode="analytic"),
    "continuous Bernoulli": ContinuousBernoulli(),
    "discretized logistic": DiscretizedLogistic(),
}


def train(likelihood):
    keras.utils.set_random_seed(0)
    parts = mlp(data.image_shape, LATENT_DIM, likelihood, activation="silu", normalization="layer")
    vae = vae_keras.VAE(*parts, likelihood, seed=0)
    vae.compile(keras.optimizers.Adam(1e-3))
    history = vae.fit(
        data.train.images,
        validation_data=(data.validation.images,),
        batch_size=128,
        epochs=EPOCHS,
        callbacks=[vae_keras.KLWarmup(WARMUP_EPOCHS), vae_keras.StopOnDivergence()],
        verbose=0,
    )
    return vae, history.history


# %%
models, histories = {}, {}
for name, likelihood in likelihoods.items():
    models[name], histories[name] = train(likelihood)
    print(f"{name:21} validation loss {histories[name]['val_loss'][-1]:9.1f} nats")

# %% [markdown]
# The losses differ by thousands, and say nothing about which model is better: they are nats of
# different things.
#
# ## The numbers side by side
#
# `evaluate` takes them apart; `samples=0` leaves out the judgement of samples.

# %%
numbers = {name: vae_keras.evaluate(vae, images, samples=0) for name, vae in models.items()}
print(f"{'':21} recon_loss    kl_loss      elbo                mse   residual ratio")
for name, of_model in numbers.items():
    elbo = f"{of_model['elbo']:8.1f} ± {of_model['elbo_standard_error']:4.1f}"
    print(
        f"{name:21} {of_model['recon_loss']:10.1f} {of_model['kl_loss']:10.1f}   {elbo}"
        f" {of_model['mse']:10.4f} {of_model['residual_variance_ratio']:12.2f}"
    )

# %% [markdown]
# - `recon_loss` is the loss as published: for `SquaredError` the bare sum of squares, for the others
#   `-log p(x | z)`. It compares between runs with one likelihood, not across.
# - `elbo` bounds the log-density of an image for the first five, with all constants. These five
#   compare. A density may be above 1, so these nats may be positive.
# - The `elbo` of `DiscretizedLogistic` bounds a log-*probability*, never above 0: no number to put
#   beside the five.
# - `mse` looks at the picture alone and always compares; it does not see the noise model. The best
#   one here is not that of the best likelihood, as the bits further down will show.
# - `kl_loss` is what the code costs. The wider the likelihood, the less an error counts beside it and
#   the less the code holds: few nats for `SquaredError`, many for the narrow Gaussian.
#
# ## Is the likelihood as wide as the errors?
#
# `residual_variance_ratio` divides the squared error that there is by the one that the likelihood
# expects: 1 fits, far below is too wide, above too narrow. `diagnose` puts it in words:

# %%
for name, of_model in numbers.items():
    for finding in vae_keras.diagnose(of_model, histories[name]):
        if finding.name == "likelihood_does_not_fit":
            print(f"{name}: {finding.text}\n")

# %% [markdown]
# Both modes of `OptimalGaussian` look for the same scale. The analytic one has it after a few steps;
# the learned one starts at 1, goes at the pace of the optimizer, and has not arrived after this
# short training. Give it more epochs, or a higher learning rate.

# %%
for name in ("optimal, learned", "optimal, analytic"):
    print(f"{name:18} standard deviation {float(models[name].likelihood.scale):.3f}")

# %% [markdown]
# ## Samples without and with the noise of the pixels
#
# `sample` gives *expected* images, and so do most galleries of VAE samples. What the model believes
# in has the likelihood's noise on top. The same codes of the prior, first the expected images:

# %%
codes = np.random.default_rng(0).standard_normal((5, LATENT_DIM)).astype("float32")
expected = [vae.decode(codes) for vae in models.values()]
plotting.plot_samples_by_class(np.stack(expected, axis=1), list(models)).figure

# %% [markdown]
# And drawn from the likelihood:

# %%
drawn = [np.asarray(vae.likelihood.sample(vae.decoder(codes), seed=0)) for vae in models.values()]
plotting.plot_samples_by_class(np.stack(drawn, axis=1), list(models)).figure

# %% [markdown]
# `SquaredError` believes in snow. The other Gaussians spread one noise over all pixels, black
# background included, where the data has none. The last two leave the background alone.
#
# (A narrow likelihood is not a better generator for that: it pays for long codes, the prior fits them
# less well, and the expected images are sharper pieces of fewer plausible clothes.)
#
# Three pixels of one test image: what each model thinks of every grey value after it has seen the
# image, with the true value as a dashed line.

# %%
shown = ("squared error", "optimal, analytic", "continuous Bernoulli", "discretized logistic")
pixels = {"1: background": (2, 2), "2: print": (8, 13), "3: cloth": (20, 14)}  # row and column
image = images[1:2]
levels = np.linspace(0, 1, 256, dtype="float32").reshape(-1, 1, 1, 1)

with plotting.style():
    figure, (left, *axes) = plt.subplots(1, 4, figsize=(8, 2.5), layout="constrained")
    plotting.plot_image_grid(image, ax=left)
    for ax, (place, (row, column)) in zip(axes, pixels.items(), strict=True):
        marked = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        left.text(column, row, place[0], color="red", ha="center", va="center", bbox=marked)
        for name in shown:
            vae = models[name]
            parameters = np.asarray(vae.decoder(vae.encode(image)))[:, row, column]
            parameters = np.tile(parameters.reshape(1, 1, 1, -1), (256, 1, 1, 1))
            density = np.asarray(vae.likelihood.log_prob(levels, parameters))
            if vae.likelihood.discrete:  # a probability, over the width of a level
                density = density + np.log(256)
            ax.plot(levels.ravel(), density, label=name)
        ax.axvline(image[0, row, column, 0] / 255, color="0.3", linestyle="--", linewidth=1)
        ax.set(title=place, xlabel="grey value", ylim=(-8, 8))
    axes[0].set_ylabel("log-density (nats)")
    legend = axes[0].get_legend_handles_labels()
    figure.legend(*legend, loc="outside upper center", ncols=4, fontsize=9)
plt.show()

# %% [markdown]
# ## One measure for all: bits per dimension
#
# Pixels are one of 256 levels. A density says something about levels once the images have uniform
# noise of one level's width (`dequantize=True`): times that width it is a lower bound on a
# probability. In bits per pixel less is better, and 8 is what pure guessing costs.

# %%
some = images[:100]
for name, vae in models.items():
    found = vae.log_likelihood(some, samples=100, dequantize=not vae.likelihood.discrete)
    print(f"{name:21} {found.bits_per_dimension:.2f} bits per dimension    {found}")

# %% [markdown]
# As a statement about pixels, squared error and the badly guessed Gaussian are worse than guessing.
# The best Gaussian of one width saves about a bit; most of the rest is the background. The share of
# the pixels that are black, and what they cost each model, with the code at its mean:

# %%
black = some.ravel() == 0
noise = np.random.default_rng(0).random(some.shape)
print(f"{'':21} black ({black.mean():.0%})   other pixels")
for name, vae in models.items():
    parameters = np.asarray(vae.decoder(vae.encode(some)))
    pixel = some / 255 if vae.likelihood.discrete else (some + noise) / 256
    parameters = parameters.reshape(black.size, 1, 1, -1)  # each pixel an image of its own
    bits = -np.asarray(vae.likelihood.log_prob(pixel.reshape(-1, 1, 1, 1), parameters)) / np.log(2)
    if not vae.likelihood.discrete:
        bits = bits + 8
    print(f"{name:21} {bits[black].mean():8.2f} bits {bits[~black].mean():10.2f} bits")

# %% [markdown]
# ## The bound and the log-likelihood
#
# The ELBO lies below `log p(x)` by the divergence of the encoder's posterior from the true one.
# `log_likelihood` closes the gap with `K` codes for each image. Images differ a lot, so the mean of
# either has a large standard error. The *gain* of each image, on the same images, is known far better:

# %%
counts = (1, 8, 64, 512)
with plotting.style():
    figure, ax = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
    for name in ("squared error", "optimal, analytic", "discretized logistic"):
        vae = models[name]
        bound = vae.elbo(some)
        found = [vae.log_likelihood(some, samples=count) for count in counts]
        gains = [one.nats - bound for one in found]
        errors = [evaluation.standard_error(gain) for gain in gains]
        ax.errorbar(
            counts, [gain.mean() for gain in gains], errors, marker="o", capsize=3, label=name
        )
        print(
            f"{name:21} ELBO {bound.mean():8.1f} ± {evaluation.standard_error(bound):4.1f}"
            f"   gain at K = 512: {gains[-1].mean():4.1f} ± {errors[-1]:.1f}"
            f"   sampling error {found[-1].sampling_error.mean():.2f}"
        )
    ax.set_xscale("log", base=2)
    ax.set(xlabel="samples K", ylabel="log p(x) - ELBO (nats)")
    ax.legend()
plt.show()

# %% [markdown]
# Where the likelihood is wide, a few samples do, and the bound is nearly tight. Where it is narrow,
# the posterior is narrow too, a Gaussian with independent dimensions fits it badly, and the curve
# still rises at 512 samples: `sampling_error` near 1 says that a few codes carry all the weight, and
# that the number is still a bound and not yet the truth.
#
# ## What compares with what
#
# | number | compares between |
# | --- | --- |
# | `loss`, `recon_loss` | runs with the same likelihood and options |
# | `elbo`, `log_likelihood` in nats | all densities on the same range of pixels; or all probabilities |
# | `bits_per_dimension` | everything that has it, also papers with the same images |
# | `mse`, `ssim` | everything; they do not see the noise |
# | `residual_variance_ratio` | 1 is right for each |
#
# To reproduce a published picture, take `SquaredError` or what the paper took. For nats that mean
# something take `OptimalGaussian`, and look at the ratio. For grey images with a black background
# take `ContinuousBernoulli`, and for bits per dimension `DiscretizedLogistic`. The command line has the
# same choice: `train.py --likelihood optimal_gaussian --likelihood-options mode=analytic`.
