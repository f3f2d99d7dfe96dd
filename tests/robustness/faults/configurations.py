"""The runs that are interrupted: small, quick, each with another part of the package at work."""

from pathlib import Path
from typing import Any

# High rates and short patience: the rate is cut or training stops early within a few epochs, so
# that a counter that is lost shows in the numbers.
_SHARED = {
    "dataset": "digits",
    "train_size": 200,
    "validation_size": 60,
    "batch_size": 16,
    "architecture": "mlp",
    "encoder_units": (16,),
    "epochs": 5,
    "warmup_epochs": 1,
    "kl_weight": 0.1,  # codes that all become equal cannot be drawn
    "learning_rate": 0.03,
    "plateau_patience": 1,
    "plateau_min_delta": 0.3,
    "early_stopping_patience": 2,
    "checkpoint_minutes": 0.0,
}
_ARRAY = {"dataset": "array", "train_size": 160, "validation_size": 40, "steps_per_execution": 1}
_BINARY = {**_ARRAY, "likelihood": "bernoulli", "plateau_min_delta": 1.0}

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "vae": _ARRAY,
    "labelled": {},
    "conditional": {"model": "conditional", "latent_dim": 3},
    "autoencoder": {**_ARRAY, "model": "autoencoder", "warmup_epochs": 0, "kl_weight": 1.0},
    "streamed folder": {
        "dataset": "folder",
        "stream": True,
        "train_size": 120,
        "early_stopping_patience": 1,
    },
    "importance weighted": {
        **_ARRAY,
        "objective": "importance_weighted",
        "objective_options": ("samples=4",),
        "kl_weight": 1.0,
        "early_stopping_patience": 1,
    },
    "static binarisation": {**_BINARY, "binarize": "static"},
    "dynamic binarisation": {
        **_BINARY,
        "binarize": "dynamic",
        "architecture": "conv",
        "filters": (4,),
        "encoder_units": (8,),
        "decoder_units": (8,),
        "normalization": "batch",
        "early_stopping_patience": 1,
    },
    "several steps a call": {**_ARRAY, "steps_per_execution": 3, "checkpoint_minutes": 0.002},
    "warm-up in steps": {
        **_ARRAY,
        "warmup_epochs": 0,
        "warmup_steps": 13,
        "checkpoint_minutes": 1.0,
        "checkpoint_epochs": 1,
    },
}


def settings_of(name: str, data: Path) -> dict[str, Any]:
    """Return the fields of `Config` of one configuration that differ from the default preset's.

    Args:
        name: One of `CONFIGURATIONS`.
        data: Where `write_data` put its files.
    """
    settings = {**_SHARED, **CONFIGURATIONS[name]}
    if settings["dataset"] == "array":
        settings["data"] = str(data / "images.npz")
    elif settings["dataset"] == "folder":
        settings["data"] = str(data / "folder")
    return settings


def flags(settings: dict[str, Any]) -> list[str]:
    """Return settings as flags of the command line."""
    arguments = []
    for name, value in settings.items():
        flag = "--" + name.replace("_", "-")
        values = value if isinstance(value, tuple) else (value,)
        arguments += [flag, *map(str, values)]
    return arguments


def write_data(folder: Path) -> None:
    """Write images as an array without labels and as a folder of two classes."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    digits, labels = load_digits(return_X_y=True)
    images = np.rint(digits * (255 / 16)).astype("uint8").reshape(-1, 8, 8)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / "images.npz", x_train=images[:200, ..., None], x_test=images[200:240, ..., None]
    )
    for number in range(200):
        path = folder / "folder" / ("even" if labels[number] % 2 == 0 else "odd")
        path.mkdir(parents=True, exist_ok=True)
        Image.fromarray(images[number]).save(path / f"{number:03}.png")
