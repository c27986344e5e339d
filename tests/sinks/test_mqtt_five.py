"""What MQTT 5 has on top is used: properties, limits and reasons of the broker; with 3.1.1 the same goes without."""

import json
import threading

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edged.messages.health import State
from edged.runtime.health import Health
from edged.sinks.mqtt.answers import NO_FAULT_OF_A_MESSAGE
from edged.sinks.mqtt.comeback import CALM_S, MOST_HANG_UPS, Comeback
from edged.sinks.mqtt.under_way import Sent, UnderWay
from tests.broker import wait_until
from tests.events import an_event
from tests.sinks.mqtt_box import Box
from tests.sinks.small_broker import SmallBroker

TAKEN_OVER = 0x8E


class Other:
    """Another client, of MQTT 5, that keeps what comes with its properties."""

    def __init__(self, port, name="reader", topic="edged/box/event/#"):
        self.messages, ready = [], threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda _client, _data, message: self.messages.append(message)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert ready.wait(10)

    def close(self):
        gone = threading.Event()
        self.client.on_disconnect = lambda *_: gone.set()
        if self.client.disconnect() == 0:
            gone.wait(5)
        self.client.loop_stop()
        self.client._reset_sockets()


def test_an_event_says_what_it_is_and_for_how_long_it_matters(broker):
    """Content type, version of the schema, and the rest of the time for which a broker may keep it."""
    reader, box = Other(broker.port), Box(broker.port, message_expiry_s=3600.9)
    box.outbox(an_event())
    wait_until(lambda: reader.messages)
    properties = reader.messages[0].properties
    assert properties.ContentType == "application/json"
    assert properties.PayloadFormatIndicator == 1
    assert ("schema_version", "1") in properties.UserProperty
    assert 3500 < properties.MessageExpiryInterval <= 3600
    box.close()
    reader.close()


def test_only_events_expire_and_only_json_is_called_so(broker):
    """A word that is kept is true until there is another; a plain word has no type."""
    reader, box = Other(broker.port, topic="edged/box/#"), Box(broker.port, message_expiry_s=60)
    box.mqtt.retain("availability/microphone", "online")
    wait_until(lambda: len(reader.messages) == 2)
    found = {message.topic: message.properties for message in reader.messages}
    assert found["edged/box/state"].ContentType == "application/json"
    assert not hasattr(found["edged/box/state"], "MessageExpiryInterval")
    assert not hasattr(found["edged/box/availability/microphone"], "ContentType")
    box.close()
    reader.close()


def test_nothing_of_it_is_sent_to_a_broker_of_3_1_1():
    """There a property would be part of the payload."""
    broker = SmallBroker(newest=4)
    box = Box(broker.port, message_expiry_s=60)
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(10)
    assert all(payload.startswith(b"{") for _, _, payload in broker.publications)
    box.close()
    broker.close()


def test_no_more_is_under_way_than_the_broker_takes():
    """Its Receive Maximum, of events and of all else; order is kept."""
    broker = SmallBroker(welcome=b"\x21\x00\x03")
    waiting, most, answer = [], [], broker.publication

    def later(client, body):
        waiting.append(body)
        most.append(len(waiting))
        threading.Timer(0.02, lambda: answer(client, waiting.pop(0))).start()
        return True

    broker.publication = later
    box = Box(broker.port)
    for number in range(10):
        box.mqtt.retain(f"availability/{number}", "online")
    wait_until(lambda: box.health.state is State.OK)
    for number in range(20):
        box.outbox(an_event(number=number))
    assert box.outbox.wait_until_empty(20)
    assert max(most) <= 3
    assert [json.loads(payload)["seq"] for payload in broker.taken] == list(range(1, 21))
    box.close()
    broker.close()


def test_a_word_that_is_too_long_for_the_broker_is_not_sent():
    """It would hang up on it, again and again; the refusal is counted."""
    broker = SmallBroker(welcome=b"\x27\x00\x00\x04\x00")
    box = Box(broker.port)
    wait_until(lambda: box.health.state is State.OK)
    box.mqtt.retain("info", "x" * 1000)
    assert box.counter("refused") == 1
    assert not box.mqtt.say("response/models", b"x" * 1000)
    box.outbox(an_event(evidence={}))
    assert box.outbox.wait_until_empty(10)
    assert {topic for topic, _, _ in broker.publications} >= {"edged/box/state", "edged/box/event/drones"}
    assert "edged/box/info" not in {topic for topic, _, _ in broker.publications}
    box.close()
    broker.close()


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"\xe0\x01\x8b", "Server shutting down (0x8b)"),
        (b"\xe0\x02\x98\x00", "Administrative action (0x98)"),
        (b"\xe0\x09\x97\x07\x1f\x00\x04full", "Quota exceeded (0x97): full"),
        (b"\xe0\x09\x97\x07\x1f\x00\x04a\nb\x1b", "Quota exceeded (0x97): a b "),
    ],
)
def test_the_broker_s_reason_to_end_it_is_said_in_words(packet, words, caplog):
    """With its code, and with what it adds, of which nothing can garble a terminal."""
    broker = SmallBroker()
    box = Box(broker.port)
    wait_until(lambda: box.mqtt._connection)
    broker.send(packet)

    def reasons():
        return [record.reason for record in caplog.records if str(broker.port) in getattr(record, "reason", "")]

    wait_until(reasons)  # it is counted a moment before it is logged
    assert reasons() == [f"disconnected from 127.0.0.1:{broker.port}: {words}"]
    box.close()
    broker.close()


