"""Mqtt hears: what it listens to arrives, and nothing that arrives can do it harm."""

import json
import socket
import struct
import tracemalloc
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt import publish

from edged.messages.health import State
from edged.messages.wire import StateMessage
from edged.runtime.health import Health
from edged.sinks.mqtt import Arrived, MqttConfig
from edged.sinks.mqtt.client import make_client
from edged.sinks.mqtt.connection import Connection
from edged.sinks.mqtt.inbox import Inbox
from tests.broker import Listener, free_port, wait_until
from tests.events import an_event
from tests.sinks.mqtt_box import Box
from tests.sinks.small_broker import SmallBroker, message

MOST_BYTES = 64 * 1024


@pytest.fixture
def asker(broker):
    """Publishes with QoS 1."""
    return lambda topic, payload, retain=False: publish.single(topic, payload, 1, retain, "127.0.0.1", broker.port)


def listening(port, *filters, **config):
    """A box and what its handlers were given."""
    box, heard = Box(port, start=False, **config), []
    for topic_filter in filters or ("edged/box/request/+",):
        box.mqtt.listen(topic_filter, heard.append)
    box.mqtt.start()
    box.wait_until_listening()
    return box, heard


def test_what_matches_arrives_and_nothing_else(broker, asker):
    """Topic and payload as they were sent, in order; retained where it was said before."""
    asker("elsewhere/status", b"early", retain=True)
    box, heard = listening(broker.port, "edged/box/request/+", "elsewhere/status")
    wait_until(lambda: heard)
    for topic, payload in [("edged/box/request/ping", b"\xff\x00"), ("edged/other/request/ping", b""), ("x", b"y")]:
        asker(topic, payload)
    asker("elsewhere/status", b"late")
    wait_until(lambda: len(heard) == 3)
    assert heard == [
        Arrived("elsewhere/status", b"early", retained=True),
        Arrived("edged/box/request/ping", b"\xff\x00", retained=False),
        Arrived("elsewhere/status", b"late", retained=False),
    ]
    box.close()


def test_it_listens_again_on_a_broker_that_forgot_it(broker, asker, tmp_path):
    """Subscribed at each connection; nothing that was asked while it was away comes late."""
    box, heard = listening(broker.port)
    asker("edged/box/request/ping", b"1")
    wait_until(lambda: len(heard) == 1)
    broker.stop()
    wait_until(lambda: box.health.state is State.DEGRADED)
    broker.start()
    box.wait_until_listening()
    asker("edged/box/request/ping", b"2")
    wait_until(lambda: len(heard) == 2)
    box.close()


def test_what_it_listens_to_may_change_with_a_new_connection(broker, asker):
    """Nothing is lost for that; what nobody listens to any longer is not even asked for."""
    box, heard = listening(broker.port, "old", "edged/box/request/+")
    box.mqtt.forget(["old"])
    box.mqtt.listen("new", heard.append)
    box.mqtt.connect_anew()
    asker("new", b"early", retain=True)
    wait_until(lambda: heard)
    asker("old", b"1")
    asker("edged/box/request/ping", b"2")
    wait_until(lambda: len(heard) == 2)
    assert [it.topic for it in heard] == ["new", "edged/box/request/ping"]
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(10)
    box.close()


def test_a_handler_that_fails_costs_one_message(broker, asker, caplog):
    """It is counted, told once in the log, and other handlers and events go on."""
    box, heard = Box(broker.port, start=False), []
    box.mqtt.listen("ask", lambda arrived: json.loads(arrived.payload))
    box.mqtt.listen("ask", heard.append)
    box.mqtt.start()
    box.wait_until_listening()
    for _ in range(3):
        asker("ask", b"no JSON")
    wait_until(lambda: len(heard) == 3)
    assert box.counter("handler_faults") == 3
    assert [record.levelname for record in caplog.records if "fault of edged's own" in record.message] == ["WARNING"]
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(10)
    box.close()


def test_at_each_connection_whoever_asked_is_told_once_it_can_be_used(broker, listener):
    """What is said then arrives; a callback that fails does not keep the others from it."""
    box, said = Box(broker.port, start=False), []
    box.mqtt.on_connected(lambda: 1 / 0)
    box.mqtt.on_connected(lambda: said.append(box.mqtt.say("response/hello", b"1")))
    box.mqtt.start()
    listener.wait_for(lambda it: it.on("response/hello"))
    assert said == [True]
    assert box.counter("handler_faults") == 1
    assert [message.topic for message in listener.messages] == ["edged/box/state", "edged/box/response/hello"]
    box.close()


