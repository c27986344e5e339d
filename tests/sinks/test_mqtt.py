"""Mqtt, on a real mosquitto: order, retained topics, last will, and a broker that comes and goes."""

import signal

import pytest

from edged.errors import ConfigError
from edged.messages.event import Phase
from edged.messages.health import State
from edged.sinks.mqtt import TlsConfig, read_secret, tls_context
from tests.broker import Broker, Listener, wait_until
from tests.events import an_event
from tests.sinks.mqtt_box import Box


@pytest.fixture
def box(broker):
    made = Box(broker.port)
    wait_until(lambda: made.health.state is State.OK)  # what is accepted before goes beside what is live
    yield made
    made.close()


def test_events_arrive_in_order_and_leave_the_outbox(box, listener):
    """What the broker has acknowledged no longer waits."""
    for number in range(50):
        box.outbox(an_event(number=number))
    listener.wait_for(lambda it: len(it.on("event/drones")) == 50)
    assert [event["seq"] for event in listener.on("event/drones")] == list(range(1, 51))
    assert box.outbox.wait_until_empty(5)


def test_events_accepted_before_the_broker_is_there_arrive_when_it_is(tmp_path):
    """The first connection may fail; nothing accepted is lost, and health says what is wrong meanwhile."""
    broker = Broker(tmp_path)
    box = Box(broker.port)
    box.outbox(an_event())
    assert box.health.state is State.DEGRADED
    assert str(broker.port) in box.health.snapshot().reasons[0]
    with box.outbox._changed:  # nothing is sent before somebody listens
        broker.start()
        listener = Listener(broker.port)
    listener.wait_for(lambda it: it.on("event/drones"))
    assert box.health.state is State.OK
    box.close()
    listener.close()
    broker.stop()


def test_a_broker_that_is_killed_and_comes_back_gets_everything_in_order(tmp_path):
    """Events that fall into the outage arrive after it; retained topics are published anew."""
    broker = Broker(tmp_path)
    broker.start()
    box = Box(broker.port)
    first = Listener(broker.port)
    box.outbox(an_event(number=0))
    first.wait_for(lambda it: it.on("event/drones"))
    first.close()
    broker.stop(signal.SIGKILL)
    for number in range(1, 30):
        box.outbox(an_event(number=number))
    with box.outbox._changed:  # as above
        broker.start()
        second = Listener(broker.port)
    second.wait_for(lambda it: len({event["seq"] for event in it.on("event/drones")}) >= 29)
    seqs = [event["seq"] for event in second.on("event/drones")]
    assert [seq for seq in dict.fromkeys(seqs) if seq > 1] == list(range(2, 31))
    assert second.on("/state") == [{"state": "online"}]
    box.close()
    second.close()
    broker.stop()


def test_active_shows_what_is_on_for_whoever_comes_late(box, broker, listener):
    """``active/<pipeline>`` is retained, and empty again after the end."""
    box.outbox(an_event(Phase.START))
    listener.wait_for(lambda it: it.on("active/drones"))
    late = Listener(broker.port)
    late.wait_for(lambda it: it.on("active/drones"))
    assert late.messages[0].retained
    assert [event["label"] for event in late.on("active/drones")[0]["events"]] == ["drone"]
    box.outbox(an_event(Phase.END))
    late.wait_for(lambda it: len(it.on("active/drones")) == 2)
    assert late.on("active/drones")[1] == {"schema_version": 1, "active": False, "events": []}
    late.close()


def test_a_clean_stop_says_offline(broker, listener):
    """``state`` is online while the box runs and offline after it stopped."""
    box = Box(broker.port)
    listener.wait_for(lambda it: it.on("/state"))
    box.close()
    listener.wait_for(lambda it: len(it.on("/state")) == 2)
    assert listener.on("/state") == [{"state": "online"}, {"state": "offline"}]


def test_a_wrong_password_is_said_in_health_and_the_right_one_connects(tmp_path):
    """Refusal names the broker and its reason; the password comes from a file and is in no message."""
    import subprocess

    passwords, secret = tmp_path / "passwords", tmp_path / "secret"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "box", "hunter2"], check=True)
    broker = Broker(tmp_path, f"allow_anonymous false\npassword_file {passwords}\n")
    broker.start()
    secret.write_text("wrong\n")
    box = Box(broker.port, username="box", password_file=secret)
    wait_until(lambda: "refuses: Not authorized (0x87)" in box.reasons())
    box.close()
    secret.write_text("hunter2\n")
    box = Box(broker.port, username="box", password_file=secret)
    listener = Listener(broker.port, username="box", password="hunter2")
    listener.wait_for(lambda it: it.on("/state"))
    assert "hunter2" not in repr(box.mqtt.__dict__.get("_config"))
    box.close()
    listener.close()
    broker.stop()


def test_a_secret_that_cannot_be_read_is_named_by_its_file(tmp_path):
    """ConfigError says which file and what to do."""
    with pytest.raises(ConfigError, match=r"mqtt.password_file: .*absent: No such file.*write the password to it"):
        read_secret(tmp_path / "absent")


def test_tls_with_a_missing_ca_is_a_fault_of_the_configuration(tmp_path):
    """And a context always checks the server's name, at TLS 1.2 or later."""
    with pytest.raises(ConfigError, match=r"mqtt.tls"):
        tls_context(TlsConfig(enabled=True, ca_file=tmp_path / "absent.pem"))
    context = tls_context(TlsConfig(enabled=True))
    assert context.check_hostname
    assert context.minimum_version.name == "TLSv1_2"