def test_a_refusal_to_let_the_box_in_is_said_in_words():
    """Such as of a broker that keeps no retained messages."""
    broker = SmallBroker()
    broker.connack = lambda level: b"\x20\x03\x00\x9a\x00"
    box = Box(broker.port)
    wait_until(lambda: "refuses: Retain not supported (0x9a)" in box.reasons())
    box.close()
    broker.close()


def test_another_box_of_the_same_name_is_suspected_where_the_broker_says_nothing(broker):
    """Debian's mosquitto hangs up on the one for the other; that is told, and still while it is connected again."""
    box = Box(broker.port)
    for times in range(1, MOST_HANG_UPS + 1):
        wait_until(lambda: box.mqtt._connection)
        assert "another box" not in box.reasons()
        other = Other(broker.port, "edged-box")
        wait_until(lambda times=times: box.counter("disconnected") == times)
        other.close()
    wait_until(lambda: box.mqtt._connection and "perhaps another box uses the name box" in box.reasons())
    assert box.health.state is State.DEGRADED
    box.close()


def test_no_event_is_blamed_for_what_another_box_does():
    """Where the broker hangs up with each event but names another reason, that one is told and the event is kept."""
    broker = SmallBroker()
    hang_ups = iter(range(6))

    def taken_over(client, body):
        if b"/event/" in body and next(hang_ups, None) is not None:
            client.sendall(bytes([0xE0, 1, TAKEN_OVER]))
            return False
        return SmallBroker.publication(broker, client, body)

    broker.publication = taken_over
    box = Box(broker.port)
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(20)
    assert len(broker.taken) == 1
    assert box.counter("refused") == 0
    assert box.reasons().startswith("another box uses the name box for ")
    box.close()
    broker.close()


def comeback(max_s=30.0):
    part = Health().part("sinks.mqtt")
    part.set(State.OK)
    return Comeback("box", max_s, part, lambda _low, high: high), part


def test_the_pause_is_long_where_another_box_uses_our_name():
    """From the first time on, or the two would throw each other out every second."""
    soon, part = comeback()
    assert [soon.pause_s() for _ in range(6)] == [1, 2, 4, 8, 16, 30]
    soon.lost(100.0, None, hung_up=True)
    assert soon.pause_s() == 1
    soon.lost(100.0, TAKEN_OVER, hung_up=False)
    assert soon.pause_s() == 30
    assert part.state is State.DEGRADED
    soon.lasting(CALM_S - 1)
    assert soon.pause_s() == 30
    soon.lasting(CALM_S + 1)
    assert part.state is State.OK
    soon.lost(CALM_S + 1, 0x8B, hung_up=False)
    assert soon.pause_s() == 1


def test_a_new_connection_by_other_settings_suspects_nobody():
    """The name, the user or the broker was changed for that very reason."""
    soon, part = comeback()
    soon.lost(100.0, TAKEN_OVER, hung_up=False)
    assert part.state is State.DEGRADED
    Comeback("box", 30.0, part)
    assert part.state is State.OK


def test_another_box_is_suspected_where_the_broker_hangs_up_again_and_again():
    """Of MQTT 3.1.1 it has no way to say why; one that was away meanwhile had another reason."""
    suspicious, part = comeback()
    for number in range(2 * MOST_HANG_UPS):
        suspicious.lost(10.0, None, hung_up=True)
        if number % 2:
            suspicious.failed()
    assert part.state is State.OK
    for _ in range(MOST_HANG_UPS):
        assert part.state is State.OK
        suspicious.lost(10.0, None, hung_up=True)
    assert "perhaps another box uses the name box" in part.snapshot().reasons[0]
    suspicious.lost(10.0, TAKEN_OVER, hung_up=False)
    assert [reason.split(" for")[0] for reason in part.snapshot().reasons] == ["another box uses the name box"]


def test_reasons_that_blame_no_message_are_all_failures():
    """Codes of MQTT 5 from 0x80 on."""
    assert all(0x80 <= code <= 0xA2 for code in NO_FAULT_OF_A_MESSAGE)


def test_what_is_under_way_is_stuck_once_nothing_is_answered_for_long():
    """Counted from when there was something to answer, and anew with each answer."""
    now = [1000.0]
    under_way = UnderWay(lambda: now[0])
    assert not under_way.stuck_for(1)
    for mid in (1, 2):
        under_way.sent(mid, Sent(lambda *_: None, 0))
        now[0] += 2
    assert under_way.stuck_for(3)
    under_way.answered(1, 0, "")
    assert not under_way.stuck_for(3)
    now[0] += 4
    assert under_way.stuck_for(3)
    under_way.answered(2, 0, "")
    assert not under_way.stuck_for(3)
