"""Every architecture, found by its file and never named here."""

import functools
import inspect

import pytest

from vae_keras.config import presets

# Where the number of parameters is not the point and the architecture has the option.
NARROW = {"filters": (4, 8), "encoder_units": (8,), "decoder_units": (8,)}


def narrow(name):
    """Return the architecture of that name, its layers narrow."""
    build = presets.member("architectures", name)
    taken = inspect.signature(build).parameters
    options = {option: value for option, value in NARROW.items() if option in taken}
    return functools.partial(build, **options)


@pytest.fixture(params=presets.member_names("architectures"))
def architecture(request):
    return narrow(request.param)


@pytest.fixture
def architectures():
    return {name: narrow(name) for name in presets.member_names("architectures")}
