"""The version of the format of a model's config."""

from typing import Any

from vae_keras.errors import ModelFileError

# Raised when an older version of the package cannot read what a newer one writes. Files without a
# version are format 0. `tests/fixtures/models/` keeps a fixture of each.
FORMAT_VERSION = 1
FORMAT_KEY = "format_version"


def check_format(version: object) -> None:
    """Raise `ModelFileError` unless this version of the package reads the format."""
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise ModelFileError(
            f"`path` must be a model whose `{FORMAT_KEY}` is an integer of at least 0. "
            f"Received: {FORMAT_KEY}={version!r}"
        )
    if version > FORMAT_VERSION:
        raise ModelFileError(
            "`path` must be a model of a format that this version of vae_keras reads; this one "
            f"was written by a later version of vae_keras (format {version}; this one reads up to "
            f"{FORMAT_VERSION}): pip install -U vae-keras. Received: {FORMAT_KEY}={version}"
        )


def popped_format(config: dict[str, Any]) -> dict[str, Any]:
    """Check the format version of a model's config; return the config without it.

    `vae_keras.load` has checked it already, before anything is built; Keras' own loader, and
    `from_config` by hand, get here without that.

    Raises:
        ModelFileError: If a later version of the package wrote it.
    """
    config = dict(config)
    check_format(config.pop(FORMAT_KEY, 0))
    return config