def test_what_is_said_arrives_now_or_never(broker, listener):
    """False and counted without a broker; below the root; not retained."""
    box = Box(broker.port, start=False)
    assert not box.mqtt.say("response/ping", b"lost")
    assert box.counter("unsaid") == 1
    box.mqtt.start()
    wait_until(lambda: box.health.state is State.OK)
    wait_until(lambda: box.mqtt.say("response/ping", StateMessage(state="online")))
    listener.wait_for(lambda it: it.on("response/ping"))
    assert listener.messages[-1].topic == f"{box.mqtt.root}/response/ping" == "edged/box/response/ping"
    assert listener.on("response/ping") == [{"state": "online"}]
    late = Listener(broker.port, "edged/box/#")
    late.wait_for(lambda it: it.messages)
    assert not late.on("response/ping")
    late.close()
    box.close()


def test_no_more_is_said_than_a_broker_that_does_not_answer_can_hold():
    """Nothing piles up in memory: neither words nor the latest words on topics."""
    broker = SmallBroker()
    box = Box(broker.port)
    wait_until(lambda: len(box.mqtt._connection.under_way) == 0 if box.mqtt._connection else False)
    broker.publication = lambda client, body: True  # frozen, but for its pings
    said = [box.mqtt.say("response/ping", b"x") for _ in range(100)]
    assert said == [True] * 40 + [False] * 60
    for number in range(1000):
        box.mqtt.retain(f"health{number % 3}", str(number))
    assert len(box.mqtt._connection.under_way) <= 43
    box.close()
    broker.close()


def test_the_latest_word_arrives_even_where_those_before_it_were_left_out(broker, listener):
    """In a flood of words on one topic the last one is the last that comes."""
    box = Box(broker.port)
    wait_until(lambda: box.health.state is State.OK)
    for number in range(2000):
        box.mqtt.retain("health", str(number))
    listener.wait_for(lambda it: it.on("health") and it.on("health")[-1] == 1999)
    assert listener.on("health") == sorted(listener.on("health"))
    box.close()


def test_a_word_can_be_kept_outside_the_box_s_topics_and_taken_away(broker, listener):
    """As Home Assistant's discovery wants it; an empty word removes it."""
    box = Box(broker.port)
    box.mqtt.retain_at("homeassistant/device/box/config", b'{"o":1}')
    listener.wait_for(lambda it: it.on("box/config"))
    box.mqtt.retain_at("homeassistant/device/box/config", "")
    listener.wait_for(lambda it: len(it.on("box/config")) == 2)
    late = Listener(broker.port, "#")
    late.wait_for(lambda it: it.on("/state"))
    assert not late.on("box/config")
    late.close()
    box.close()


@pytest.mark.parametrize("newest", [4, 5])
def test_a_subscription_that_is_refused_is_told_and_events_go_on(newest, caplog):
    """By its filter and the broker's reason, in both versions of MQTT."""
    code = 0x87 if newest == 5 else 0x80
    broker = SmallBroker(newest=newest, grant=lambda topic_filter: code if "secret" in topic_filter else 1)
    box, heard = listening(broker.port, "edged/box/request/+", "secret/#")
    wait_until(lambda: box.counter("subscriptions_refused") == 1)
    refusals = [record for record in caplog.records if "refuses a subscription" in record.message]
    assert [record.topic for record in refusals] == ["secret/#"]
    assert f"(0x{code:02x})" in refusals[0].reason
    broker.send(message("edged/box/request/ping", b"x", five=newest == 5))
    wait_until(lambda: heard)
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(10)
    box.close()
    broker.close()


