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
# # Convolution against MLP, and an autoencoder's holes
#
# Two questions about what is around the code. Does it matter whether the network knows that pixels have
# neighbours? And what is lost when the KL term is left out, so that the model is a plain autoencoder? About two
# minutes on two CPU cores.

# %%
import keras
import numpy as np
import vae_keras
from vae_keras import (evaluation, plotting)
from vae_keras.generation import codes as generation
from vae_keras.architectures import conv, mlp
from vae_keras.likelihoods import SquaredError

# %% tags=["parameters"]
EPOCHS = 10
WARMUP_EPOCHS = 2
TRAIN_SIZE = 20_000

# %%
data = vae_keras.load_dataset("fashion_mnist", train_size=TRAIN_SIZE, seed=0)
images, labels = data.test.images, data.test.labels


def train(model):
    model.compile(keras.optimizers.Adam(1e-3))
    warmup = [] if isinstance(model, vae_keras.Autoencoder) else [vae_keras.KLWarmup(WARMUP_EPOCHS)]
    return model.fit(
        data.train.images,
        validation_data=(data.validation.images,),
        batch_size=128,
        epochs=EPOCHS,
        verbose=0,
        callbacks=warmup,
    ).history


def vae(architecture, latent_dim):
    keras.utils.set_random_seed(0)
    likelihood = SquaredError()
    return vae_keras.VAE(*architecture(data.image_shape, latent_dim, likelihood), likelihood, seed=0)


def autoencoder(architecture, latent_dim):
    keras.utils.set_random_seed(0)
    likelihood = SquaredError()
    parts = architecture(data.image_shape, latent_dim, likelihood, variational=False)
    return vae_keras.Autoencoder(*parts, likelihood, seed=0)


# %% [markdown]
# ## Convolution against MLP
#
# The same code size, 16, the same data, epochs and learning rate. `mlp` is two dense layers on each side, 512
# and 256 wide; `conv` two strided convolutions, 32 and 64 channels.

# %%
mlp_vae, conv_vae = vae(mlp, 16), vae(conv, 16)
histories = [train(mlp_vae), train(conv_vae)]
for name, model in (("mlp", mlp_vae), ("conv", conv_vae)):
    print(f"{name:6}{model.count_params():10,} parameters")
plotting.plot_histories(histories, names=["mlp", "conv"])

# %%
plotting.plot_reconstructions_of_models(
    images, np.stack([mlp_vae.reconstruct(images), conv_vae.reconstruct(images)]), names=["mlp", "conv"]
).figure

# %%
x = mlp_vae.to_unit_range(images)
for name, model in (("mlp", mlp_vae), ("conv", conv_vae)):
    losses = model.evaluate(images, verbose=0, return_dict=True)
    reconstructions = model.reconstruct(images)
    mse = evaluation.mean_squared_error(x, reconstructions).mean()
    ssim = evaluation.structural_similarity(x, reconstructions).mean()
    print(f"{name:6}loss {losses['loss']:.2f}   KL {losses['kl_loss']:.2f}   MSE {mse:.4f}   SSIM {ssim:.3f}")

# %% [markdown]
# Hardly a difference to the eye, and none in the squared error; the MLP even has the lower loss. On small grey
# images that all sit in the same place there is little for convolutions to know better. They get there with a
# fifth of the weights, though, and a dense layer grows with the image: that is where they win.

# %% [markdown]
# ## The same without the KL
#
# An autoencoder with the same `mlp` and the same code size: no noise in the code, no price on it.

# %%
plain = autoencoder(mlp, 16)
history = train(plain)
plotting.plot_reconstructions_of_models(
    images,
    np.stack([plain.reconstruct(images), mlp_vae.reconstruct(images)]),
    names=["autoencoder", "VAE"],
).figure

# %% [markdown]
# As a compressor it is better: nothing made it blur. Now as a generator. Where are its codes? To see them in the
# plane, here are two models with the same layers and codes of size 2. Test images as a density, the autoencoder
# first. Mind the axes; the dashed circles are what a standard normal would fill.

# %%
plain_2d, vae_2d = autoencoder(mlp, 2), vae(mlp, 2)
for model in (plain_2d, vae_2d):
    train(model)
