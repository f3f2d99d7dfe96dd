"""Model files from strangers: what is looked at before anything of one is built."""

from vae_keras.models.format import FORMAT_KEY, FORMAT_VERSION, check_format, popped_format
from vae_keras.saving.archive import Members, private_copy, read_members
from vae_keras.saving.bounded_file import BoundedFile
from vae_keras.saving.config import check_config
from vae_keras.saving.custom_objects import custom_names
from vae_keras.saving.hdf5 import Weights, read_weights
from vae_keras.saving.initial_values import without_initial_values
from vae_keras.saving.refused import Refused
from vae_keras.saving.size import check_size

__all__ = [
    "FORMAT_KEY",
    "FORMAT_VERSION",
    "BoundedFile",
    "Members",
    "Refused",
    "Weights",
    "check_config",
    "check_format",
    "check_size",
    "custom_names",
    "popped_format",
    "private_copy",
    "read_members",
    "read_weights",
    "without_initial_values",
]