def test_a_long_message_is_thrown_away_as_it_comes():
    """At 3.1.1, where a broker cannot be told what is too long: 48 MB take no memory; what follows arrives."""
    broker = SmallBroker(newest=4)
    box, heard = listening(broker.port)
    broker.subscribed.wait(10)
    tracemalloc.start()
    broker.send_long("edged/box/request/ping", 48 * 2**20)
    broker.send_long("x" * 60_000, 100_000)
    wait_until(lambda: box.counter("oversized") == 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 2**20
    broker.send_long("edged/box/request/ping", MOST_BYTES - 26)
    wait_until(lambda: heard)
    assert heard == [Arrived("edged/box/request/ping", bytes(MOST_BYTES - 26), retained=False)]
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(10)
    assert box.counter("disconnected") == 0
    box.close()
    broker.close()


def wait_until_open(port):
    """Broker.start waits for its first listener alone."""

    def is_open():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(is_open)


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
def test_a_real_broker_of_3_1_1_brings_long_messages_in_vain(brokers, transport):
    """Over TCP they are thrown away; over websockets, where paho would keep whole frames, the connection ends."""
    port, part = free_port(), Health().part("sinks.mqtt")
    broker = brokers(f"allow_anonymous true\nlistener {port} 127.0.0.1\nprotocol websockets\n")
    config = MqttConfig(host="127.0.0.1", port=port if transport == "websockets" else broker.port, transport=transport)
    inbox, heard = Inbox(part), []
    inbox.listen("ask", heard.append)
    connection = Connection(config.brokers[0], make_client(config, "box", None, older=True), inbox)
    wait_until_open(config.port)
    assert not connection.open(10)
    connection.subscribe()
    ask = partial(publish.single, "ask", qos=1, hostname="127.0.0.1", port=broker.port)
    ask(b"short")
    assert connection.turn_until(lambda: bool(heard), 10)
    for _ in range(10):
        ask(bytes(2**20))
        connection.turn(0.1)
    connection.turn_until(lambda: part.snapshot().counters.get("oversized") == 10, 10)
    assert connection.gone.is_set() == (transport == "websockets")
    assert {arrived.payload for arrived in heard} == {b"short"}
    connection.close(2)


def test_a_broker_that_speaks_5_keeps_long_messages_to_itself(broker, asker):
    """It was told what is too long; however many of them there are, what is short is heard."""
    box, heard = listening(broker.port)
    for _ in range(30):
        asker("edged/box/request/ping", bytes(MOST_BYTES + 1))
    asker("edged/box/request/ping", b"short")
    wait_until(lambda: heard)
    assert heard == [Arrived("edged/box/request/ping", b"short", retained=False)]
    assert box.counter("oversized") == 0
    box.close()


def test_a_fault_in_what_is_done_with_an_answer_does_not_end_the_voice_in_silence(broker):
    """The connection is over, and says why, instead of waiting for ever."""
    config = MqttConfig(host="127.0.0.1", port=broker.port)
    connection = Connection(config.brokers[0], make_client(config, "box", None, older=False), Inbox(Health().part("x")))
    assert not connection.open(10)
    connection.publish("edged/box/event/drones", b"{}", lambda *_: 1 / 0)
    connection.turn_until(connection.gone.is_set, 10)
    assert connection.gone.is_set()
    assert "fault of edged's own: ZeroDivisionError" in connection.why_gone
    connection.close(2)


BAD = [
    struct.pack(">BBH2s", 0x30, 4, 2, b"\xff\xfe"),  # a topic that is no UTF-8
    b"\x30\x00",
    b"\xf0\x00",
    b"\x40\x01\x00",
    b"\x90\x02\x00\x01",
    b"\x20\x03\x00\x00\x00",
    b"\xe0\x00",
    b"\x30\xff\xff\xff\xff\xff",
]


@settings(max_examples=6)
@given(st.lists(st.one_of(st.sampled_from(BAD), st.binary(min_size=1, max_size=40)), min_size=1, max_size=3))
def test_whatever_bytes_a_broker_sends_the_box_speaks_again(packets):
    """Rubbish may cost a connection and never the box's voice."""
    broker = SmallBroker()
    box, _ = listening(broker.port, "edged/box/request/+", reconnect_max_s=0.1)
    broker.subscribed.wait(10)
    with suppress(OSError):
        for packet in packets:
            broker.send(packet)
        broker.hang_up()
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(20)
    box.close()
    broker.close()


def test_a_broker_that_acknowledges_nothing_any_more_is_left(caplog):
    """Its pings would keep the connection for ever; the next connection brings it all."""
    broker = SmallBroker()
    box, _ = listening(broker.port, "edged/box/request/+", keepalive_s=1)
    acknowledge = broker.publication
    broker.publication = lambda client, body: True
    box.outbox(an_event())
    wait_until(lambda: box.counter("disconnected") == 1)
    broker.publication = acknowledge
    assert box.outbox.wait_until_empty(20)
    reasons = [record.reason for record in caplog.records if str(broker.port) in getattr(record, "reason", "")]
    assert reasons == [f"disconnected from 127.0.0.1:{broker.port}: it has acknowledged nothing for 3 s"]
    box.close()
    broker.close()


def test_half_a_message_does_not_swallow_the_rest_for_ever():
    """A broker that begins 256 MB and sends no more of it is left; the next connection brings what waited."""
    broker = SmallBroker()
    box, _ = listening(broker.port, "edged/box/request/+", keepalive_s=1)
    broker.send(b"\x30\xff\xff\xff\x7f")
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(20)
    assert box.counter("disconnected") == 1
    box.close()
    broker.close()
