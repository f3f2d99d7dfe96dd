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
# # Your own images
#
# From a folder of pictures to a trained model and a directory with all there is to know about it, and back:
# load the model, encode a new file, walk from one picture to another.
#
# So that nothing needs to be downloaded, the notebook first draws a folder: coloured shapes, 64 x 64
# pixels, in three classes. With a folder of your own, leave out that section. About two minutes on two
# CPU cores.

# %%
import colorsys
import shutil
from pathlib import Path

import numpy as np
from IPython.display import Image as Picture
from PIL import Image, ImageDraw
from rich.console import Console

import vae_keras
from vae_keras import plotting
from vae_keras.data import read_images
from vae_keras.errors import DataError
from vae_keras.generation.codes import fit_mixture

# %% tags=["parameters"]
EPOCHS = 20
WARMUP_EPOCHS = 4
TRAIN_SIZE = 3000

# %% [markdown]
# ## A folder of images
#
# Each sub-folder is a class and gives it its name. A folder without sub-folders is a set without labels.
# PNG, JPEG, BMP, GIF, TIFF and WebP are read. Images are grey if all of them are, otherwise colour.

# %%
CORNERS = {"circle": 0, "square": 4, "triangle": 3}


def draw(corners, generator):
    """Draw a regular shape of any colour, on any place, somewhat turned."""
    hue, radius = generator.uniform(0, 1), generator.uniform(40, 72)
    (x, y), angle = generator.uniform(78, 114, size=2), generator.uniform(-20, 20)
    color = tuple(round(255 * share) for share in colorsys.hsv_to_rgb(hue, 0.8, 0.85))
    image = Image.new("RGB", (192, 192), (245, 242, 235))
    pen = ImageDraw.Draw(image)
    if corners:
        pen.regular_polygon((x, y, radius), corners, rotation=angle, fill=color)
    else:
        pen.circle((x, y), 0.8 * radius, fill=color)
    return image.reduce(3)  # to 64 x 64, which smooths the edges


