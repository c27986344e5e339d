import pytest

from tests.broker import Broker, Listener


@pytest.fixture
def broker(tmp_path):
    running = Broker(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def listener(broker):
    client = Listener(broker.port)
    yield client
    client.close()
