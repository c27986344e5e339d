"""Mqtt and what can go wrong at the broker: each on a real mosquitto, but for answers that it never gives."""

import json
import signal
import sqlite3
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from edged.messages.event import Phase
from edged.messages.health import State
from edged.outbox import Outbox, OutboxConfig
from edged.runtime.health import Health
from edged.sinks.mqtt import BrokerConfig, Mqtt, MqttConfig, TlsConfig
from edged.sinks.mqtt.answers import MOST_TRIES, Verdict, jitter_s, verdict
from tests.broker import Broker, Listener, free_port, wait_until
from tests.events import an_event
from tests.sinks.small_broker import SmallBroker


class Box:
    """An outbox with an Mqtt on it."""

    def __init__(self, port, path=None, **config):
        self.outbox = Outbox(path, OutboxConfig(drain_per_s=100_000, batch_s=0.02))
        self.health = Health().part("sinks.mqtt")
        config = {"reconnect_max_s": 0.2, "host": "127.0.0.1"} | config
        self.mqtt = Mqtt(MqttConfig(port=port, **config), "box", self.outbox, self.health)
        self.mqtt.start()

    def reasons(self):
        return " ".join(self.health.snapshot().reasons)

    def close(self):
        self.mqtt.stop(2)
        self.outbox.close()


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


def seqs(listener):
    return list(dict.fromkeys(event["seq"] for event in listener.on("event/drones")))


def test_a_frozen_broker_is_noticed_and_gets_everything_when_it_thaws(brokers):
    """After about 1.5 times the keepalive; what waited meanwhile arrives in order."""
    broker = brokers()
    box, listener = Box(broker.port, keepalive_s=1), Listener(broker.port)
    wait_until(lambda: box.health.state is State.OK)
    broker.signal(signal.SIGSTOP)
    for number in range(40):
        box.outbox(an_event(number=number))
    wait_until(lambda: box.health.state is State.DEGRADED)
    assert len(box.outbox) == 40
    broker.signal(signal.SIGCONT)
    listener.wait_for(lambda it: len(seqs(it)) == 40)
    assert seqs(listener) == list(range(1, 41))
    assert box.outbox.wait_until_empty(5)
    box.close()
    listener.close()


def test_a_topic_that_the_broker_denies_does_not_block_the_rest(brokers, tmp_path):
    """The message goes to the dead letters with the broker's reason, is counted, and told as a gap."""
    acl = tmp_path / "acl"
    acl.write_text(
        "topic readwrite edged/box/event/allowed\ntopic readwrite edged/box/state\ntopic write edged/box/gap\n"
    )
    broker = brokers(f"allow_anonymous true\nacl_file {acl}\n")
    path = tmp_path / "outbox.sqlite3"
    box, listener = Box(broker.port, path), Listener(broker.port, "edged/box/event/allowed")
    box.outbox(an_event(number=1, pipeline="denied"))
    box.outbox(an_event(number=2, pipeline="allowed"))
    listener.wait_for(lambda it: len(it.messages) == 1)
    assert box.outbox.wait_until_empty(5)
    assert box.health.snapshot().counters["refused"] == 1
    wait_until(box.outbox.gaps)
    assert box.outbox.gaps().ranges == [(1, 1)]
    box.close()
    listener.close()
    assert dead_letters(path) == [(1, "Not authorized")]


def dead_letters(path):
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT seq, reason FROM refused").fetchall()
    finally:
        database.close()


@pytest.mark.parametrize("setting", ["message_size_limit 900", "max_packet_size 900"])
def test_a_message_that_is_too_long_for_the_broker_does_not_block_the_rest(brokers, setting):
    """By its word on the message, or by what it said it takes."""
    broker = brokers(f"allow_anonymous true\n{setting}\n")
    box, listener = Box(broker.port), Listener(broker.port)
    box.outbox(an_event(number=1))
    box.outbox(an_event(number=2, evidence={f"name_{n}": 1.5 for n in range(40)}))
    box.outbox(an_event(number=3))
    listener.wait_for(lambda it: seqs(it) == [1, 3])
    wait_until(box.outbox.gaps)
    assert box.outbox.gaps().ranges == [(2, 2)]
    box.close()
    listener.close()


def test_a_broker_without_room_is_asked_again_until_it_has_some():
    """Quota exceeded: nothing is dropped, order is kept."""
    answers = iter([0x97] * 30)
    broker = SmallBroker(lambda _payload: next(answers, 0))
    box = Box(broker.port)
    wait_until(lambda: box.health.state is State.OK)  # what is accepted before goes another way
    for number in range(10):
        box.outbox(an_event(number=number))
    assert box.outbox.wait_until_empty(20)
    assert [json.loads(payload)["seq"] for payload in broker.taken] == list(range(1, 11))
    box.close()
    broker.close()


