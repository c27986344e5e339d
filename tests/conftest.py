"""What several tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import virtual_microphone as vmic

settings.register_profile("edged", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("edged")


@pytest.fixture
def virtual_microphone() -> Iterator[vmic.VirtualMicrophone]:
    """A microphone that PortAudio can open, in a process started with its ``env``."""
    if lacks := vmic.missing():
        pytest.skip(lacks)
    with vmic.VirtualMicrophone() as microphone:
        yield microphone