plotting.plot_latent_density(plain_2d.encode(images), labels, data.class_names).figure

# %%
plotting.plot_latent_density(vae_2d.encode(images), labels, data.class_names).figure

# %% [markdown]
# The autoencoder's codes are wherever training put them: long arms, each class in its own, and between them
# white, where no image is. The VAE's lie where the prior is, close around 0 with little room between.
#
# What a decoder does where it has never been: the square around all of the autoencoder's codes, and then the
# VAE's, three standard deviations of the prior to each side.

# %%
def grid(model, reach):
    codes = plotting.decoded_grid_codes(12, 12, -reach, reach)
    images = model.decode(codes.reshape(-1, 2)).reshape(12, 12, *data.image_shape)
    return plotting.plot_decoded_grid(images, low=-reach, high=reach).figure


grid(plain_2d, reach=np.ceil(np.abs(plain_2d.encode(images)).max()))

# %%
grid(vae_2d, reach=3.0)

# %% [markdown]
# Most of the first square has never seen a code, and the decoder answers with glaring silhouettes; the strip that
# images come from has to be looked for. The second square is garments nearly everywhere, with a few doubtful
# places where classes meet.
#
# ## Samples
#
# Back to codes of size 16, where there is far more room for holes. First what one would try with an
# autoencoder: random codes, three standard deviations wide.

# %%
codes = np.random.default_rng(0).normal(scale=3.0, size=(1000, 16))
samples = {"autoencoder, random codes": plain.decode(codes)}
print("standard deviation of the autoencoder's own codes:", plain.encode(images).std(axis=0).round(1))
plotting.plot_image_grid(samples["autoencoder, random codes"][:48], columns=12).figure

# %% [markdown]
# Next the VAE, with codes drawn from its prior:

# %%
samples["VAE, prior"] = mlp_vae.sample(1000, seed=0)
plotting.plot_image_grid(samples["VAE, prior"][:48], columns=12).figure

# %% [markdown]
# An autoencoder can be helped afterwards: fit a mixture of Gaussians to its codes, and draw from that.

# %%
mixture = generation.fit_mixture(plain.encode(data.train.images))
samples["autoencoder, mixture"] = plain.decode(mixture.sample(1000, seed=0))
plotting.plot_image_grid(samples["autoencoder, mixture"][:48], columns=12).figure

# %% [markdown]
# And so can a VAE, whose codes are not quite where the prior is either:

# %%
generator = np.random.default_rng(0)
mean, log_var = mlp_vae.encode_distribution(data.train.images)
drawn = mean + np.exp(0.5 * log_var) * generator.standard_normal(mean.shape)
samples["VAE, mixture"] = mlp_vae.decode(generation.fit_mixture(drawn).sample(1000, seed=0))
plotting.plot_image_grid(samples["VAE, mixture"][:48], columns=12).figure

# %% [markdown]
# In numbers: a small classifier, trained here on real images, looks at a thousand of each. The Frechet distance
# compares its features with those of real test images (0 is best); its confidence is low for what is no garment,
# or between two. The last column is the root-mean-square distance to the nearest test image. Training images, in
# the last row, show what is possible.

# %%
judge = evaluation.train_classifier(data.train.images, data.train.labels, epochs=3)
samples["training images"] = data.train.images[:1000]
real = judge.features(images)
print(f"{'':28}{'Frechet distance':>18}{'confidence':>12}{'nearest test image':>24}")
for name, pictures in samples.items():
    frechet = evaluation.frechet_distance(judge.features(pictures), real)
    confidence = evaluation.sample_confidence(judge.probabilities(pictures))
    nearest = evaluation.nearest_images(pictures, images).distances.mean()
    print(f"{name:28}{frechet:18.1f}{confidence:12.2f}{nearest:24.3f}")

# %% [markdown]
# Random codes of the autoencoder give pictures that are further from any real image than real images are from each
# other: those are the holes. The Frechet distance nevertheless puts them on a level with the samples from the VAE's
# prior; to this small classifier blur is about as foreign as nonsense. No one number judges samples, so look at
# them too.
#
# With a mixture both get better, and the autoencoder comes out ahead: the mixture walks around the holes, and
# nothing had blurred that decoder. What the VAE has for its blur is a code space where the prior alone will do.