def test_a_message_at_which_the_broker_hangs_up_each_time_does_not_block_the_rest():
    """As brokers of 3.1.1 do, which have no other way to say no."""
    broker = SmallBroker(lambda payload: None if b'"seq":2,' in payload else 0, newest=4)
    box = Box(broker.port)
    for number in range(4):
        box.outbox(an_event(number=number))
    assert box.outbox.wait_until_empty(20)
    assert list(dict.fromkeys(json.loads(payload)["seq"] for payload in broker.taken)) == [1, 3, 4]
    assert box.health.snapshot().counters["refused"] == 1
    box.close()
    broker.close()


def test_a_broker_that_does_not_speak_mqtt_5_is_spoken_to_in_3_1_1():
    """By itself, and health tells which."""
    broker = SmallBroker(newest=4)
    box = Box(broker.port)
    box.outbox(an_event())
    assert box.outbox.wait_until_empty(10)
    assert broker.levels == [5, 4]
    assert box.health.snapshot().counters["mqtt_version"] == 3.11
    box.close()
    broker.close()


def test_the_next_broker_is_used_when_the_first_cannot_be_had(brokers):
    """And it hears ``online`` and all that is retained."""
    second = brokers()
    box = Box(free_port(), fallbacks=[BrokerConfig(host="127.0.0.1", port=second.port)])
    listener = Listener(second.port)
    listener.wait_for(lambda it: it.on("/state"))
    assert box.health.state is State.OK
    assert box.health.snapshot().counters["mqtt_version"] == 5
    box.close()
    listener.close()


def test_retained_topics_are_there_again_on_a_broker_that_lost_them(brokers):
    """It kept nothing over its restart; whoever subscribes after it gets them all the same."""
    broker = brokers()
    box = Box(broker.port)
    box.mqtt.retain("availability/microphone", "online")
    wait_until(lambda: box.health.state is State.OK)
    broker.stop(signal.SIGKILL)
    broker.start()
    wait_until(lambda: box.health.state is State.OK)
    listener = Listener(broker.port)
    listener.wait_for(lambda it: it.on("/state") and it.on("availability/microphone"))
    box.close()
    listener.close()


def test_what_was_dropped_while_the_broker_was_away_is_told_once_it_is_there(brokers, tmp_path):
    """One ``gap`` message with the ranges of ``seq`` and how many are gone; then it is forgotten."""
    path = tmp_path / "outbox.sqlite3"
    away = Outbox(path)
    for number in range(3):
        away(an_event(number=number))
    away.refuse(away.take(1).seq, "for the test")
    away.close()
    broker = brokers()
    listener = Listener(broker.port)
    box = Box(broker.port, path)
    listener.wait_for(lambda it: it.on("/gap") and seqs(it) == [2, 3])
    assert listener.on("/gap") == [{"schema_version": 1, "ranges": [[1, 1]], "dropped": 1}]
    wait_until(lambda: box.outbox.gaps() is None)
    assert all(event["delayed"] for event in listener.on("event/drones"))
    box.close()
    listener.close()


def test_websockets_carry_the_same(brokers):
    """Through proxies that let nothing else pass."""
    port = free_port()
    broker = brokers(f"allow_anonymous true\nlistener {port} 127.0.0.1\nprotocol websockets\n")
    box, listener = Box(port, transport="websockets"), Listener(broker.port)
    box.outbox(an_event(Phase.START))
    listener.wait_for(lambda it: it.on("event/drones"))
    box.close()
    listener.close()


def certificate(folder, *, expired):
    """A self-signed certificate of 127.0.0.1 and its key, as PEM files."""
    now = datetime.now(UTC)
    days = timedelta(days=1)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - 10 * days)
        .not_valid_after(now - days if expired else now + days)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves the socket to be collected
@pytest.mark.parametrize("expired", [False, True])
def test_a_broker_with_an_expired_certificate_is_not_trusted(tmp_path, brokers, expired):
    """Health says why; with a valid one all is well."""
    port = free_port()
    cert, key = certificate(tmp_path, expired=expired)
    brokers(f"allow_anonymous true\nlistener {port} 127.0.0.1\ncertfile {cert}\nkeyfile {key}\n")
    box = Box(port, tls=TlsConfig(enabled=True, ca_file=cert))
    box.outbox(an_event())
    if expired:
        wait_until(lambda: "certificate has expired" in box.reasons())
        assert len(box.outbox) == 1
    else:
        assert box.outbox.wait_until_empty(10)
    box.close()


@given(st.integers(0, 255), st.integers(1, 100))
def test_every_reason_code_has_a_verdict(code, tries):
    """Success ends it; a quota is waited for; passing errors are tried a few times; the rest is refused."""
    found = verdict(code, tries)
    assert (found is Verdict.DONE) == (code == 0)
    if found is Verdict.AGAIN:
        assert code == 0x97 or tries < MOST_TRIES


@given(st.integers(1, 10_000), st.floats(0.1, 3600))
def test_the_pause_between_tries_is_bounded(tries, max_s):
    """A random part of what doubles with every try, up to the limit."""
    assert jitter_s(tries, max_s, lambda low, _high: low) == 0
    assert jitter_s(tries, max_s, lambda _low, high: high) == min(max_s, 2.0 ** min(tries - 1, 30))
