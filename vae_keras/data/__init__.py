"""Image data sets: by name, from a folder of images, or from NumPy files."""

from vae_keras.data.image_dataset import ImageDataset, Split
from vae_keras.data.image_files import read_images
from vae_keras.data.load import DATASET_NAMES, load_dataset

__all__ = ["DATASET_NAMES", "ImageDataset", "Split", "load_dataset", "read_images"]
