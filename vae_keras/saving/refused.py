"""The error inside `saving`, which `load` turns into a `ModelFileError`."""


class Refused(ValueError):
    """A model file must not be loaded; the message is the reason, for use within a sentence."""
