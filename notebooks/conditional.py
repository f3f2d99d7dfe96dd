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
# # Conditional generation
#
# A plain VAE cannot be asked for a shoe: the prior gives a code, and the decoder shows what lies
# there. A *conditional* VAE is told the class of each image, in the encoder, `q(z | x, label)`, and
# in the decoder, `p(x | z, label)`. Its code need only hold what the label does not say: how wide,
# how bright, how long the sleeves are.
#
# Here both are trained on Fashion-MNIST with the same layers, to see what the label buys: one style
# in ten classes, samples of a class one asks for, what a classifier thinks of them, and a classifier
# that comes for free. About a minute on two CPU cores.

# %%
import keras
import numpy as np

import vae_keras
from vae_keras import evaluation, plotting
from vae_keras.architectures import mlp
from vae_keras.likelihoods import SquaredError

# %% tags=["parameters"]
EPOCHS = 15
WARMUP_EPOCHS = 3
TRAIN_SIZE = 20_000  # of 55,000
LATENT_DIM = 16

# %%
data = vae_keras.load_dataset("fashion_mnist", train_size=TRAIN_SIZE, seed=0)
train, validation, test = data.train, data.validation, data.test
names = data.class_names
plotting.plot_one_per_class(test.images, test.labels, names).figure

# %% [markdown]
# ## Two models with the same layers
#
# `num_classes=10` gives encoder and decoder a second input, the class. `ConditionalVAE` then takes
# the labels as `y` in `fit`, and as `label=` everywhere else: one for all images, or one for each.


# %%
def build(model_class, num_classes):
    keras.utils.set_random_seed(0)
    likelihood = SquaredError()
    parts = mlp(
        data.image_shape,
        LATENT_DIM,
        likelihood,
        activation="silu",
        normalization="layer",
        num_classes=num_classes,
    )
    model = model_class(*parts, likelihood, seed=0)
    model.compile(keras.optimizers.Adam(1e-3))
    return model


settings = {"batch_size": 128, "epochs": EPOCHS, "verbose": 0}

# %%
plain = build(vae_keras.VAE, num_classes=0)
plain_history = plain.fit(
    train.images,
    validation_data=(validation.images,),
    callbacks=[vae_keras.KLWarmup(WARMUP_EPOCHS)],
    **settings,
)

# %%
conditional = build(vae_keras.ConditionalVAE, num_classes=10)
conditional_history = conditional.fit(
    train.images,
    train.labels,
    validation_data=(validation.images, validation.labels),
    callbacks=[vae_keras.KLWarmup(WARMUP_EPOCHS)],
    **settings,
)
plotting.plot_histories(
    [plain_history.history, conditional_history.history], names=["VAE", "ConditionalVAE"]
)

# %% [markdown]
# The conditional model is ahead mostly in the KL divergence: what the label says, the code need not
# say again. By how many nats, on the test set:

# %%
gain = conditional.elbo(test.images, label=test.labels) - plain.elbo(test.images)
print(f"gain in ELBO      {gain.mean():.2f} ± {evaluation.standard_error(gain):.2f} nats an image")
print(f"the label itself  {np.log(10):.2f} nats at most, the logarithm of ten equal classes")

# %% [markdown]
# A label is worth at most log 10 nats to a model that knows the true distribution. What the gain has
# beyond that, the conditional model owes to its easier task: one decoder for shoes and trousers has
# to spend its code on which of them it draws.
#
# ## One style, ten classes
#
# Each row is *one* code, drawn from the prior, decoded with each of the ten labels.

# %%
codes = np.random.default_rng(0).standard_normal((8, LATENT_DIM))
every_class = np.arange(10)


def in_every_class(codes):
    return np.stack([conditional.decode(np.tile(z, (10, 1)), label=every_class) for z in codes])


plotting.plot_samples_by_class(in_every_class(codes), names).figure

# %% [markdown]
# Brightness goes through whole rows, and so does the width of what is worn. The same with the codes
# of real images: on the left the image, in its row what its style would be in the other classes.

# %%
first_of_class = [np.flatnonzero(test.labels == label)[0] for label in every_class]
images, labels = test.images[first_of_class], test.labels[first_of_class]
rows = in_every_class(conditional.encode(images, label=labels))
rows = np.concatenate([conditional.to_unit_range(images)[:, None], rows], axis=1)
plotting.plot_samples_by_class(rows, ["real image", *names]).figure

# %% [markdown]
# Details that belong to one image, a print or a collar, are gone: a code of a few nats has no room
# for them, and `SquaredError` does not pay for more.
#
# What single dimensions of the code do, the three that hold the most nats, for T-shirts and for bags:

# %%
posterior = conditional.encode_distribution(test.images, label=test.labels)
kl = evaluation.kl_per_dimension(*posterior)  # nats, means over the images
largest = [int(dimension) for dimension in np.argsort(-kl)[:3]]
plotting.plot_traversals(conditional.traverse(label=0), kl=kl, dimensions=largest).figure

