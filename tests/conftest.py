"""What several tests share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))  # helpers beside the tests, such as virtual_microphone

import virtual_microphone as vmic

settings.register_profile("edged", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("edged")


@pytest.fixture
def virtual_microphone() -> Iterator[vmic.VirtualMicrophone]:
    """A microphone that PortAudio can open, in a process started with its ``env``."""
    if lacks := vmic.missing():
        pytest.skip(lacks)
    with vmic.VirtualMicrophone() as microphone:
        yield microphone
