"""Reader, on a real mosquitto: it hears, it comes back, it pushes nobody out and leaves nothing behind."""

import pytest

from edged.errors import EdgedError
from edged.sinks.mqtt import BrokerConfig, MqttConfig
from edged.sinks.mqtt.reader import MOST_WAITING, Reader
from tests.broker import Broker, free_port, wait_until
from tests.sinks.small_broker import SmallBroker, message
from tests.watching import telling

NOT_AUTHORIZED = 0x87


def config(port, **more):
    return MqttConfig(host="127.0.0.1", port=port, reconnect_max_s=0.2, **more)


@pytest.fixture
def reader(broker):
    made = Reader(config(broker.port), ["edged/+/state", "edged/+/event/+"], clock=lambda: 1000.0)
    made.open()
    yield made
    made.close()


@pytest.fixture
def small_broker():
    made = SmallBroker()
    yield made
    made.close()


def test_it_hears_what_it_asked_for_and_knows_what_was_retained(broker, listener, reader):
    """Each message with its topic and when it came; a topic that was not asked for stays away."""
    say(listener, "edged/yard/other", b"x")
    say(listener, "edged/yard/event/drones", b"live")
    say(listener, "edged/yard/state", telling.state(), retain=True)
    assert [reader.take(5), reader.take(5)] == [
        ("edged/yard/event/drones", b"live", False, 1000.0),
        ("edged/yard/state", telling.state(), False, 1000.0),
    ]
    assert reader.take(0.05) is None
    late = Reader(config(broker.port), ["edged/#"])
    late.open()
    assert late.take(5).retained
    late.close()


def test_two_readers_and_a_box_live_side_by_side(broker, listener, reader):
    """No name is used twice, so that the broker hangs up on nobody; going leaves no last word."""
    other = Reader(config(broker.port), ["edged/#"])
    other.open()
    say(listener, "edged/yard/state", telling.state())
    assert other.take(5)
    assert reader.take(5)
    assert reader.link.connected
    assert other.link.connected
    other.close()
    say(listener, "edged/yard/state", telling.state("offline"))
    assert reader.take(5).payload == telling.state("offline")
    assert {message.topic for message in listener.messages} == {"edged/yard/state"}


def test_a_broker_that_goes_and_comes_back_is_heard_again(tmp_path):
    """Meanwhile the link says since when and why not."""
    broker = Broker(tmp_path)
    broker.start()
    reader = Reader(config(broker.port), ["edged/#"], clock=lambda: 1000.0)
    reader.open()
    broker.stop()
    wait_until(lambda: "refused" in reader.link.problem)
    assert reader.link[:3] == (f"127.0.0.1:{broker.port}", False, 1000.0)
    broker.start()
    wait_until(lambda: reader.link.connected)
    assert reader.link.problem == ""
    reader.close()
    broker.stop()


def test_a_broker_that_is_not_there_at_first_is_an_error(tmp_path):
    """Each that was tried is named, with the reason."""
    ports = [free_port(), free_port()]
    reader = Reader(config(ports[0], fallbacks=[BrokerConfig(host="127.0.0.1", port=ports[1])]), ["edged/#"])
    with pytest.raises(EdgedError, match=f"{ports[0]} cannot be reached.*; 127.0.0.1:{ports[1]} cannot be reached"):
        reader.open()
    reader.close()


def test_a_broker_that_lets_us_in_but_not_read_is_an_error(small_broker):
    """It says what it refuses; nobody waits for messages that will never come."""
    small_broker.grant = lambda _filter: NOT_AUTHORIZED
    reader = Reader(config(small_broker.port), ["edged/+/state", "edged/+/info"])
    with pytest.raises(EdgedError, match=r"does not let us read edged/\+/state, edged/\+/info: Not authorized"):
        reader.open()
    reader.close()


def test_a_broker_that_lets_us_read_a_part_is_heard(small_broker):
    """What may be read is worth something."""
    small_broker.grant = lambda topic: 1 if topic.endswith("state") else NOT_AUTHORIZED
    reader = Reader(config(small_broker.port), ["edged/+/info", "edged/+/state"])
    reader.open()
    small_broker.send(message("edged/yard/state", b"x", five=True))
    assert reader.take(5).payload == b"x"
    reader.close()


def test_an_old_broker_is_heard_with_mqtt_3_1_1(small_broker):
    """By itself."""
    small_broker.newest = 4
    reader = Reader(config(small_broker.port), ["edged/#"])
    reader.open()
    small_broker.send(message("edged/yard/state", b"x", five=False))
    assert reader.take(5).payload == b"x"
    assert small_broker.levels == [5, 4]
    reader.close()


def test_what_nobody_takes_in_time_is_dropped_from_the_oldest_on_and_counted(small_broker):
    """The queue is bounded; the latest is there."""
    reader = Reader(config(small_broker.port), ["edged/#"])
    reader.open()
    packets = (message("edged/yard/event/x", b"%d" % number, five=True) for number in range(MOST_WAITING + 100))
    small_broker.send(b"".join(packets))
    wait_until(lambda: reader.link.dropped == 100)
    assert reader.take(1).payload == b"100"
    reader.close()


def say(listener, topic, payload, *, retain=False):
    listener._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5)
