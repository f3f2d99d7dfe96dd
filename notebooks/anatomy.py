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
# # Anatomy of a VAE
#
# What is inside the loss, why a random draw in the middle of a network can be trained through, what a KL
# warm-up does, and what it looks like when all of it goes wrong. Everything here is small and made by hand
# from the arrays that the model gives. About two minutes on two CPU cores.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import vae_keras
from vae_keras import evaluation, plotting, schedules
from vae_keras.architectures import mlp
from vae_keras.likelihoods import SquaredError

# %% tags=["parameters"]
EPOCHS = 14
WARMUP_EPOCHS = 8
TRAIN_SIZE = 20_000

# %%
data = vae_keras.load_dataset("fashion_mnist", train_size=TRAIN_SIZE, seed=0)
images = data.test.images[:2000]


def build(kl_weight=1.0):
    keras.utils.set_random_seed(0)
    likelihood = SquaredError()
    vae = vae_keras.VAE(*mlp(data.image_shape, 10, likelihood), likelihood, kl_weight=kl_weight, seed=0)
    vae.compile(keras.optimizers.Adam(1e-3))
    return vae


def train(vae, schedule=None):
    history = vae.fit(
        data.train.images,
        validation_data=(data.validation.images,),
        batch_size=128,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[vae_keras.KLWarmup(WARMUP_EPOCHS if schedule else 0, schedule)],
    )
    return history.history


vae = build()
plain = train(vae)
plotting.plot_history(plain)

# %% [markdown]
# ## 1. From an image to an image
#
# The encoder does not give a code, it gives a distribution of codes: a mean and a log-variance for each of
# ten dimensions. A code is drawn from it, and the decoder makes an image of that.

# %%
mean, log_var = vae.encode_distribution(images)
std = np.exp(0.5 * log_var)
noise = np.random.default_rng(0).standard_normal(mean.shape)
codes = mean + std * noise
decoded = vae.decode(codes)
print("first image: mean", mean[0].round(2))
print("             std ", std[0].round(2))
print("             code", codes[0].round(2))

# %% [markdown]
# Above the image, in the middle what was decoded from its drawn code, below the squared error of each pixel.
# The number is the sum of those errors: the first half of the loss.

# %%
x = vae.to_unit_range(images)
squared_error = (x - decoded) ** 2
shown = np.concatenate([x[:8], decoded[:8], squared_error[:8]])
sums = squared_error.sum(axis=(1, 2, 3))
titles = [""] * 16 + [f"{value:.1f}" for value in sums[:8]]
plotting.plot_image_grid(shown, columns=8, titles=titles).figure

# %% [markdown]
# ## 2. The loss, term by term
#
# The second half is what the code costs: the Kullback-Leibler divergence of its distribution from the prior,
# $\frac12 \sum_j (\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2)$, in nats. By hand, and as the model says it;
# the model draws its own noise, so that the reconstruction differs a little and the KL not at all.

# %%
kl = 0.5 * (mean**2 + std**2 - 1 - log_var)
losses = vae.evaluate(images, verbose=0, return_dict=True)
print(f"{'':22}{'by hand':>10}{'model':>10}")
print(f"{'reconstruction':22}{sums.mean():10.3f}{losses['recon_loss']:10.3f}")
print(f"{'+ KL, weight 1':22}{kl.sum(axis=1).mean():10.3f}{losses['kl_scaled']:10.3f}")
print(f"{'= loss':22}{sums.mean() + kl.sum(axis=1).mean():10.3f}{losses['loss']:10.3f}")

# %% [markdown]
# **Minus the loss is a bound on the log-density of the images**, up to a constant: a bare sum of squares is a
# Gaussian of variance 1/2 without its normaliser, which is $\frac{784}{2} \log \pi$. Put it back, image by
# image, and nothing is left over but rounding.

# %%
terms = vae.image_losses(images)
left_over = terms.elbo + terms.recon_loss + terms.kl_loss + 784 / 2 * np.log(np.pi)
print(f"ELBO {terms.elbo.mean():.2f} nats, left over: at most {abs(left_over).max():.1e}")

