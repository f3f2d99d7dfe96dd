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
# # Beta and disentangling
#
# A beta-VAE weighs the KL term with more than 1. The hope is a code in which each dimension means one thing.
# To see whether that comes true one has to know what images were made from, so these are drawn: one white
# shape each, from five known factors. About three minutes on two CPU cores.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import vae_keras
from vae_keras import evaluation, plotting
from vae_keras.architectures import conv
from vae_keras.likelihoods import Bernoulli

# %% tags=["parameters"]
EPOCHS = 20
WARMUP_EPOCHS = 5
TRAIN_SIZE = None  # all of them
SEEDS = (0, 1, 2)

# %% [markdown]
# Two things are made easier, to be done in minutes. The images are halved to 32 x 32. And only the middle six
# of the twelve heights are kept: two factors that change images equally can be rotated into each other at
# no cost, and it takes long training to settle which way. Now left and right matter more than up and down.

# %%
data = vae_keras.load_dataset("sprites", train_size=TRAIN_SIZE, seed=0)
print(data.factor_names)


def prepared(split):
    split = split.take((split.factors[:, 4] >= 3) & (split.factors[:, 4] <= 8))
    halves = split.images.reshape(-1, 32, 2, 32, 2, 1).mean(axis=(2, 4))
    return halves.round().astype("uint8"), split.factors


(x_train, _), (x_validation, _), (x_test, factors) = map(
    prepared, (data.train, data.validation, data.test)
)
print(f"{len(x_train)} training images, {len(x_test)} test images")
plotting.plot_image_grid(x_test[:24], columns=12).figure

# %% [markdown]
# ## One model for each beta, and seed
#
# Six dimensions, one more than there are factors.

# %%
BETAS = (1, 4, 16)


def train(beta, seed):
    keras.utils.set_random_seed(seed)
    likelihood = Bernoulli()
    parts = conv(
        x_train.shape[1:],
        6,
        likelihood,
        filters=(16, 32, 32),
        kernel_size=4,
        encoder_units=(128,),
        decoder_units=(128,),
    )
    vae = vae_keras.VAE(*parts, likelihood, kl_weight=beta, seed=seed)
    vae.compile(keras.optimizers.Adam(1e-3))
    history = vae.fit(
        x_train,
        validation_data=(x_validation,),
        batch_size=64,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[vae_keras.KLWarmup(WARMUP_EPOCHS)],
    )
    return vae, history.history


runs = {(beta, seed): train(beta, seed) for beta in BETAS for seed in SEEDS}
models = {beta: runs[beta, SEEDS[0]][0] for beta in BETAS}
plotting.plot_histories(
    [runs[beta, SEEDS[0]][1] for beta in BETAS],
    names=[f"beta {beta}" for beta in BETAS],
    metrics=("val_recon_loss", "val_kl_loss"),
)

# %% [markdown]
# ## What beta costs
#
# Rate is what the code costs, distortion what the image is off by. Beta says how many nats of the second are
# given up for one of the first, and so chooses a point on the curve.

# %%
losses = {key: vae.evaluate(x_test, verbose=0, return_dict=True) for key, (vae, _) in runs.items()}
plotting.plot_rate_distortion(
    [loss["kl_loss"] for loss in losses.values()],
    [loss["recon_loss"] for loss in losses.values()],
    values=[beta for beta, _ in losses],
    setting="beta",
).figure

# %%
plotting.plot_reconstructions_of_models(
    x_test, np.stack([vae.reconstruct(x_test) for vae in models.values()]), names=[f"beta {b}" for b in models]
).figure

# %% [markdown]
# None of them has learnt shapes and angles in so few epochs: these are blobs of the right size in the right
# place, and with beta 16 not even quite of the right size. So much for the limits of what follows; position and
# size are what there is to be disentangled.
#
# With a higher price fewer dimensions are worth paying for:

# %%
posteriors = {beta: vae.encode_distribution(x_test) for beta, vae in models.items()}
kl = {beta: evaluation.kl_per_dimension(*posterior) for beta, posterior in posteriors.items()}
fig = plt.figure(figsize=(9, 3), layout="constrained")
with plotting.style():
    for ax, beta in zip(fig.subplots(1, len(BETAS), sharey=True), BETAS):
        plotting.plot_kl_by_dimension(kl[beta], active=evaluation.active_units(posteriors[beta].mean), ax=ax)
        ax.set_title(f"beta {beta}: {kl[beta].sum():.1f} nats")

# %% [markdown]
# ## What a dimension means
#
# One dimension at a time from -2 to 2, the others at 0. With beta 1 most dimensions move, grow and bend the
# blob all at once:

# %%
plotting.plot_traversals(models[1].traverse(low=-2, high=2), low=-2, high=2, kl=kl[1]).figure

# %% [markdown]
# With beta 4:

# %%
plotting.plot_traversals(models[4].traverse(low=-2, high=2), low=-2, high=2, kl=kl[4]).figure

# %% [markdown]
# And with beta 16, where one dimension goes from side to side and another up and down:

# %%
plotting.plot_traversals(models[16].traverse(low=-2, high=2), low=-2, high=2, kl=kl[16]).figure

# %% [markdown]
# The same as a table: how much of each factor a straight line through one dimension explains (the squared
# correlation). A disentangled code has one dark field in a row and in a column. Shape is left out: its three
# levels have no order.

# %%
fig = plt.figure(figsize=(9, 3.4), layout="constrained")
with plotting.style():
    for ax, beta in zip(fig.subplots(1, len(BETAS)), BETAS):
        order = np.argsort(-kl[beta])
        both = np.concatenate([posteriors[beta].mean[:, order], factors[:, 1:]], axis=1)
        table = np.corrcoef(both.T)[:6, 6:] ** 2
        ax.imshow(table, cmap="Blues", vmin=0, vmax=1)
        for (row, column), value in np.ndenumerate(table):
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.5 else "0.3")
        ax.set_xticks(range(4), data.factor_names[1:], rotation=30)
        ax.set_yticks(range(6), [f"$z_{i + 1}$" for i in order])
        ax.set_title(f"beta {beta}")

# %% [markdown]
# With beta 1 every dimension knows a little of everything. With beta 4 size, x and y each have a dimension, and
# with beta 16 x and y are almost clean. Orientation is nowhere. Beware of the lower rows, though: with beta 16
# several dimensions follow the size, and by their KL none of them says much about it. A correlation does not see
# how small a motion is.

# %% [markdown]
# ## In numbers
#
# Three measures from the literature, each 1 at best. MIG and SAP ask how far the best dimension for a factor is
# ahead of the second best; DCI asks, from what a forest of decision trees uses, whether a dimension serves one
# factor (disentanglement), a factor sits in one dimension (completeness), and whether the code knows the factors
# at all (informativeness). Bars are means over the seeds, dots the seeds.

# %%
scores = {name: [] for name in ("MIG", "SAP", "disentanglement", "completeness", "informativeness", "active units")}
for vae, _ in runs.values():
    codes = vae.encode(x_test)
    values = (
        evaluation.mutual_information_gap(codes, factors),
        evaluation.separated_attribute_predictability(codes, factors, categorical=[0]),
        *evaluation.dci(codes, factors),
        evaluation.active_units(codes).sum(),
    )
    for name, value in zip(scores, values):
        scores[name].append(value)
results = {name: np.reshape(values, (len(BETAS), len(SEEDS))) for name, values in scores.items()}
plotting.plot_sweep(BETAS, results, setting="beta")

# %% [markdown]
# The trend is there: with beta the scores rise. So are its limits. The seeds spread widely, for some scores as far
# as the betas are apart, so that a single run proves nothing. Part of the gain is that less is said: a code of
# little more than the position has less to entangle. And no score is near 1, nor can MIG and SAP be while shape
# and angle are not learnt, as these count as factors too. Published runs on such images take a hundred times as
# many steps.