folder = Path("my_images")
shutil.rmtree(folder, ignore_errors=True)
generator = np.random.default_rng(0)
for name, corners in CORNERS.items():
    (folder / name).mkdir(parents=True)
    for number in range(TRAIN_SIZE // 2):  # more than to train on: some are for validation and test
        draw(corners, generator).save(folder / name / f"{number:04d}.png")
print(*(path.as_posix() for path in sorted(folder.glob("*/000[01].png"))), sep="\n")

# %% [markdown]
# `load_dataset` reads the folder, holds out a fifth for the test, and a tenth of the rest for validation:

# %%
data = vae_keras.load_dataset("folder", folder)
print(data.source, data.class_names)
print(data.train, data.validation, data.test, sep="\n")
plotting.plot_image_grid(data.test.images[:30], columns=10).figure

# %% [markdown]
# ## What can be wrong with a folder
#
# All images must have one size, unless you say which one to bring them to. The error names the file, and
# what it found.


# %%
def show_error(action):
    try:
        action()
    except DataError as error:
        print(f"{error}\n")


photo = folder / "square" / "photo.jpg"
Image.new("RGB", (640, 480)).save(photo)
show_error(lambda: vae_keras.load_dataset("folder", folder))

photo.write_text("not an image at all")
show_error(lambda: vae_keras.load_dataset("folder", folder))

photo.rename(folder / "photo.jpg")
show_error(lambda: vae_keras.load_dataset("folder", folder))
(folder / "photo.jpg").unlink()

# %% [markdown]
# The first is the most common. `image_size` brings photos of any size to one, here by taking their middle;
# `crop="pad"` keeps all of each photo, on a background, and `crop="none"` stretches it:
#
# ```python
# vae_keras.load_dataset("folder", folder, image_size=64, crop="center")
# vae_keras.Config(dataset="folder", data="my_images", image_size=64, crop="center")
# ```
#
# ## One run
#
# `Config` has the settings of a run; the flags of `train.py` are the same. `train_and_evaluate` trains,
# measures, draws and writes all of it into a directory. For 64 x 64 pixels and colour there is a preset too,
# `vae_keras.preset("resnet_64")`, which wants a GPU; these smaller convolutions do for shapes. The likelihood
# finds the standard deviation of the pixels by itself; its loss is minus a log-density, so it may fall below 0.

# %%
config = vae_keras.Config(
    dataset="folder",
    data="my_images",
    train_size=TRAIN_SIZE,
    architecture="conv",
    filters=(32, 64, 64),
    kernel_size=4,
    encoder_units=(256,),
    decoder_units=(256,),
    activation="silu",
    normalization="layer",
    latent_dim=8,
    likelihood="optimal_gaussian",
    likelihood_options=("mode=analytic",),
    epochs=EPOCHS,
    warmup_epochs=WARMUP_EPOCHS,
    batch_size=64,
)
run = vae_keras.RunDirectory("runs/shapes")
shutil.rmtree(run.path, ignore_errors=True)  # of an earlier time: no run overwrites another
console = Console(force_jupyter=False, force_terminal=False, width=100)  # plain lines in a notebook
metrics = vae_keras.train_and_evaluate(config, run, console=console)

# %% [markdown]
# Most numbers of the table stand beside what they should be compared with: the error of the
# reconstructions beside that of the mean image, the k-NN accuracy of the codes beside that of raw
# pixels. What is conspicuous in them is said under it.
#
# What the directory holds:

# %%
for path in sorted(run.path.iterdir()):
    inside = f" ({len(list(path.glob('*.png')))} pictures)" if path == run.figures else ""
    print(f"{path.as_posix()}{inside}")

# %% [markdown]
# `report.html` has all of it on one page for a browser, with a map of the codes to point at. Some of the
# pictures here:

# %%
Picture(run.figures / "training_curves.png", width=800)

# %%
Picture(run.figures / "reconstructions.png", width=800)

# %%
Picture(run.figures / "tsne.png", width=600)

# %% [markdown]
# Triangles have a place of their own. Circles and squares are mixed: to squared errors of pixels they are
# nearly the same.
#
# ## Back from the directory
#
# `vae_keras.load` takes the directory, in another process or on another day. `read_images` reads files for
# it, and with `image_shape` it refuses those that do not fit. A new triangle, and a shape that the model has
# never seen:

# %%
vae = vae_keras.load("runs/shapes")
generator = np.random.default_rng(7)
draw(3, generator).save("new_triangle.png")
draw(5, generator).save("pentagon.png")
new, names = read_images(["new_triangle.png", "pentagon.png"], image_shape=vae.image_shape)
for name, code in zip(names, vae.encode(new), strict=True):
    print(f"{name:17}", code.round(2))
plotting.plot_reconstructions(new, vae.to_unit_range(vae.reconstruct(new))).figure

# %% [markdown]
# The pentagon comes back as the nearest thing the model knows. Between two pictures there is a straight line
# of codes:

# %%
circle, square = (data.test.images[data.test.labels == label][0] for label in (0, 1))
rows = [vae.interpolate(circle, new[0]), vae.interpolate(square, new[0])]
plotting.plot_interpolation(
    vae.to_unit_range(np.stack(rows)),
    first=np.stack([circle, square]),
    second=np.stack([new[0], new[0]]),
).figure

# %% [markdown]
# Shape, size and colour change step by step, and what lies between is a shape too.
#
# ## New images
#
# From codes of the prior:

# %%
samples = vae.sample(40, seed=0)
plotting.plot_image_grid(vae.to_unit_range(samples), columns=10).figure

# %% [markdown]
# Many are no shapes. The likelihood found a small standard deviation, errors of pixels weigh much beside the
# KL divergence, and the codes of real images fill only a part of what the prior covers. Reconstructions are
# the better for it, samples the worse. A mixture of Gaussians fitted to the codes of the training images
# draws from where they are:

# %%
posterior = vae.encode_distribution(data.train.images)
noise = np.random.default_rng(0).standard_normal(posterior.mean.shape)
mixture = fit_mixture(posterior.mean + np.exp(0.5 * posterior.log_var) * noise)
samples = vae.decode(mixture.sample(40, seed=0))
plotting.plot_image_grid(vae.to_unit_range(samples), columns=10).figure

# %% [markdown]
# ## The same from the command line
#
# ```bash
# vae-keras train --config runs/shapes/config.json --run-dir runs/again      # the same run once more
# vae-keras encode runs/shapes new_triangle.png pentagon.png --output codes.csv
# vae-keras reconstruct runs/shapes photos/ --output reconstructions
# vae-keras sample runs/shapes --codes mixture --output samples.png
# ```