# %% [markdown]
# **The KL taken apart by dimension.** It is a sum over dimensions, and the model decides which to pay for.

# %%
plotting.plot_kl_by_dimension(
    evaluation.kl_per_dimension(mean, log_var), active=evaluation.active_units(mean)
).figure

# %% [markdown]
# **The KL taken apart by purpose.** One part is information: how much a code says about which image it came
# from. The other is a mismatch: how far all codes together are from the prior. Only the first one buys
# anything; the second one makes samples from the prior unlike reconstructions.

# %%
surgery = evaluation.elbo_surgery(mean, log_var)
for name in ("mutual_information", "aggregated_posterior_kl"):
    estimate = getattr(surgery, name)
    print(f"{name:24}{estimate.value:8.3f} ± {estimate.standard_error:.3f} nats")
print(f"{'sum':24}{surgery.mutual_information.value + surgery.aggregated_posterior_kl.value:8.3f}")
print(f"{'KL':24}{kl.sum(axis=1).mean():8.3f}")
print(f"the information can be at most log({len(images)}) = {np.log(len(images)):.3f}")

# %% [markdown]
# ## 3. Reparameterisation
#
# Here is the posterior of one image, drawn from a thousand times, among the codes of all images (grey), in the
# two dimensions that carry most.

# %%
first, second = np.argsort(kl.mean(axis=0))[::-1][:2]
draws = mean[0] + std[0] * np.random.default_rng(1).standard_normal((1000, 10))
ax = plotting.plot_latent_scatter(codes, dimensions=(first, second))
ax.collections[0].set(color="0.75")
ax.plot(draws[:, first], draws[:, second], ".", markersize=2, color="#bd1f01")
ax.figure

# %% [markdown]
# The image, and what the decoder makes of eleven of the draws. The posterior is as wide as it can be before
# the pictures differ by more than the KL would save:

# %%
plotting.plot_image_grid(
    np.concatenate([x[:1], vae.decode(draws[:11])]), columns=12, titles=["image"] + ["draw"] * 11
).figure

# %% [markdown]
# A draw is a number; nothing can be differentiated with respect to where it came from. But write it as
# `mean + std * noise`, with noise that comes from outside, and it is a plain function of `mean` and `std`:
# the derivative with respect to the mean is 1, and with respect to the standard deviation it is the noise. The
# gradient of the loss comes back through the decoder as through any layer.
#
# The other way to get a gradient needs no such trick: weigh the log-density's gradient with the loss of each
# draw (the score function, REINFORCE). Both are right on average. Take our image, put the mean of the first of
# those dimensions half a unit off, and ask for the slope of the expected squared error there, from one draw at
# a time:

# %%
rng = np.random.default_rng(2)
noise = rng.standard_normal((2000, 10))
z = mean[0] + std[0] * noise
z[:, first] += 0.5


def error(codes):
    return ((vae.decode(codes) - x[0]) ** 2).sum(axis=(1, 2, 3))


step = 0.01 * np.eye(10)[first]
pathwise = (error(z + step) - error(z - step)) / 0.02  # through the decoder
score = error(z) * noise[:, first] / std[0, first]  # not through it

fig = plt.figure(figsize=(8, 3))
with plotting.style():
    ax = fig.subplots()
    edges = np.linspace(*np.percentile(score, [0.5, 99.5]), 80)
    for name, slopes in (("score function", score), ("reparameterised", pathwise)):
        mean_slope, error_of_mean = slopes.mean(), slopes.std() / len(slopes) ** 0.5
        ax.hist(slopes, edges, alpha=0.7, label=f"{name}: mean {mean_slope:.1f} ± {error_of_mean:.1f}")
        print(f"{name:16} standard deviation from draw to draw {slopes.std():6.1f}")
    ax.set(xlabel="slope from one draw (nats per unit)", ylabel="draws")
    ax.legend()

