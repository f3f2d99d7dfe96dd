"""Image data sets: by name, from a folder of images, or from NumPy files."""

from vae_keras.data.binarize import binarized
from vae_keras.data.dataset import ImageDataset, Split
from vae_keras.data.exclude import without_classes
from vae_keras.data.images.image_files import read_images
from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.data.images.preparation import Preparation
from vae_keras.data.load import DATASET_NAMES, load_dataset
from vae_keras.data.readers.sprites import draw_sprites, write_sprites
from vae_keras.data.streams.stream import ImageStream

__all__ = [
    "DATASET_NAMES",
    "ImageDataset",
    "ImageFiles",
    "ImageStream",
    "Preparation",
    "Split",
    "binarized",
    "draw_sprites",
    "load_dataset",
    "read_images",
    "without_classes",
    "write_sprites",
]