# %%
plotting.plot_traversals(conditional.traverse(label=8), kl=kl, dimensions=largest).figure

# %% [markdown]
# The first is brightness in both. The other two change the shape, each class in its own way: the loss
# does not ask a dimension to mean the same in two classes.
#
# ## Is the class gone from the code?
#
# Nothing forces it out; it only costs nats to say twice. A linear classifier that learns to read
# the class from the codes tells how much is left, with 0.1 for guessing:

# %%
codes = {
    "VAE": (plain.encode(train.images), plain.encode(test.images)),
    "ConditionalVAE": (
        conditional.encode(train.images, label=train.labels),
        conditional.encode(test.images, label=test.labels),
    ),
}
for name, (of_train, of_test) in codes.items():
    accuracy = evaluation.linear_probe_accuracy(of_train, train.labels, of_test, test.labels)
    print(f"{name:15} {accuracy:.3f} of test images")

# %% [markdown]
# Most of it is gone, but style and class are not quite independent: a code drawn from the prior fits
# some classes better than others. Those are the blurred pictures in the rows above.
#
# ## What a classifier thinks
#
# A classifier trained on real images judges 2,000 samples of each model. How often is a conditional
# sample of the class that was asked for? An unconditional model cannot be asked, but whether the
# classifier is sure of its samples, and how many lie between the classes, can be measured for both.

# %%
judge = evaluation.train_classifier(train.images, train.labels, seed=0)
asked = np.arange(2000) % 10
judged = {
    "test images": (test.images, test.labels),
    "ConditionalVAE": (conditional.sample(2000, label=asked, seed=0), asked),
    "VAE": (plain.sample(2000, seed=0), None),
}
print("                accuracy   mean confidence   below 0.5")
for name, (of_images, of_labels) in judged.items():
    probabilities = judge.probabilities(of_images)
    confidence = probabilities.max(axis=1)
    accuracy = "      "
    if of_labels is not None:
        accuracy = f"{evaluation.classifier_accuracy(probabilities, of_labels):.3f} "
    print(f"{name:15}  {accuracy:8} {confidence.mean():14.3f} {np.mean(confidence < 0.5):14.1%}")

# %% [markdown]
# Of about one in five unconditional samples the classifier gives no class even half of the
# probability: their codes fell between those of two classes. The ten it is least sure of:

# %%
samples, _ = judged["VAE"]
confidence = judge.probabilities(samples).max(axis=1)
worst = np.argsort(confidence)[:10]
titles = [f"{share:.2f}" for share in confidence[worst]]
plotting.plot_image_grid(samples[worst], columns=10, titles=titles).figure

# %% [markdown]
# By class, the share of the conditional samples that the classifier recognises:

# %%
samples, _ = judged["ConditionalVAE"]
recognised = judge.probabilities(samples).argmax(axis=1) == asked
of_class = evaluation.mean_by_class(recognised.astype(float), asked)
plotting.plot_by_class(
    of_class.mean,
    standard_error=of_class.standard_error,
    class_names=names,
    name="share recognised as the class asked for",
).figure

# %% [markdown]
# Samples are recognised *more* often than real images. That is no praise: they are more typical than
# reality. The mean distance of two images of a class, root-mean-square over pixels, says how much
# variety is lost:

# %%
print("              real images    reconstructions   samples")
for label in (0, 3, 8):
    real = test.images[test.labels == label][:200]
    kinds = (
        conditional.to_unit_range(real),
        conditional.reconstruct(real, label=label),
        conditional.sample(200, label=label, seed=0),
    )
    found = [evaluation.mean_pairwise_distance(kind) for kind in kinds]
    line = "   ".join(f"{one.value:.3f} ± {one.standard_error:.3f}" for one in found)
    print(f"{names[label]:12}  {line}")

# %% [markdown]
# ## A classifier for free
#
# The model says how well an image fits each class: its bound under each label. With classes that are
# equally frequent, the label with the highest bound is the most probable one: Bayes' rule, with the
# ELBO in the place of `log p(x | label)`.

# %%
some = slice(2000)
bounds = np.stack([conditional.elbo(test.images[some], label=c) for c in every_class], axis=1)
right = bounds.argmax(axis=1) == test.labels[some]
share = right.mean()
error = evaluation.proportion_standard_error(share, len(right))
print(f"bound of each label  {share:.3f} ± {error:.3f} of test images right")
share = evaluation.classifier_accuracy(judge.probabilities(test.images[some]), test.labels[some])
error = evaluation.proportion_standard_error(share, len(right))
print(f"the judge            {share:.3f} ± {error:.3f}")

# %% [markdown]
# Never trained to tell classes apart, it comes close to a network that was.
#
# ## The same from the command line
#
# ```bash
# python train.py --preset conditional --dataset fashion_mnist --run-dir runs/conditional
# vae-keras sample runs/conditional --label Bag --output bags.png
# ```
#
# `metrics.json` then holds `classifier_accuracy_of_samples`, the accuracy above.
