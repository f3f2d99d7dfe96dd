"""Why a file is not loaded."""


class Refused(ValueError):
    """A model file that must not be loaded; the message ends a sentence about the file."""
