"""The version of what a model's config holds."""

from typing import Any

from vae_keras.errors import ModelFileError

# Raised when an older version of the package could not read what a newer one writes. Files from
# before there was one are format 0. A fixture of each is kept in `tests/fixtures/models/`.
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
    """Return a model's config without its format version, which is checked.

    Raises:
        ModelFileError: If a later version of the package wrote it.
    """
    config = dict(config)
    check_format(config.pop(FORMAT_KEY, 0))
    return config
