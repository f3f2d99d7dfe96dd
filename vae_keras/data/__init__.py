"""Image data sets: by name, from a folder of images, or from NumPy files."""

from vae_keras.data.binarize import binarized
from vae_keras.data.exclude import without_classes
from vae_keras.data.image_dataset import ImageDataset, Split
from vae_keras.data.image_files import read_images
from vae_keras.data.load import DATASET_NAMES, load_dataset
from vae_keras.data.sprites import draw_sprites

__all__ = [
    "DATASET_NAMES",
    "ImageDataset",
    "Split",
    "binarized",
    "draw_sprites",
    "load_dataset",
    "read_images",
    "without_classes",
]
