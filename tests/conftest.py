"""What several tests share."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from tests import virtual_microphone as vmic
from tests.broker import Broker, Listener

settings.register_profile("edged", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("edged")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test's box keeps is its own, and not this machine's."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    with TemporaryDirectory(prefix="edged-") as folder:  # short: a socket's path has 107 characters at most
        monkeypatch.setenv("RUNTIME_DIRECTORY", folder)
        yield


@pytest.fixture
def virtual_microphone() -> Iterator[vmic.VirtualMicrophone]:
    """A microphone that PortAudio can open, in a process started with its ``env``."""
    if lacks := vmic.missing():
        pytest.skip(lacks)
    with vmic.VirtualMicrophone() as microphone:
        yield microphone


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running mosquitto."""
    running = Broker(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    """Subscribed to everything on the broker."""
    client = Listener(broker.port)
    yield client
    client.close()
