"""What tests of sinks share."""

import signal

import pytest

from tests.broker import Broker


@pytest.fixture
def brokers(tmp_path):
    """Makes brokers with given settings, and stops them."""
    made = []

    def make(settings="allow_anonymous true\n", **kwargs):
        folder = tmp_path / f"broker{len(made)}"
        folder.mkdir()
        made.append(Broker(folder, settings, **kwargs))
        made[-1].start()
        return made[-1]

    yield make
    for broker in made:
        broker.stop(signal.SIGKILL)