# %% [markdown]
# The same mean within the errors, and a narrow peak against a wide hill: that is why one draw per image and
# step is enough to train a VAE.
#
# ## 4. KL warm-up
#
# At the start codes say nothing yet and only cost. A warm-up lets the decoder learn to use them first: the
# KL weight rises from 0, along one of these lines. We train once more for each of them.

# %%
rises = {
    "linear": schedules.Linear(WARMUP_EPOCHS),
    "sigmoid": schedules.Sigmoid(WARMUP_EPOCHS),
    "cyclical": schedules.Cyclical(WARMUP_EPOCHS, cycles=2),
}
weights = {"no warm-up": np.ones(EPOCHS)}
weights |= {name: [float(rise(epoch)) for epoch in range(EPOCHS)] for name, rise in rises.items()}
plotting.plot_histories(
    [{"kl_weight": weight} for weight in weights.values()], names=list(weights), metrics=["kl_weight"]
)

# %%
models = {"no warm-up": vae} | {name: build() for name in rises}
histories = {"no warm-up": plain} | {name: train(models[name], rises[name]) for name in rises}
plotting.plot_histories(
    list(histories.values()), names=list(histories), metrics=("kl_loss", "recon_loss")
)

# %% [markdown]
# While the weight is low the code is cheap: the KL goes up to far more than can be kept, reconstructions are
# the better for it, and both come back as the weight rises. What is left of that at the end? The validation loss
# is measured at the final weight, so that these four compare:

# %%
print(f"{'':12}{'val_loss':>10}{'recon':>8}{'KL':>8}{'active dimensions':>20}")
for name, history in histories.items():
    terms = [history[f"val_{term}"][-1] for term in ("loss", "recon_loss", "kl_loss")]
    active = evaluation.active_units(models[name].encode(images)).sum()
    print(f"{name:12}{terms[0]:10.2f}{terms[1]:8.2f}{terms[2]:8.2f}{active:20}")

# %% [markdown]
# The warm-ups keep more dimensions in use, and reconstruct better for a higher KL. Their loss is not lower for it:
# they trained for eight of fourteen epochs on something else, and have not caught up. A warm-up is a remedy for
# dimensions that die early, not a free gain.
#
# ## 5. Collapse, on purpose
#
# A mistake that many programs share: the squared error *averaged* over the pixels, beside a KL that is summed.
# It looks harmless. For 784 pixels it is a KL weight of 784. We train on that, with the linear warm-up, so that
# one can watch it happen.

# %%
collapsed = build(kl_weight=784.0)
dying = train(collapsed, rises["linear"])
plotting.plot_history(dying)

# %%
chosen = images[:10]
plotting.plot_reconstructions_of_models(
    chosen,
    np.stack([vae.reconstruct(chosen), collapsed.reconstruct(chosen)]),
    names=["KL weight 1", "KL weight 784"],
).figure

# %% [markdown]
# The same picture for every image: about the mean of all of them. In the first epoch, at weight 0, the code held
# more than a hundred nats; the weight has hardly begun to rise, and nothing is left. After that the curves look
# calm, and the reconstruction loss even falls. The KL by dimension tells at once:

# %%
fig = plt.figure(figsize=(8, 3), layout="constrained")
with plotting.style():
    for ax, model in zip(fig.subplots(1, 2, sharey=True), (vae, collapsed)):
        posterior = model.encode_distribution(images)
        active = evaluation.active_units(posterior.mean)
        plotting.plot_kl_by_dimension(evaluation.kl_per_dimension(*posterior), active=active, ax=ax)

# %% [markdown]
# And so does `diagnose`, for both:

# %%
for name, model, history in (("KL weight 1", vae, plain), ("KL weight 784", collapsed, dying)):
    numbers = vae_keras.evaluate(model, images, samples=0)
    print(f"--- {name}")
    for finding in vae_keras.diagnose(numbers, history, kl_weight=model.kl_weight):
        print(f"{finding.severity}: {finding.title}. {finding.text}\n    {finding.advice}")

# %% [markdown]
# The cure is in that advice, though not all of it helps here: a warm-up we had. It can save a model that
# ignored its codes because it was started badly; it cannot save one whose final weight makes ignoring them the
# best thing to do.
